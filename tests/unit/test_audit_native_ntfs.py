"""The compiled look at an $MFT leads to what the one in Python leads to, on whole and on damaged volumes."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from typing import BinaryIO

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from identified import PDF, RTF, mail, zipped
from ntfs_image import NtfsImage
from ole2_writer import compound

from dongle_cli.audit.identify import Limits
from dongle_cli.audit.model import Gap, Hit, State, Tally
from dongle_cli.audit.sources import swift
from dongle_cli.audit.sources.media import Bytes, Media
from dongle_cli.audit.sources.ntfs import Ntfs
from dongle_cli.audit.sources.ntfs_record import Torn
from dongle_cli.audit.sources.ntfs_scan import MftScan
from dongle_cli.audit.sources.walk import Found

if not swift.is_there() and not os.environ.get("CI"):
    pytest.skip("the inner loops were not compiled when this was installed", allow_module_level=True)

RECORD = 1024
WEAK = frozenset({"csv", "scan"})


@dataclass(repr=False)
class Volume:
    """An NTFS, from its boot sector on; without a repr that would print twelve megabytes."""

    content: bytes


@pytest.fixture(scope="module")
def volume(tmp_path_factory: pytest.TempPathFactory) -> Volume:
    """Small and large files of many kinds, deep and long names, streams, links, holes, deleted and empty ones."""
    image = NtfsImage.make(tmp_path_factory.mktemp("ntfs") / "disk.img", mib=12)
    data = [
        PDF,
        RTF,
        zipped({"in.pdf": PDF}),
        b"\x60\x0e" + bytes(3000),
        mail(PDF, "x.pdf"),
        b"",
        b"text\n" * 300,
        b"a,b\nc,d\n" * 9,
    ]
    with image.mounted() as root:
        for number in range(120):
            folder = root / f"folder {number % 7}"
            folder.mkdir(exist_ok=True)
            ending = ("dat", "xdw", "PDF", "rdp", "txt")[number % 5]
            content = data[number % 8]
            if not content.startswith(b"PK"):  # archives in a row are damage
                content *= 1 + number % 3 * 40
            (folder / f"{'長い名前' * (number % 20)}{number}.{ending}").write_bytes(content)
        (root / "old.doc").write_bytes(compound({"WordDocument": b"x"}))
        (root / "hole").touch()
        os.truncate(root / "hole", 1 << 20)
        (root / "folder 0" / "0.dat:inside.pdf").write_bytes(PDF)
        (root / "linked").hardlink_to(root / "old.doc")
        for number in range(8):
            (root / f"gone {number}.{('pdf', 'doc', 'bin', 'csv')[number % 4]}").write_bytes(
                (PDF, b"noise" * 900)[number % 2]
            )
    with image.mounted() as root:
        for path in root.glob("gone *"):
            path.unlink()
    return Volume(image.path.read_bytes())


def refuse(_number: int, _stream: str) -> Media:
    raise OSError(5, "not here")


def alone(path: str) -> BinaryIO:
    raise FileNotFoundError(2, "there is no other file", path)


def found(content: bytes, compiled: bool) -> tuple[list[Found], tuple[int, int]]:
    """Hits and gaps in the order of the records, and how many files and folders were counted."""
    with pytest.MonkeyPatch.context() as patch:
        if not compiled:
            patch.setattr(swift, "_native", None)
        ntfs = Ntfs(Bytes(content), content[:512])
        scan = MftScan(ntfs, "", Limits(kinds=WEAK), refuse, alone)
        everything = [one for batch in scan.run(0, ntfs.records) for one in batch]
    tallies = [one for one in everything if isinstance(one, Tally)]
    said = [one for one in everything if isinstance(one, Hit | Gap)]
    return said, (sum(t.files for t in tallies), sum(t.folders for t in tallies))


def test_both_find_the_same(volume: Volume) -> None:
    content = volume.content
    said, counts = found(content, True)
    assert (said, counts) == found(content, False)
    hits = [one for one in said if isinstance(one, Hit)]
    assert not [one for one in said if isinstance(one, Gap)]
    assert {one.entry.state for one in hits} == {State.LIVE, State.STREAM, State.DELETED}
    assert {"pdf", "rtf", "eml", "doc", "xdw", "csv"} <= {one.kind for one in hits}
    assert sum(one.entry.state is State.DELETED for one in hits) == 4
    assert counts[0] > 120


def test_what_is_of_interest_is_seen_at_the_first_look_and_little_else(volume: Volume) -> None:
    content = volume.content
    wanted = swift.filter_for(WEAK)
    assert wanted is not None
    ntfs = Ntfs(Bytes(content), content[:512])
    block = ntfs.mft.pread(0, ntfs.records * RECORD)
    again, deleted, files, folders, read = swift.glance(block, ntfs.cluster, ntfs.media.pread, wanted, 0x441000)
    assert files >= 30 and folders >= 8 and read > 40 * 1000
    assert len(again) < 110
    assert {name for _at, name, _size in deleted} == {
        f"gone {number}.{'doc' if number % 4 == 1 else 'csv'}" for number in (1, 3, 5, 7)
    }


DAMAGE = st.lists(
    st.tuples(
        st.integers(0, 1 << 30),  # which record
        st.one_of(st.sampled_from([0, 4, 6, 16, 20, 22, 24, 32, 0x38, 0x50, 510, 1022]), st.integers(0, RECORD - 1)),
        st.one_of(st.sampled_from([b"\0", b"\1", b"\xff", b"\xff\xff\xff\xff", b"\x80\0\0\0", b"\xc0\0\0\0"]),
                  st.binary(min_size=1, max_size=6)),
    ),
    min_size=1, max_size=40,
)  # fmt: skip


@settings(max_examples=100, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck))
@given(damage=DAMAGE)
def test_both_find_the_same_on_damaged_records(volume: Volume, damage: list[tuple[int, int, bytes]]) -> None:
    content = volume.content
    (start,) = struct.unpack_from("<Q", content, 48)
    records = Ntfs(Bytes(content), content[:512]).records
    spoiled = bytearray(content)
    for record, at, new in damage:
        place = start * 4096 + record % records * RECORD + at
        spoiled[place : place + len(new)] = new
    damaged = bytes(spoiled)
    try:
        Ntfs(Bytes(damaged), content[:512])
    except Torn:
        return  # nothing that either could look at
    assert found(damaged, True) == found(damaged, False)


def test_a_volume_that_cannot_be_read_is_told_alike(volume: Volume) -> None:
    content = volume.content
    cut = content[: len(content) // 2]
    assert found(cut, True) == found(cut, False)


def test_an_error_that_is_no_damage_is_not_swallowed(volume: Volume) -> None:
    content = volume.content
    wanted = swift.filter_for(WEAK)
    assert wanted is not None
    ntfs = Ntfs(Bytes(content), content[:512])
    block = ntfs.mft.pread(0, ntfs.records * RECORD)

    def interrupted(_at: int, _size: int) -> bytes:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        swift.glance(block, ntfs.cluster, interrupted, wanted, 0)
    for wrong in (lambda _at, _size: b"", lambda _at, size: "x" * size):
        again, *_rest = swift.glance(block, ntfs.cluster, wrong, wanted, 0)
        assert again
