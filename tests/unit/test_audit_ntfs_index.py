"""Folders of an NTFS volume read from their index: what libfsntfs lists, and nothing worse where it is damaged."""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from ntfs_image import NtfsImage

from dongle_cli.audit.sources.media import Bytes
from dongle_cli.audit.sources.ntfs import ROOT, Ntfs
from dongle_cli.audit.sources.ntfs_index import listing
from dongle_cli.audit.sources.ntfs_record import Torn
from dongle_cli.audit.sources.ntfs_volume import NtfsVolume


@dataclass(repr=False)
class Volume:
    """An NTFS, from its boot sector on, and where in it something of a folder stands."""

    content: bytes
    spots: Sequence[int]


@pytest.fixture(scope="module")
def volume(tmp_path_factory: pytest.TempPathFactory) -> Volume:
    """Folders with nothing, little and much in them, long and short names, and one from which much was removed."""
    image = NtfsImage.make(tmp_path_factory.mktemp("ntfs") / "disk.img", mib=16)
    with image.mounted() as root:
        for name, count in (("empty", 0), ("few", 3), ("many", 900), ("thinned", 400), ("深い/フォルダー/here", 20)):
            (root / name).mkdir(parents=True)
            for number in range(count):
                (root / name / f"とても長い名前のファイル {number}.txt").touch()
            (root / name / "folder").mkdir()
        for number in range(390):
            (root / "thinned" / f"とても長い名前のファイル {number}.txt").unlink()
    content = image.path.read_bytes()
    return Volume(content, spots(content))


def spots(content: bytes) -> list[int]:
    """Places in the blocks of indexes and in the record of the root."""
    found: list[int] = []
    at = content.find(b"INDX")
    while at >= 0:
        found += range(at, at + 4096, 7)
        at = content.find(b"INDX", at + 1)
    (start,) = struct.unpack_from("<Q", content, 48)
    return [*found, *range(start * 4096 + ROOT * 1024, start * 4096 + ROOT * 1024 + 1024)]


def both(content: bytes) -> tuple[NtfsVolume, NtfsVolume]:
    ours, theirs = (NtfsVolume(Bytes(content), "") for _which in range(2))
    ours.table = Ntfs(Bytes(content), content[:512])
    return ours, theirs


def test_both_list_the_same(volume: Volume) -> None:
    ours, theirs = both(volume.content)
    for path, count in (
        ("", 15),
        ("empty", 1),
        ("FEW", 4),
        ("many", 901),
        ("thinned", 11),
        ("深い/フォルダー/HERE", 21),
    ):
        assert sorted(ours.list(path)) == sorted(theirs.list(path)), path
        assert len(list(ours.list(path))) >= count
    for path in (
        "",
        "few/FOLDER",
        "Thinned",
        "many/とても長い名前のファイル 7.TXT",
        "none",
        "few/none/x",
        "many/folder/x",
    ):
        assert ours.find(path) == theirs.find(path), path
    assert ours.find("many/とても長い名前のファイル 7.TXT") is not None
    with pytest.raises(FileNotFoundError):
        list(ours.list("thinned/とても長い名前のファイル 7.txt"))  # its name stands in what the index has no use for
    with pytest.raises(FileNotFoundError):
        list(ours.list("many/とても長い名前のファイル 7.txt"))


@settings(max_examples=300, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck))
@given(
    changes=st.lists(
        st.tuples(
            st.integers(0, 1 << 30), st.binary(min_size=1, max_size=8) | st.sampled_from([b"\xff" * 4, bytes(4)])
        ),
        min_size=1, max_size=30,
    )
)  # fmt: skip
def test_a_damaged_index_is_torn_or_read_as_far_as_it_goes(volume: Volume, changes: list[tuple[int, bytes]]) -> None:
    """Every change hits a block of an index or a record of a folder."""
    spoiled = bytearray(volume.content)
    for which, new in changes:
        place = volume.spots[which % len(volume.spots)]
        spoiled[place : place + len(new)] = new
    content = bytes(spoiled)
    ntfs = Ntfs(Bytes(content), content[:512])
    for number in range(ntfs.records):
        try:
            for name, folder, record in listing(ntfs, number):
                assert isinstance(name, str) and isinstance(folder, bool) and record >= 0
        except (Torn, OSError):
            pass
    damaged, _theirs = both(content)
    for path in ("", "many", "深い/フォルダー"):
        with contextlib.suppress(OSError):
            list(damaged.list(path))
