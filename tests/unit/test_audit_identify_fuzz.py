"""The identifier and every container reader on damaged and invented bytes: an answer or a gap, always."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import lzma
import tarfile
import time
import zipfile

import py7zr
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from identified import PDF, RTF, mail, office, sevened, tarred, zipped
from ole2_writer import compound

from dongle_cli.audit.identify import KINDS, Limits, settle, sniff
from dongle_cli.audit.identify.limits import Budget
from dongle_cli.audit.identify.unpack import STREAMS, beginning, expand, joined
from dongle_cli.audit.identify.zipdir import Zip
from dongle_cli.audit.model import Entry, Gap, Hit

zstd = pytest.importorskip("backports.zstd")
REASONS = {"damaged", "limit", "encrypted", "unsupported"}
LIMITS = Limits(entries=500, bytes=1 << 20, member=1 << 18, kinds=frozenset({"csv", "txt", "scan"}))
PARTS = {"資料/a.pdf": PDF * 20, "b.rtf": RTF, "c.zip": zipped({"d": PDF})}
# "{\\rtf1 ", "abc" 2000 times, "}" under the name c.rtf, packed by jlha 0.1.9.
LZH = "JwAtbGg1LSQAAAB4FwAACWcHayACe9EABQAAVAcIAAFjLnJ0ZgAAACNCbGA1/qDPN9C3g9QZCMNGthp+wF2t81MXjIAAAAAAAfeAAA=="
JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\1\1\x2c\1\x2c\0\0\xff\xe1\0\x20" + b"x" * 30
SEEDS = {
    "zip": zipped(PARTS), "docx": office("word/document.xml", "wordprocessingml.document.main+xml"),
    "tar": tarred(PARTS), "gnu": tarred(PARTS, tarfile.GNU_FORMAT), "tgz": gzip.compress(tarred(PARTS)),
    "bz2": bz2.compress(PDF * 9), "xz": lzma.compress(PDF * 9), "7z": sevened(PARTS),
    "doc": compound({"WordDocument": b"x", "ObjectPool/a/Workbook": b"y"}),
    "msg": compound({
        "__properties_version1.0": b"", "__attach_version1.0_#00000000/__substg1.0_37010102": RTF,
        "__attach_version1.0_#00000000/__substg1.0_3707001F": "議.doc".encode("utf-16-le"),
    }),
    "eml": mail(zipped({"a": PDF}), "議事録.zip"),
    "lzh": base64.b64decode(LZH),
    "tiff": b"II*\0\x08\0\0\0\2\0\0\1\4\0\1\0\0\0\xc0\6\0\0\1\1\4\0\1\0\0\0\0\x09\0\0\x08\0\0\0",
    "jpeg": JPEG + b"\xff\xc0\0\x11\x08\x0d\xb4\x09\xb0\3" + b"\0" * 9,
    "zst": zstd.compress(PDF * 9), "zst7": sevened(PARTS, filters=[{"id": py7zr.FILTER_ZSTD, "level": 3}]),
    "cab": b"MSCF\0\0\0\0" + bytes(8) + b"\x24" + bytes(11) + b"\2\0" + bytes(6) + (bytes(16) + b"a.doc\0") * 2,
    "csv": "住所,氏名\n東京,青木\n大阪,井上\n".encode("cp932"),
}  # fmt: skip


# What stands at a fixed place, far from the beginning.
FAR = {
    "ext": bytes(1080) + b"\x53\xef\1\0" + bytes(3000),
    "mbr": bytes(450) + b"\7\0\0\0\1\0\0\0\1" + bytes(51) + b"\x55\xaa",
    "fat": b"\xeb\x3c\x90MSDOS5.0\0\2\1\1\0\2" + bytes(492) + b"\x55\xaa",
    "ustar": bytes(257) + b"ustar\x0000" + bytes(900),
    "vdi": b"<<< a disk >>>".ljust(64) + b"\x7f\x10\xda\xbe" + bytes(400), "jtd": bytes(144) + b"JDASH" + bytes(200),
    "png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\4\xd8\0\0\6\xda\1\0" + bytes(40),
    "doc": b"DOC" + bytes(40) + b"\x0e" + bytes(40),
    "wpd": b"\xffWPC" + bytes(4) + b"\1\x0a" + bytes(90), "ost": b"!BDN" + bytes(4) + b"SO\x24\0" + bytes(90),
}  # fmt: skip


@pytest.mark.parametrize("name", FAR)
def test_a_beginning_may_end_anywhere(name: str) -> None:
    for length in range(len(FAR[name]) + 1):
        sniff(FAR[name][:length], f"a.{name}", LIMITS.kinds)


def ask(data: bytes, name: str) -> None:
    guess = sniff(data[:4096], name, LIMITS.kinds)
    if guess is None:
        return
    file = io.BytesIO(data)
    count = 0
    for found in settle(guess, Entry(name), data[:4096], file, LIMITS):
        count += 1
        if isinstance(found, Hit):
            assert KINDS[found.kind].is_document
            assert found.evidence in ("content", "extension", "policy")
        else:
            assert isinstance(found, Gap)
            assert found.reason in REASONS
    assert count <= 3 * LIMITS.entries
    assert file.getvalue() == data, "what is looked at is not written to"


@settings(max_examples=120)
@given(
    changes=st.lists(st.tuples(st.integers(0, 1 << 16), st.binary(max_size=9), st.booleans()), max_size=6),
    cut=st.integers(0, 1 << 16),
)
@pytest.mark.parametrize("seed", SEEDS)
def test_damaged_files(seed: str, changes: list[tuple[int, bytes, bool]], cut: int) -> None:
    data = bytearray(SEEDS[seed])
    for place, patch, insert in changes:
        at = place % (len(data) + 1)
        data[at : at if insert else at + len(patch)] = patch
    if cut % 3 == 0:
        del data[cut % (len(data) + 1) :]
    ask(bytes(data), f"x.{seed}")


# Pictures of which all numbers may lie: the places of pages, how many tags there are, how long a segment is.
NUMBER = st.sampled_from((0, 1, 2, 8, 16, 254, 256, 257, 271, 282, 34665, 0xFFFF, 2**31, 2**32 - 1, 2**63, 2**64 - 1))


@settings(max_examples=300)
@given(
    start=st.sampled_from((b"II*\0", b"MM\0*", b"II+\0\x08\0\0\0", b"MM\0+\0\x08\0\0", b"BM")),
    numbers=st.lists(
        st.tuples(NUMBER | st.integers(0, 999), st.sampled_from((1, 2, 4, 8)), st.booleans()), max_size=90
    ),
    rest=st.binary(max_size=60),
)
def test_pictures_whose_numbers_lie(start: bytes, numbers: list[tuple[int, int, bool]], rest: bytes) -> None:
    data = start + b"".join(
        (number % 256**size).to_bytes(size, "big" if big else "little") for number, size, big in numbers
    )
    pictured(data + rest)


@settings(max_examples=150)
@given(lies=st.lists(st.tuples(st.integers(0, 1 << 16), NUMBER | st.integers(0, 99)), min_size=1, max_size=8))
@pytest.mark.parametrize("seed", ["zip", "docx", "doc", "msg"])
def test_containers_whose_numbers_lie(seed: str, lies: list[tuple[int, int]]) -> None:
    data = bytearray(SEEDS[seed])
    for place, number in lies:
        at = place % len(data) // 2 * 2
        data[at : at + 4] = (number % 2**32).to_bytes(4, "little")
    ask(bytes(data), f"x.{seed}")


@settings(max_examples=200)
@given(
    parts=st.lists(
        st.tuples(st.sampled_from((0xC0, 0xC4, 0xD0, 0xD8, 0xD9, 0xDA, 0xE0, 0xE2, 0xFF, 0)), st.integers(0, 0xFFFF),
                  st.binary(max_size=20), st.sampled_from((0, 0, 0, 4080, 70_000))),
        max_size=30,
    ),
)  # fmt: skip
def test_jpeg_segments_that_lie(parts: list[tuple[int, int, bytes, int]]) -> None:
    pictured(b"\xff\xd8\xff" + b"".join(
        b"\xff" + bytes((mark,)) + length.to_bytes(2, "big") + text + bytes(more) for mark, length, text, more in parts
    ))  # fmt: skip


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8\xff\xe0" + b"\xff\xe2\0\2" * 200_000, b"\xff\xd8\xff" + bytes(3_000_000),
        b"II*\0\x08\0\0\0" + b"\xff" * 900_000,
        b"II*\0\x08\0\0\0" + b"".join(b"\0\0" + (14 + 6 * n).to_bytes(4, "little") for n in range(60_000)),
        b"II*\0\x08\0\0\0" + (b"\x40\0" + bytes(6)) * 20_000,
        b"II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0" + b"\xff" * 8,
    ],
    ids=range(6),
)  # fmt: skip
def test_a_picture_ends_however_it_was_made(data: bytes) -> None:
    before = time.process_time()
    pictured(data)
    assert time.process_time() - before < 2


def pictured(data: bytes) -> None:
    for found in settle("image", Entry("x"), data[:4096], io.BytesIO(data), LIMITS):
        assert isinstance(found, Hit)
        assert found.kind == "scan"


STARTS = [
    *(seed[:12] for seed in SEEDS.values()),
    b"",
    b"MM\0*",
    b"\x89PNG\r\n\x1a\n",
    b"BM",
    b"From ",
    b"<?xml ",
    b"DOC",
]


@settings(max_examples=400)
@given(start=st.sampled_from(STARTS), rest=st.binary(max_size=600), name=st.text(max_size=8))
@example(start=b"-lh", rest=b"", name="")
def test_invented_files(start: bytes, rest: bytes, name: str) -> None:
    ask(start + rest, name)


PACK = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zst": zstd.compress}


@settings(max_examples=60)
@given(
    texts=st.lists(st.tuples(st.binary(min_size=1, max_size=60), st.integers(1, 300)), min_size=1, max_size=3),
    end=st.binary(max_size=9),
    cut=st.integers(0, 1 << 16),
    head=st.sampled_from((40, 4096)),
)
@pytest.mark.parametrize("word", STREAMS)
def test_the_quick_way_to_a_beginning_gives_what_the_long_one_does(
    word: str, texts: list[tuple[bytes, int]], end: bytes, cut: int, head: int
) -> None:
    data = b"".join(PACK[word](text * times) for text, times in texts) + end
    if cut % 3 == 0:
        data = data[: cut % (len(data) + 1)]
    quick, long = Budget(LIMITS), Budget(LIMITS)
    found = beginning(data[:head], len(data) < head, STREAMS[word], 4096, quick)
    if found is not None:
        assert found == joined(expand(iter((data[:head], data[head:])), STREAMS[word], 4096, long), 4096)
        assert quick == long


@settings(max_examples=60)
@given(extra=st.integers(0, 200), texts=st.lists(st.tuples(st.binary(max_size=60), st.integers(1, 300)), max_size=4))
def test_members_of_a_zip_begin_as_they_do(extra: int, texts: list[tuple[bytes, int]]) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, (text, times) in enumerate(texts):
            about = zipfile.ZipInfo(f"{number}")
            about.extra, about.compress_type = b"\xfe\xca" + extra.to_bytes(2, "little") + bytes(extra), 8
            archive.writestr(about, text * times)
    found = Zip(out, Budget(Limits()))
    assert [found.head(member) for member in found.members] == [(text * times)[:4096] for text, times in texts]
