"""Real ext4, FAT and exFAT volumes, made by their own programs and looked at by The Sleuth Kit."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from image_reading import DOCX, PDF, Seen, gaps, seen, zipped
from ntfs_image import need

from dongle_cli.audit.model import State
from dongle_cli.audit.sources.image import ImageSource

WANTED = {
    Seen("home/山田/予算.pdf", "pdf"),
    Seen("home/picture.jpg", "docx"),
    Seen("pack.zip", "docx", member="議事録.docx"),
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Documents among files that are none."""
    root = tmp_path_factory.mktemp("tree")
    (root / "home" / "山田").mkdir(parents=True)
    (root / "home" / "山田" / "予算.pdf").write_bytes(PDF * 4000)
    (root / "home" / "picture.jpg").write_bytes(DOCX)
    (root / "home" / "a rather long name.txt").write_bytes(b"text")
    (root / "home" / "empty.pdf").touch()
    (root / "pack.zip").write_bytes(zipped({"議事録.docx".encode("cp932"): DOCX}))
    return root


def empty(path: Path, mib: int = 32) -> Path:
    """A sparse file."""
    with path.open("wb") as file:
        file.truncate(mib << 20)
    return path


def run(*command: str | Path) -> None:
    """A program that has to succeed."""
    subprocess.run(command, check=True, capture_output=True)


def test_ext4(tree: Path, tmp_path: Path) -> None:
    image = empty(tmp_path / "ext4.img")
    shutil.copytree(tree, tmp_path / "more")
    (tmp_path / "more" / "home" / "link.pdf").symlink_to("山田/予算.pdf")
    run(need("mkfs.ext4", "e2fsprogs"), "-q", "-d", tmp_path / "more", image)
    assert seen(image) == WANTED
    assert gaps(image) == []
    run(need("debugfs", "e2fsprogs"), "-w", "-R", "rm /home/picture.jpg", image)
    assert {one for one in seen(image) if one.state is State.LIVE} == WANTED - {Seen("home/picture.jpg", "docx")}


@pytest.mark.parametrize("bits", ["12", "16", "32"])
def test_fat(tree: Path, tmp_path: Path, bits: str) -> None:
    image = empty(tmp_path / "fat.img", 8 if bits == "12" else 40)
    run(need("mkfs.vfat", "dosfstools"), "-F", bits, image)
    run(need("mcopy", "mtools"), "-i", image, "-s", tree / "home", tree / "pack.zip", "::/")
    assert seen(image) == WANTED
    assert gaps(image) == []
    (tmp_path / "gone.bin").write_bytes(PDF * 2000)
    run("mcopy", "-i", image, tmp_path / "gone.bin", "::/home/")
    run("mdel", "-i", image, "::/home/gone.bin")
    (found,) = seen(image) - WANTED
    assert (found.kind, found.state, found.recoverable) == ("pdf", State.DELETED, "yes")
    assert found.path.lower().endswith("one.bin")  # the first letter of a short name is what a deletion overwrites


def test_what_another_file_took_is_not_the_deleted_one(tmp_path: Path) -> None:
    image = empty(tmp_path / "fat.img", 8)
    run(need("mkfs.vfat", "dosfstools"), "-s", "4", image)
    run(need("mmd", "mtools"), "-i", image, "::/other")
    for name, content in (("gone.pdf", PDF * 2000), ("part.bin", b"MZ" * 3000), ("all.bin", b"%PDF-1.7\n" * 6000)):
        (tmp_path / name).write_bytes(content)
    run("mcopy", "-i", image, tmp_path / "gone.pdf", "::/")
    run("mdel", "-i", image, "::/gone.pdf")
    whole = image.read_bytes()
    run("mcopy", "-i", image, tmp_path / "part.bin", "::/other/")
    (part,) = seen(image)
    # Nothing leads from a lost beginning to the rest: a FAT's chain is cleared with the file.
    assert (part.kind, part.evidence, part.recoverable) == ("pdf", "extension", "overwritten")
    image.write_bytes(whole)
    run("mcopy", "-i", image, tmp_path / "all.bin", "::/other/")
    (gone,) = seen(image) - {Seen("other/all.bin", "pdf")}
    assert (gone.kind, gone.evidence, gone.recoverable) == ("pdf", "extension", "overwritten")


def put(image: Path, name: str, data: bytes, *, deleted: bool = False) -> None:
    """Write a file of one stretch into the root of an empty exFAT (Microsoft's specification, sections 3, 6 and 7)."""
    disk = bytearray(image.read_bytes())
    heap, _count, root = struct.unpack_from("<III", disk, 88)
    sector, cluster = 1 << disk[108], 1 << disk[108] + disk[109]

    def place(number: int) -> int:
        return heap * sector + (number - 2) * cluster

    entries = range(place(root), place(root) + cluster, 32)
    bitmap = next(place(struct.unpack_from("<I", disk, at + 20)[0]) for at in entries if disk[at] == 0x81)
    at = next(at for at in entries if disk[at] == 0)
    first = next(n for n in range(8 * cluster) if not disk[bitmap + n // 8] >> n % 8 & 1) + 2
    mark = 0x80 if not deleted else 0
    letters = name.encode("utf-16-le")
    names = b"".join(
        bytes([mark | 0x41, 0]) + letters[part : part + 30].ljust(30, b"\0") for part in range(0, len(letters), 30)
    )
    file = bytes([mark | 0x05, 1 + len(names) // 32]) + struct.pack("<HHHII", 0, 0x20, 0, 0, 0x5A210000) + bytes(16)
    stream = struct.pack("<BBxBHxxQ4xIQ", mark | 0x40, 3, len(name), 0, len(data), first, len(data))
    disk[at : at + 64 + len(names)] = file + stream + names
    disk[place(first) : place(first) + len(data)] = data
    for number in range(first - 2, first - 2 - (-len(data) // cluster)) if not deleted else ():
        disk[bitmap + number // 8] |= 1 << number % 8
    image.write_bytes(disk)


def test_exfat(tmp_path: Path) -> None:
    image = empty(tmp_path / "exfat.img")
    run(need("mkfs.exfat", "exfatprogs"), image)
    (volume,) = ImageSource(str(image)).volumes()
    assert list(volume.list("")) == []
    assert seen(image) == set()
    put(image, "予算の表 2026年度.txt", PDF * 5000)
    assert seen(image) == {Seen("予算の表 2026年度.txt", "pdf")}
    put(image, "was here.bin", PDF * 2000, deleted=True)
    assert seen(image) == {
        Seen("予算の表 2026年度.txt", "pdf"),
        Seen("was here.bin", "pdf", State.DELETED, recoverable="yes"),
    }
    assert gaps(image) == []


def test_files_are_looked_up_by_path(tree: Path, tmp_path: Path) -> None:
    fat, ext = empty(tmp_path / "fat.img"), empty(tmp_path / "ext.img")
    run(need("mkfs.vfat", "dosfstools"), fat)
    run(need("mcopy", "mtools"), "-i", fat, "-s", tree / "home", "::/")
    run(need("mkfs.ext4", "e2fsprogs"), "-q", "-d", tree, ext)
    for image, path in ((fat, "HOME/Picture.JPG"), (ext, "home/picture.jpg")):
        (volume,) = ImageSource(str(image)).volumes()
        found = volume.find(path)
        assert found is not None
        assert (found.path, found.size) == ("home/picture.jpg", len(DOCX))
        with volume.open(path) as file:
            assert file.read() == DOCX
        assert {("山田", True), ("picture.jpg", False)} <= set(volume.list("home"))
        with pytest.raises(FileNotFoundError):
            volume.open("home")
    (volume,) = ImageSource(str(ext)).volumes()
    assert volume.find("HOME/Picture.JPG") is None
