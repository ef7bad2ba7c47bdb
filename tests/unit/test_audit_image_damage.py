"""Damaged and hostile images: a gap with a reason, and the scan goes on; it never raises, and it always ends."""

from __future__ import annotations

import random
import resource
import struct
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from image_reading import PDF, Seen, gaps, mbr, seen
from ntfs_image import NtfsImage, convert

from dongle_cli.audit.model import Gap, Hit, State, Tally
from dongle_cli.audit.sources import ntfs_record
from dongle_cli.audit.sources.containers import Refused, unwrap
from dongle_cli.audit.sources.image import ImageSource
from dongle_cli.audit.sources.media import Bytes
from dongle_cli.audit.sources.ntfs_owner import owner
from dongle_cli.audit.sources.ntfs_record import Torn
from dongle_cli.audit.sources.partitions import partitions

MIB = 8
MAGICS = (b"QFI\xfb\0\0\0\x03", b"QFI\xfb\0\0\0\x02", b"conectix", b"vhdxfile", b"KDMV", b"EVF\x09\x0d\x0a\xff\0")
FILES = {Seen(f"folder/{number}.bin", "pdf") for number in range(40)}
GONE = Seen("gone.bin", "pdf", State.DELETED, recoverable="yes")


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A small NTFS with forty documents and a deleted one."""
    image = NtfsImage.make(tmp_path_factory.mktemp("ntfs") / "disk.img", mib=MIB)
    with image.mounted() as root:
        (root / "folder").mkdir()
        for number in range(40):
            (root / "folder" / f"{number}.bin").write_bytes(PDF * (1 if number % 2 else 1000))
        (root / "gone.bin").write_bytes(PDF * 500)
    with image.mounted() as root:
        (root / "gone.bin").unlink()
    assert seen(image.path) == FILES | {GONE}
    return image.path.read_bytes()


@pytest.fixture
def spoiled(content: bytes, tmp_path: Path) -> Callable[..., Path]:
    """The image with some of its bytes replaced."""

    def write(*changes: tuple[int, bytes], length: int | None = None) -> Path:
        data = bytearray(content)
        for at, new in changes:
            data[at : at + len(new)] = new
        path = tmp_path / "spoiled.img"
        path.write_bytes(data[:length])
        return path

    return write


def table(content: bytes) -> int:
    """Where the $MFT begins."""
    return int(struct.unpack_from("<Q", content, 48)[0]) * 4096


def test_boot_sector_lost(spoiled: Callable[..., Path]) -> None:
    image = spoiled((0, bytes(512)))
    assert seen(image) == FILES | {GONE}
    assert gaps(image) == [("$Boot", "damaged")]
    (volume,) = ImageSource(str(image)).volumes()
    assert ("folder", True) in list(volume.list(""))


def test_both_boot_sectors_lost(spoiled: Callable[..., Path], content: bytes) -> None:
    image = spoiled((0, bytes(512)), (len(content) - 512, bytes(512)))
    assert (seen(image), gaps(image)) == (set(), [("", "unsupported")])


@pytest.mark.parametrize(
    ("at", "value"), [(11, b"\x01\x00"), (13, b"\x00"), (48, b"\xff" * 8), (48, bytes(8)), (64, b"\x7f")]
)
def test_boot_sector_lies(spoiled: Callable[..., Path], content: bytes, at: int, value: bytes) -> None:
    image = spoiled((at, value))
    assert seen(image) == FILES | {GONE}
    assert ("$MFT", "damaged") in gaps(image)
    both = spoiled((at, value), (len(content) - 512 + at, value))
    # Where only the $MFT's place is wrong its mirror tells the right one.
    assert seen(both) == (FILES | {GONE} if at == 48 else set())
    assert ("$MFT", "damaged") in gaps(both)


def test_first_record_lost(spoiled: Callable[..., Path], content: bytes) -> None:
    image = spoiled((table(content), b"BAAD" + bytes(1020)))
    assert seen(image) == FILES | {GONE}
    assert gaps(image) == [("$MFT", "damaged")] * 2  # that the mirror was read, and the record itself


def test_some_records_lost(spoiled: Callable[..., Path], content: bytes) -> None:
    lost = list(range(65, 101, 3))
    image = spoiled(*((table(content) + number * 1024 + 510, b"\xde\xad") for number in lost))
    found = seen(image)
    assert len(FILES) - len(lost) <= len(found & FILES) < len(FILES)
    (gap,) = (one for one in ImageSource(str(image)).scan() if isinstance(one, Gap))
    assert (gap.path, gap.reason) == ("$MFT", "damaged")
    assert "only half written; and 11 more" in gap.detail


def test_folder_lost(spoiled: Callable[..., Path], content: bytes) -> None:
    """Files whose folder is gone are found all the same, as The Sleuth Kit names them."""
    image = spoiled((table(content) + 64 * 1024, bytes(1024)))
    assert {one.path for one in seen(image)} == {f"$OrphanFiles/{n}.bin" for n in range(40)} | {"gone.bin"}


def test_everything_lost_but_the_boot_sector(spoiled: Callable[..., Path], content: bytes) -> None:
    image = spoiled((512, random.Random(5).randbytes(len(content) - 1024)))
    assert seen(image) == set()
    assert gaps(image) == [("$Boot", "damaged"), ("$MFT", "damaged"), ("$MFT", "damaged")]  # by either boot sector


def test_truncated(spoiled: Callable[..., Path], content: bytes) -> None:
    for part in (512, 4096, 20_000, len(content) // 4, len(content) // 2, len(content) - 8192):
        image = spoiled(length=part)
        assert seen(image) <= FILES | {GONE}
        assert "damaged" in {reason for _path, reason in gaps(image)}
    assert seen(spoiled(length=len(content) // 2)) != set()


def test_truncated_containers(content: bytes, tmp_path: Path) -> None:
    raw = tmp_path / "raw.img"
    raw.write_bytes(content)
    for format, options in (("qcow2", ()), ("vpc", ("subformat=dynamic",)), ("vhdx", ()), ("vmdk", ())):
        whole = convert(raw, tmp_path / f"whole.{format}", format, *options).read_bytes()
        for part in (3, 600, len(whole) // 3, len(whole) // 2, len(whole) - 70_000):
            (tmp_path / "cut").write_bytes(whole[:part])
            found = seen(tmp_path / "cut")
            assert found <= FILES | {GONE}
            # What is cut off may hold nothing that was needed, as the file system's log.
            assert gaps(tmp_path / "cut") or (part > 600 and found == FILES | {GONE})


def test_sizes_that_cannot_be_cost_no_memory(spoiled: Callable[..., Path], content: bytes) -> None:
    """A file of 2^60 bytes in a run of 2^56 clusters, in a process that may not have more than 600 MB."""
    changes = []
    for number in range(64, 110):
        at = table(content) + number * 1024
        record = bytearray(content[at : at + 1024])
        stream = record.find(b"\x80\0\0\0", 56)
        if stream > 0 and record[stream + 8]:
            struct.pack_into("<QQQ", record, stream + 40, 1 << 60, 1 << 60, 1 << 60)
            runs = stream + struct.unpack_from("<H", record, stream + 32)[0]
            record[runs : runs + 6] = b"\x17" + b"\xff" * 5
            changes.append((at, bytes(record)))
    assert changes
    image = spoiled(*changes)
    code = (
        "import sys; from dongle_cli.audit.sources.image import ImageSource\n"
        "from dongle_cli.audit.model import Gap\n"
        "print(sum(isinstance(one, Gap) for one in ImageSource(sys.argv[1]).scan()))"
    )
    limit = 600 << 20
    done = subprocess.run(
        [sys.executable, "-c", code, image], capture_output=True, text=True, check=False, timeout=60,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) >= 1


BOUNDED = settings(max_examples=150)


@BOUNDED
@given(st.data())
def test_any_change_of_the_file_table_ends_well(content: bytes, tmp_path: Path, data: st.DataObject) -> None:
    start = table(content)
    spoiled = bytearray(content)
    for _number in range(data.draw(st.integers(1, 6))):
        record = data.draw(st.sampled_from([0, 1, 5, 6, 9, *range(64, 106)]))
        at = start + record * 1024 + data.draw(st.integers(0, 480))
        new = data.draw(st.binary(min_size=1, max_size=8))
        spoiled[at : at + len(new)] = new
    path = tmp_path / "fuzzed.img"
    path.write_bytes(spoiled)
    source = ImageSource(str(path))
    assert all(isinstance(one, Hit | Gap | Tally) for one in source.scan())


@BOUNDED
@given(st.binary(max_size=1024).map(lambda data: (b"FILE" + data).ljust(1024, b"\0")))
def test_a_record_of_garbage_is_torn_or_harmless(data: bytes) -> None:
    with suppress(Torn):
        record = ntfs_record.parse(data)
        if record is not None:
            for stream in record.streams():
                list(ntfs_record.runs(stream.runs))
            assert all(isinstance(name, str) for _parent, name in record.names())
            assert record.modified >= 0 <= record.reparse + record.attributes + record.security


@BOUNDED
@given(st.lists(st.tuples(st.integers(1, 1 << 40), st.none() | st.integers(0, 1 << 50)), max_size=30))
def test_runs_come_back_as_they_were_written(runs: list[tuple[int, int | None]]) -> None:
    encoded, last = b"", 0
    for count, lcn in runs:
        length = count.to_bytes(count.bit_length() // 8 + 1, "little", signed=True)
        offset = b""
        if lcn is not None:
            step = lcn - last
            offset = step.to_bytes(step.bit_length() // 8 + 1, "little", signed=True)
            last = lcn
        encoded += bytes([len(offset) << 4 | len(length)]) + length + offset
    assert list(ntfs_record.runs(encoded + b"\0garbage")) == runs


@BOUNDED
@given(st.binary(max_size=200))
def test_runs_of_garbage_end(encoded: bytes) -> None:
    with suppress(Torn):
        assert all(count >= 0 for count, _lcn in ntfs_record.runs(encoded))
    assert len(list(ntfs_record.listed(encoded))) <= len(encoded) // 26
    assert (owner(encoded) or "S-1-").startswith("S-1-")


@BOUNDED
@given(
    st.lists(st.tuples(st.integers(0, 255), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1)), max_size=4),
    st.binary(max_size=2000), st.booleans(),
)  # fmt: skip
def test_partition_tables_of_garbage_end(entries: list[tuple[int, int, int]], rest: bytes, gpt: bool) -> None:
    disk = mbr(*entries) + (b"EFI PART" if gpt else b"") + rest
    found, gaps = partitions(Bytes(disk.ljust(4096, b"\0")))
    assert found or gaps
    assert all(0 <= partition.media.size <= max(4096, len(disk)) for partition in found)


@BOUNDED
@given(st.sampled_from(MAGICS), st.binary(max_size=3000))
def test_containers_of_garbage_are_refused_or_read(magic: bytes, rest: bytes) -> None:
    try:
        disk = unwrap(Bytes(magic + rest), None)
    except Refused as refused:
        assert refused.reason in ("damaged", "unsupported", "encrypted")
        return
    with suppress(OSError):
        assert len(disk.media.pread(0, 4096)) <= 4096
