"""The same NTFS in every container that qemu-img and ewfacquire write, and behind every partition table."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from image_reading import DOCX, PDF, Seen, gaps, mbr, seen
from ntfs_image import NtfsImage, convert, need

from dongle_cli.audit.model import State
from dongle_cli.audit.sources.containers import open_disk

RAW = 12 << 20  # bytes of the plain image
SHARED = Path(__file__).resolve().parents[3] / "shared" / "images"
WANTED = {
    Seen("folder/a.bin", "docx"),
    Seen("b.txt", "pdf"),
    Seen("b.txt:c", "pdf", State.STREAM),
    Seen("gone.xls", "pdf", State.DELETED, recoverable="yes"),
}


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plain image."""
    image = NtfsImage.make(tmp_path_factory.mktemp("disk") / "disk.img", mib=RAW >> 20)
    with image.mounted() as root:
        (root / "folder").mkdir()
        (root / "folder" / "a.bin").write_bytes(DOCX)
        (root / "b.txt").write_bytes(PDF * 5000)
        (root / "b.txt:c").write_bytes(PDF * 1000)
        (root / "gone.xls").write_bytes(PDF * 300)
    with image.mounted() as root:
        (root / "gone.xls").unlink()
    assert seen(image.path) == WANTED
    return image.path


@pytest.mark.parametrize(
    ("format", "options"),
    [
        ("qcow2", ()), ("qcow2", ("compat=0.10",)), ("vpc", ("subformat=dynamic",)), ("vpc", ("subformat=fixed",)),
        ("vhdx", ("subformat=dynamic",)), ("vhdx", ("subformat=fixed",)), ("vmdk", ("subformat=monolithicSparse",)),
        ("vmdk", ("subformat=monolithicFlat",)), ("vmdk", ("subformat=streamOptimized",)),
        ("vmdk", ("subformat=twoGbMaxExtentSparse",)), ("vdi", ("static=off",)), ("vdi", ("static=on",)),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)  # fmt: skip
def test_qemu_img(raw: Path, tmp_path: Path, format: str, options: tuple[str, ...]) -> None:
    image = convert(raw, tmp_path / "any.name", format, *options)
    assert seen(image) == WANTED
    assert gaps(image) == []
    assert whole(image) == raw.read_bytes()


def whole(image: Path) -> bytes:
    """Every byte of the disk in a container, read in odd pieces; a VHD may be a little longer, for its geometry."""
    media = open_disk(image).media
    assert media.size - RAW < 1 << 20
    return b"".join(media.pread(at, min(99_991, RAW - at)) for at in range(0, RAW, 99_991))


def test_compressed_qcow2(raw: Path, tmp_path: Path) -> None:
    image = tmp_path / "disk.qcow2"
    subprocess.run([need("qemu-img", "qemu-utils"), "convert", "-c", "-O", "qcow2", raw, image], check=True)
    assert seen(image) == WANTED
    assert whole(image) == raw.read_bytes()


@pytest.mark.parametrize("segment", ["2GiB", "1MiB"])
def test_ewfacquire(raw: Path, tmp_path: Path, segment: str) -> None:
    command = [need("ewfacquire", "ewf-tools"), "-u", "-q", "-c", "deflate:fast", "-S", segment]
    subprocess.run([*command, "-t", tmp_path / "disk", raw], check=True, capture_output=True)
    assert seen(tmp_path / "disk.E01") == WANTED
    assert gaps(tmp_path / "disk.E01") == []
    assert whole(tmp_path / "disk.E01") == raw.read_bytes()


def test_raw_in_segments(raw: Path, tmp_path: Path) -> None:
    data = raw.read_bytes()
    for number in range(3):
        (tmp_path / f"disk.{number + 1:03}").write_bytes(data[number * (5 << 20) : (number + 1) * (5 << 20)])
    assert seen(tmp_path / "disk.001") == WANTED


def on(volume: str) -> set[Seen]:
    """What is wanted, on that volume."""
    return {Seen(one.path, one.kind, one.state, recoverable=one.recoverable, volume=volume) for one in WANTED}


def disk(raw: Path, path: Path, table: str) -> Path:
    """A disk that sfdisk partitioned, with the NTFS in its first, and again in its last partition."""
    sfdisk = need("sfdisk", "fdisk")
    with path.open("wb") as file:
        file.truncate(64 << 20)
    subprocess.run([sfdisk, "-q", path], input=table, text=True, check=True, capture_output=True)
    listed = subprocess.run([sfdisk, "-d", path], text=True, check=True, capture_output=True).stdout
    starts = [int(line.split("start=")[1].split(",")[0]) for line in listed.splitlines() if "start=" in line]
    with path.open("r+b") as file:
        for start in (starts[0], starts[-1]):
            file.seek(start * 512)
            file.write(raw.read_bytes())
    return path


def test_gpt(raw: Path, tmp_path: Path) -> None:
    reserved = "E3C9E316-0B5C-4DB8-817D-F92DF00215AE"
    table = f"label: gpt\nsize=14MiB\nsize=1MiB,type={reserved}\nsize=14MiB\n"
    image = disk(raw, tmp_path / "disk.img", table)
    assert seen(image) == on("p1") | on("p3")
    assert gaps(image) == []
    with image.open("r+b") as file:  # only the copy of the table at the end is left
        file.seek(512)
        file.write(bytes(512))
    assert seen(image) == on("p1") | on("p3")


def test_logical_partitions(raw: Path, tmp_path: Path) -> None:
    table = "label: dos\nsize=14MiB,type=7\nsize=40MiB,type=5\nx5 : size=1MiB,type=7\nx6 : size=14MiB,type=7\n"
    image = disk(raw, tmp_path / "disk.img", table)
    assert seen(image) == on("p1") | on("p6")
    assert gaps(image) == [("", "unsupported")]  # the empty one


def test_partition_tables_that_cannot_be(raw: Path, tmp_path: Path) -> None:
    image = tmp_path / "disk.img"
    sectors = raw.stat().st_size // 512
    image.write_bytes(mbr((7, 1, sectors), (7, 1 << 30, 100), (5, sectors - 1, 9)) + raw.read_bytes())
    assert seen(image) == on("p1")
    assert {reason for _path, reason in gaps(image)} == {"damaged"}
    image.write_bytes(mbr((5, 1, 9)) + mbr((0, 0, 0), (5, 0, 9)))  # a chain that leads to itself
    assert [reason for _path, reason in gaps(image)] == ["damaged"]
    image.write_bytes(b"\x5a" * 4096)
    assert gaps(image) == [("", "unsupported")]
    image.write_bytes(b"")
    assert gaps(image) == [("", "unsupported")]


@pytest.mark.parametrize("name", ["ext2.qcow2", "ext2.vhd", "ext2.E01"])
def test_real_containers_of_others(name: str) -> None:
    if not (SHARED / name).exists():
        pytest.skip(f"the real images are not beside the repository ({SHARED})")
    from dongle_cli.audit.sources.image import ImageSource

    source = ImageSource(str(SHARED / name))
    (volume,) = source.volumes()
    assert ("passwords.txt", False) in list(volume.list(""))
    with volume.open("passwords.txt") as file:
        assert file.read().startswith(b"place,user,password")
    assert gaps(SHARED / name) == []
