"""Documents in containers, and containers in them: found as deep as the limits allow, and what stays unseen is told."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
from collections.abc import Iterator
from typing import Any

import py7zr
import pytest
from identified import PDF, RTF, gaps, look, mail, members, sevened, tarred, zipped
from ole2_writer import compound

from dongle_cli.audit.identify.lzh import headers
from dongle_cli.audit.identify.lzhuf import unpack
from dongle_cli.audit.model import Gap, Hit

CONTAINERS = [
    ("zip", zipped), ("tar", tarred), ("gnu-tar", lambda parts: tarred(parts, tarfile.GNU_FORMAT)),
    ("ustar", lambda parts: tarred(parts, tarfile.USTAR_FORMAT)), ("7z", sevened),
    ("tgz", lambda parts: gzip.compress(tarred(parts))), ("tbz", lambda parts: bz2.compress(tarred(parts))),
    ("txz", lambda parts: lzma.compress(tarred(parts))),
    ("bzip2-zip", lambda parts: zipped(parts, zipfile.ZIP_BZIP2)),
    ("lzma-zip", lambda parts: zipped(parts, zipfile.ZIP_LZMA)),
]  # fmt: skip


@pytest.mark.parametrize("pack", [pack for _name, pack in CONTAINERS], ids=[name for name, _pack in CONTAINERS])
def test_members_are_found_in_containers_and_containers_in_them(pack: Any) -> None:
    big = zipped({"内/報告.rtf": RTF, "x.bin": bytes(range(256)) * 30})
    data = pack({"資料/a.dat": PDF + b"x" * 9000, "b": b"\x7fELF", "c.zip": big, "d": RTF, "empty": b""})
    assert members(data) == [("資料/a.dat", "pdf"), ("c.zip/内/報告.rtf", "rtf"), ("d", "rtf")]
    assert gaps(data) == []


@pytest.mark.parametrize(
    ("name", "pack"),
    [("r.doc.gz", gzip.compress), ("r.doc.bz2", bz2.compress), ("r.doc.xz", lzma.compress)],
)
def test_a_compressed_file_is_found(name: str, pack: Any) -> None:
    assert members(pack(RTF), name) == [("r.doc", "rtf")]
    assert members(pack(zipped({"a": PDF})), name) == [("r.doc/a", "pdf")]


def test_zstandard_is_opened() -> None:
    zstd = pytest.importorskip("backports.zstd")
    assert members(zstd.compress(tarred({"a": PDF})), "x.tar.zst") == [("a", "pdf")]


def lzh_header(level: int, raw: bytes, method: bytes, packed: bytes, size: int) -> bytes:
    """A member as LHA writes it (header levels 0, 1 and 2)."""
    if level == 2:
        folder, name = raw.rpartition(b"/")[0].replace(b"/", b"\xff"), raw.rpartition(b"/")[2]
        extended = (
            struct.pack("<HB", len(name) + 3, 1) + name + struct.pack("<HB", len(folder) + 4, 2) + folder + b"\xff"
        )
        head = method + struct.pack("<IIIBBHc", len(packed), size, 0, 0x20, 2, 0, b"M")
        return struct.pack("<H", 2 + len(head) + len(extended) + 2) + head + extended + b"\0\0" + packed
    name = raw.replace(b"/", b"\\")
    tail = struct.pack("<H", 0) if level == 0 else struct.pack("<HcH", 0, b"M", 0)
    body = method + struct.pack("<IIIBB", len(packed), size, 0, 0x20, level) + bytes([len(name)]) + name + tail
    return bytes([len(body), sum(body) % 256]) + body + packed


@pytest.mark.parametrize("level", [0, 1, 2])
def test_lzh_with_cp932_names(level: int) -> None:
    name = "表/能力.doc"
    data = lzh_header(level, name.encode("cp932"), b"-lh0-", RTF, len(RTF))
    data += lzh_header(level, b"old.pdf", b"-lh1-", b"??", 5) + lzh_header(level, b"b.bin", b"-lh0-", PDF, len(PDF))
    assert members(data + b"\0") == [(name, "rtf"), ("old.pdf", "pdf"), ("b.bin", "pdf")]
    assert gaps(data) == ["unsupported"]


# c.rtf with "{\\rtf1 ", "abc" 2000 times and "}", packed by jlha 0.1.9.
LZH = {
    "-lh5-": "JwAtbGg1LSQAAAB4FwAACWcHayACe9EABQAAVAcIAAFjLnJ0ZgAAACNCbGA1/qDPN9C3g9QZCMNGthp+wF2t81MXjIAAAAAAAfeAAA==",
    "-lh6-": "JwAtbGg2LSQAAAB4FwAACWcHayACe9EABQAAVHAIAAFjLnJ0ZgAAACNCbGA1/qDPN9C3g9QZCMNGthp+wBdrfNTF4yAAAAAAAH3gAA==",
    "-lh7-": "JwAtbGg3LSQAAAB4FwAACWcHayACe9EABQAAVZ0IAAFjLnJ0ZgAAACNCbGA1/qDPN9C3g9QZCMNGthp+wBdrfNTF4yAAAAAAAH3gAA==",
}


@pytest.mark.parametrize("method", LZH)
def test_lzh_is_unpacked(method: str) -> None:
    data = base64.b64decode(LZH[method])
    assert members(data) == [("c.rtf", "rtf")]
    [member] = headers(io.BytesIO(data))
    packed = data[member.start : member.start + member.packed]
    assert b"".join(unpack(member.method, packed, member.size)) == rb"{\rtf1 " + b"abc" * 2000 + b"}"


def test_tar_before_posix_goes_by_name_and_checksum() -> None:
    data = bytearray(tarred({"a": PDF}, tarfile.USTAR_FORMAT))
    data[257:265] = b"\0" * 8
    data[148:156] = b" " * 8
    data[148:156] = b"%06o\0 " % sum(data[:512])
    assert members(bytes(data), "old.tar") == [("a", "pdf")]
    assert look(b"no tar at all\n" * 90, "old.tar") == []


END = struct.Struct("<4s4H2IH")


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data + END.pack(b"PK\5\6", 0, 0, 0, 0, 0, 0, 0),
        lambda data: data[:-2] + struct.pack("<H", 40) + b"PK\5\6".ljust(40, b"\0"),
        lambda data: data[:-2] + struct.pack("<H", 88) + END.pack(b"PK\5\6", 0, 0, 9, 9, 99, 7, 0) * 4,
        lambda data: data + END.pack(b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 2**32 - 1, 2**32 - 1, 0),
    ],
    ids=["after it", "in its comment", "several", "wide"],
)
def test_an_end_record_that_leads_nowhere_hides_none_before_it(change: Any) -> None:
    data = change(zipped({"a.pdf": PDF, "b": RTF}))
    assert members(data) == [("a.pdf", "pdf"), ("b", "rtf")]
    assert gaps(data) == []


def test_an_archive_is_empty_only_where_nothing_stands_before_its_end() -> None:
    end = END.pack(b"PK\5\6", 0, 0, 0, 0, 0, 0, 0)
    assert look(end) == look(end[:-2] + b"\3\0abc") == []
    cut = zipped({"a.pdf": PDF, "b": RTF}).partition(b"PK\1\2")[0]
    assert members(cut + end) == [("a.pdf", "pdf"), ("b", "rtf")]
    assert gaps(cut + end) == gaps(end + b"?" * 90) == ["damaged"]


def test_a_directory_that_tells_of_less_than_there_is_is_damage() -> None:
    data = bytearray(zipped({"a.pdf": PDF, "b": RTF, "c": PDF}))
    second = data.index(b"PK\1\2", data.index(b"PK\1\2") + 4)
    data[second : second + 4] = b"PK\0\0"
    assert members(bytes(data)) == [("a.pdf", "pdf"), ("b", "rtf"), ("c", "pdf")]
    assert gaps(bytes(data)) == ["damaged"]
    data = zipped({"a.pdf": PDF}) + zipped({"b": RTF})
    assert members(data) == [("a.pdf", "pdf"), ("b", "rtf")], "two archives, one after the other"
    assert gaps(data) == ["damaged"]


def test_a_stored_member_that_is_said_to_be_longer_than_it_takes_is_damage() -> None:
    data = bytearray(zipped({"a": PDF, "b": RTF}, zipfile.ZIP_STORED))
    struct.pack_into("<I", data, data.index(b"PK\1\2") + 20, 0)
    assert members(bytes(data)) == [("b", "rtf")]
    assert gaps(bytes(data)) == ["damaged"]


def test_cp932_names_in_zip() -> None:
    data = bytearray(zipped({"AAAAAAAA": PDF}))
    raw = "能力表".encode("cp932").ljust(8, b"_")
    assert members(bytes(data).replace(b"AAAAAAAA", raw)) == [("能力表__", "pdf")]


def test_encrypted_members_go_by_name() -> None:
    data = bytearray(zipped({"極秘.docx": b"secret", "x.bin": b"secret"}))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = 0
        while (start := data.find(mark, start)) >= 0:
            data[start + at] |= 1
            start += 4
    found = look(bytes(data))
    [hit] = [one for one in found if isinstance(one, Hit)]
    assert (hit.member, hit.kind, hit.evidence, hit.encrypted) == ("極秘.docx", "docx", "extension", True)
    assert [one.reason for one in found if isinstance(one, Gap)] == ["encrypted"]


@pytest.mark.parametrize("header", [False, True])
def test_encrypted_7z(header: bool) -> None:
    data = sevened({"極秘.docx": b"secret", "x.bin": b"y"}, password="p", header_encryption=header)
    assert members(data) == ([] if header else [("極秘.docx", "docx")])
    assert gaps(data) == ["encrypted"]


def test_cabinets_go_by_the_names_in_them() -> None:
    rows = b""
    for name, flags in (("表.doc".encode("cp932"), 0x20), ("議.pdf".encode(), 0xA0), (b"x.dll", 0x20)):
        rows += struct.pack("<IIHHHH", 9, 0, 0, 0, 0, flags) + name + b"\0"
    data = b"MSCF\0\0\0\0" + struct.pack("<IIIIBBHHHHH", 0, 0, 36, 0, 3, 1, 1, 3, 0, 0, 0) + rows
    assert members(data) == [("表.doc", "doc"), ("議.pdf", "pdf")]
    assert gaps(data) == []
    assert gaps(data[:-3]) == ["damaged"]


def test_7z_by_a_decoder_that_is_not_safe_goes_by_name() -> None:
    data = sevened({"a.docx": b"x" * 100, "b.bin": b"y"}, filters=[{"id": py7zr.FILTER_PPMD, "order": 6, "mem": 24}])
    assert members(data) == [("a.docx", "docx")]
    assert gaps(data) == ["unsupported"]
    code = [{"id": py7zr.FILTER_X86}, {"id": py7zr.FILTER_LZMA2, "preset": 1}]
    for filters in (code, [{"id": py7zr.FILTER_BROTLI, "level": 5}], [{"id": py7zr.FILTER_COPY}]):
        assert members(sevened({"a": PDF}, filters=filters)) == [("a", "pdf")]


def test_attachments_of_mail() -> None:
    assert members(mail(RTF, "議事録.dat")) == [(None, "eml"), ("議事録.dat", "rtf")]
    assert members(mail(zipped({"a": PDF}), "z")) == [(None, "eml"), ("z/a", "pdf")]
    inner = mail(RTF, "b.doc")
    outer = b"From: a@example.jp\nTo: b\nSubject: fw\nMIME-Version: 1.0\nContent-Type: message/rfc822\n\n" + inner
    assert members(outer) == [(None, "eml"), ("b.doc", "rtf")]


def test_attachments_of_outlook_messages() -> None:
    folder = "__attach_version1.0_#00000000"
    data = compound({
        "__properties_version1.0": b"", f"{folder}/__substg1.0_37010102": RTF,
        f"{folder}/__substg1.0_3707001F": "議事録.doc".encode("utf-16-le"),
    })  # fmt: skip
    assert members(data) == [(None, "msg"), ("議事録.doc", "rtf")]


def bombs() -> Iterator[tuple[str, bytes]]:
    zeros = b"\0" * 5_000_000
    tar = tarred({"a": zeros})
    yield "gz", gzip.compress(tar)
    yield "bz2", bz2.compress(tar)
    yield "xz", lzma.compress(tar)
    yield "7z", sevened({"a": zeros})


@pytest.mark.parametrize(("word", "data"), list(bombs()), ids=[word for word, _data in bombs()])
def test_a_bomb_is_a_limit_and_no_more(word: str, data: bytes) -> None:
    assert gaps(data, ratio=50, bytes=2_000_000) == ["limit"]


def test_depth_entries_and_bytes_are_limited() -> None:
    data = PDF
    for _level in range(8):
        data = zipped({"a": data, "b": PDF})
    found = look(data, depth=3)
    assert [one.member for one in found if isinstance(one, Hit)] == ["a/a/b", "a/b", "b"]
    assert [one.reason for one in found if isinstance(one, Gap)] == ["limit"]
    assert gaps(zipped({str(n): b"x" for n in range(30)}), entries=20) == ["limit"]
    assert gaps(zipped({"a.zip": zipped({"b": b"\0" * 3_000_000}, zipfile.ZIP_STORED)}), bytes=100_000) == ["limit"]


def test_an_archive_that_holds_itself_ends() -> None:
    # A gzip stream cannot be its own member here, but archives in archives in archives are as deep as one likes.
    data = zipped({"a": b"x"}, zipfile.ZIP_STORED)
    for _level in range(40):
        data = zipped({"r.zip": data}, zipfile.ZIP_STORED)
    assert gaps(data) == ["limit"]


@pytest.mark.parametrize("pack", [pack for _name, pack in CONTAINERS], ids=[name for name, _pack in CONTAINERS])
@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_cut_containers_are_told(pack: Any, part: float) -> None:
    noise = bytes((n * n * 7919 >> 5) % 256 for n in range(30_000))
    data = pack({"a.bin": noise, "b.pdf": PDF + noise})
    found = look(data[: int(len(data) * part)])
    assert any(isinstance(one, Gap) for one in found) or any(isinstance(one, Hit) for one in found)


@pytest.mark.parametrize(
    ("word", "data"),
    [
        ("rar", b"Rar!\x1a\x07\0"), ("rar 1.4", b"RE~^\x07\0"), ("arj", b"\x60\xea\x20\0"),
        ("ace", b"\x11\x22\x31\0\0\x10\0**ACE**\x14"),
    ],
)  # fmt: skip
def test_what_cannot_be_opened_here_is_told(word: str, data: bytes) -> None:
    assert gaps(data) == ["unsupported"]
