"""An NTFS image that mkntfs and ntfs-3g wrote, looked at in the order of its $MFT: what is in it, and nothing else."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from image_reading import DOCX, PDF, Seen, gaps, seen, zipped
from ntfs_image import NtfsImage, set_attributes, set_reparse

from dongle_cli.audit.model import State
from dongle_cli.audit.sources.image import ImageSource

LIVE, DELETED, STREAM = State.LIVE, State.DELETED, State.STREAM
OFFLINE = 0x1000  # FILE_ATTRIBUTE_OFFLINE; ntfs-3g sets none of the newer two that say the same


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> NtfsImage:
    """Documents of every sort that an NTFS can hold, among files that are none."""
    made = NtfsImage.make(tmp_path_factory.mktemp("ntfs") / "disk.img", mib=24)
    with made.mounted() as root:
        (root / "Users" / "山田" / "Documents").mkdir(parents=True)
        (root / "Users" / "山田" / "Documents" / "予算.pdf").write_bytes(PDF * 400)
        (root / "Users" / "picture.jpg").write_bytes(DOCX)
        (root / "small.dat").write_bytes(PDF)  # resident: its content stands in its record
        (root / "pack.zip").write_bytes(zipped({"議事録.docx".encode("cp932"): DOCX, b"readme.txt": b"nothing"}))
        (root / "letter.txt").write_bytes(b"plain text\n" * 50)
        (root / "letter.txt:hidden.pdf").write_bytes(PDF * 3000)
        (root / "letter.txt:Zone.Identifier").write_bytes(b"[ZoneTransfer]\r\nZoneId=3\r\n")
        (root / "Users:note").write_bytes(PDF)
        (root / "program.exe").write_bytes(b"MZ" + bytes(5000))
        (root / "links").mkdir()
        (root / "links" / "first.bin").write_bytes(PDF * 500)
        os.link(root / "links" / "first.bin", root / "links" / "second.bin")
        (root / "empty.pdf").touch()
        for name in ("gone.pdf", "gone-small.bin", "was/deep.docx"):
            (root / name).parent.mkdir(exist_ok=True)
            (root / name).write_bytes({"gone.pdf": PDF * 900, "gone-small.bin": PDF, "was/deep.docx": DOCX}[name])
        (root / "gone.pdf:also.bin").write_bytes(PDF * 2000)
    with made.mounted() as root:  # what is freed while a mount holds it open would be taken again
        (root / "gone.pdf").unlink()
        (root / "gone-small.bin").unlink()
        shutil.rmtree(root / "was")
    return made


def test_everything_is_found_and_nothing_else(image: NtfsImage) -> None:
    assert seen(image.path) == {
        Seen("Users/山田/Documents/予算.pdf", "pdf"),
        Seen("Users/picture.jpg", "docx"),
        Seen("small.dat", "pdf"),
        Seen("pack.zip", "docx", member="議事録.docx"),
        Seen("letter.txt:hidden.pdf", "pdf", STREAM),
        Seen("Users:note", "pdf", STREAM),
        Seen("links/first.bin", "pdf"),
        Seen("links/second.bin", "pdf"),
        Seen("gone.pdf", "pdf", DELETED, recoverable="yes"),
        Seen("gone.pdf:also.bin", "pdf", DELETED, recoverable="yes"),
        Seen("gone-small.bin", "pdf", DELETED, recoverable="yes"),
        Seen("was/deep.docx", "docx", DELETED, recoverable="yes"),
    }
    assert gaps(image.path) == []


def test_several_processes_find_the_same(image: NtfsImage) -> None:
    assert seen(image.path, jobs=3) == seen(image.path)


def test_an_image_is_not_changed_by_looking(image: NtfsImage) -> None:
    before = (image.path.read_bytes(), image.path.stat().st_mtime_ns)
    image.path.chmod(0o444)
    seen(image.path)
    assert (image.path.read_bytes(), image.path.stat().st_mtime_ns) == before


def test_times_sizes_and_owners_are_those_that_ntfs_3g_shows(image: NtfsImage) -> None:
    hits = {hit.entry.path: hit.entry for hit in ImageSource(str(image.path)).scan() if hasattr(hit, "entry")}
    with image.mounted() as root:
        for path in ("Users/picture.jpg", "links/first.bin"):
            about = (root / path).stat()
            assert hits[path].size == about.st_size
            assert hits[path].mtime == pytest.approx(about.st_mtime, abs=1e-3)
            assert hits[path].owner == "S-1-5-32-544"  # root is the group of administrators to ntfs-3g


def test_files_are_looked_up_by_path_whatever_their_case(image: NtfsImage) -> None:
    (volume,) = ImageSource(str(image.path)).volumes()
    assert ("Users", True) in list(volume.list(""))
    assert ("letter.txt", False) in list(volume.list("/"))
    assert list(volume.list("users/山田")) == [("Documents", True)]
    found = volume.find("USERS/山田/documents/予算.PDF")
    assert found is not None
    assert (found.path, found.size) == ("Users/山田/Documents/予算.pdf", len(PDF) * 400)
    assert volume.find("Users/nobody") is None
    with volume.open("LETTER.TXT:hidden.pdf") as file:
        file.seek(len(PDF) * 2999)
        assert file.read() == PDF
    for wrong in ("Users", "none.txt", "letter.txt:none"):
        with pytest.raises(FileNotFoundError):
            volume.open(wrong)
    with pytest.raises(FileNotFoundError):
        list(volume.list("letter.txt"))


@pytest.fixture
def fresh(tmp_path: Path) -> Callable[..., NtfsImage]:
    """An empty NTFS."""
    return lambda mib=16, **more: NtfsImage.make(tmp_path / "fresh.img", mib=mib, **more)


def test_what_was_overwritten_is_told_from_what_is_whole(fresh: Callable[..., NtfsImage]) -> None:
    image = fresh()
    with image.mounted() as root:
        (root / "early.pdf").write_bytes(PDF * 40_000)
        (root / "other.txt").write_bytes(b"x" * 100_000)
    with image.mounted() as root:
        (root / "early.pdf").unlink()
    assert seen(image.path) == {Seen("early.pdf", "pdf", DELETED, recoverable="yes")}
    with image.mounted() as root:
        # A record of its own, not that of the deleted file: it stands in front of it.
        filler = root / "other.txt"
        with filler.open("ab") as file:
            while True:
                try:
                    file.write(b"MZ" + bytes(65534))
                    file.flush()
                except OSError:
                    break
    assert seen(image.path) == {Seen("early.pdf", "pdf", DELETED, evidence="extension", recoverable="overwritten")}


def test_compressed_files_are_read(fresh: Callable[..., NtfsImage]) -> None:
    image = fresh()
    with image.mounted() as root:
        (root / "small").mkdir()
        set_attributes(root / "small", 0x810)  # FILE_ATTRIBUTE_COMPRESSED: what is made inside is compressed
        (root / "small" / "long.bin").write_bytes(PDF * 20_000)
        (root / "small" / "pack.bin").write_bytes(zipped({b"a.docx": DOCX, b"rest": bytes(300_000)}, packed=False))
    assert seen(image.path) == {
        Seen("small/long.bin", "pdf"),
        Seen("small/pack.bin", "docx", member="a.docx"),
    }


def test_a_file_whose_record_has_no_room_left_is_whole(fresh: Callable[..., NtfsImage]) -> None:
    """Many names and streams: $ATTRIBUTE_LIST, and most of the file stands in other records."""
    image = fresh()
    with image.mounted() as root:
        (root / "many.bin").write_bytes(PDF * 1000)
        for number in range(60):
            os.link(root / "many.bin", root / f"a rather long name of a link to the same file {number}.bin")
            (root / f"many.bin:a stream with a long name {number}").write_bytes(b"nothing to see " * 20)
        (root / "many.bin:the one").write_bytes(PDF)
    found = seen(image.path)
    assert {one for one in found if one.state is LIVE} == {
        Seen("many.bin", "pdf"),
        *(Seen(f"a rather long name of a link to the same file {number}.bin", "pdf") for number in range(60)),
    }
    assert Seen("many.bin:the one", "pdf", STREAM) in found
    assert gaps(image.path) == []


def test_a_file_in_thousands_of_pieces_is_whole(fresh: Callable[..., NtfsImage]) -> None:
    image = fresh(mib=32, cluster=512)
    content = zipped({b"a.docx": DOCX, b"rest": bytes(1_500_000)}, packed=False)
    with (
        image.mounted() as root,
        (root / "pieces.bin").open("wb", buffering=0) as pieces,
        (root / "between.bin").open("wb", buffering=0) as between,
    ):
        for at in range(0, len(content), 1024):
            pieces.write(content[at : at + 1024])
            between.write(bytes(1024))
    assert seen(image.path) == {Seen("pieces.bin", "docx", member="a.docx")}


def test_content_that_is_elsewhere_is_a_gap(fresh: Callable[..., NtfsImage]) -> None:
    image = fresh()
    with image.mounted() as root:
        (root / "in-the-cloud.docx").write_bytes(b"\0" * 5000)
        set_attributes(root / "in-the-cloud.docx", OFFLINE)
        (root / "deduplicated.docx").touch()
        set_reparse(root / "deduplicated.docx", 0x80000013, bytes(16))
        (root / "kept.bin").write_bytes(PDF)
        set_reparse(root / "kept.bin", 0x9000601A, bytes(16))  # a OneDrive file that is also kept here
    assert seen(image.path) == {Seen("kept.bin", "pdf")}
    assert gaps(image.path) == [("deduplicated.docx", "unsupported"), ("in-the-cloud.docx", "placeholder")]
