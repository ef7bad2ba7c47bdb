"""Disk images among the files: real ones of every format, entered; and what is said of those that cannot be."""

from __future__ import annotations

import lzma
import shutil
import subprocess
from pathlib import Path

import pytest
from audit_cli import Said, put
from audit_cli import audit as looked
from audit_tree import audit as brought
from identified import kinds, look, zipped
from image_reading import DOCX, PDF, gaps, mbr
from ntfs_image import NtfsImage, convert, need
from test_audit_image_cli import audit as without
from test_audit_weak_kinds import tiff

from dongle_cli.audit.identify import Limits
from dongle_cli.audit.model import Gap, Hit
from dongle_cli.errors import ExitCode

SHARED = Path(__file__).resolve().parents[3] / "shared" / "images"
FOLDER = "Users/sakura/Documents"
WANTED = {("home/予算.pdf", "pdf"), ("pack.zip/議事録.bin", "docx")}


def made(*command: str | Path) -> None:
    """A program that has to succeed."""
    subprocess.run(command, check=True, capture_output=True)


def ext4(path: Path, files: dict[str, bytes], mib: int = 8) -> Path:
    """An ext4 with these files."""
    content = path.with_name(path.name + ".content")
    put(content, files)
    with path.open("wb") as file:
        file.truncate(mib << 20)
    made(need("mkfs.ext4", "e2fsprogs"), "-q", "-F", "-d", content, path)
    shutil.rmtree(content)
    return path


def iso(path: Path, files: dict[str, bytes], *options: str) -> Path:
    """A CD with these files; with "-J" their names are Unicode."""
    content = path.with_name(path.name + ".content")
    put(content, files)
    made(need("genisoimage", "genisoimage"), "-quiet", "-input-charset", "utf-8", *options, "-o", path, content)
    shutil.rmtree(content)
    return path


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An ext4 with two documents, one of them in an archive."""
    files = {"home/予算.pdf": PDF * 2000, "home/text": b"text", "pack.zip": zipped({"議事録.bin": DOCX})}
    return ext4(tmp_path_factory.mktemp("disk") / "ext4", files)


@pytest.fixture
def laptop(tmp_path: Path) -> Path:
    """The root of a mounted disk, with a folder for documents in it."""
    return put(tmp_path / "laptop", {f"{FOLDER}/notes.txt": "notes", "Windows/System32/x": ""})


def audit(root: Path, *arguments: str | Path) -> Said:
    return looked(root.parent / "home", root, "--policy", "strict", *arguments)


def told(said: Said) -> set[tuple[str, str]]:
    return {(one["member"], one["kind"]) for one in said.findings}


def reasons(said: Said) -> list[tuple[str, str | None, str]]:
    return sorted((one["path"].rpartition("/")[2], one["member"], one["reason"]) for one in said.gaps)


@pytest.mark.parametrize(
    ("format", "options"),
    [
        ("raw", ()), ("qcow2", ()), ("vhdx", ()), ("vpc", ("subformat=dynamic",)), ("vpc", ("subformat=fixed",)),
        ("vmdk", ("subformat=monolithicSparse",)), ("vmdk", ("subformat=streamOptimized",)), ("vdi", ()),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)  # fmt: skip
def test_every_format_is_entered_whatever_its_name(
    disk: Path, laptop: Path, format: str, options: tuple[str, ...]
) -> None:
    convert(disk, laptop / FOLDER / "holiday.jpg", format, *options)
    said = audit(laptop)
    assert told(said) == WANTED
    assert (said.exit, said.gaps) == (ExitCode.FINDINGS, [])
    word = {"vpc": "vhd"}.get(format, format)
    for one in said.findings:
        assert (one["path"], one["place"], one["state"]) == (f"{FOLDER}/holiday.jpg", "documents", "live")
        assert one["detail"]["disk_image"] == word
    assert {one["size"] for one in said.findings} == {len(PDF) * 2000, len(DOCX)}
    assert said.summary["files"] == 3 + 3, "what is on the disk was looked at too"


def test_a_disk_in_several_files(disk: Path, laptop: Path) -> None:
    big = laptop.parent / "big"  # so that there is a second extent of 2 GiB
    shutil.copy(disk, big)
    with big.open("r+b") as file:
        file.truncate(3 << 30)
    convert(big, laptop / FOLDER / "split.vmdk", "vmdk", "subformat=twoGbMaxExtentSparse")
    assert (laptop / FOLDER / "split-s002.vmdk").exists()
    said = audit(laptop)
    assert (told(said), said.gaps) == (WANTED, [])
    assert {one["path"] for one in said.findings} == {f"{FOLDER}/split.vmdk"}
    (laptop / FOLDER / "split.vmdk").unlink()
    said = audit(laptop)
    assert reasons(said) == [(f"split-s00{number}.vmdk", None, "unsupported") for number in (1, 2)]


@pytest.mark.parametrize("system", ["ntfs", "ext4"])
def test_a_disk_in_several_files_on_an_image(disk: Path, tmp_path: Path, system: str) -> None:
    files = tmp_path / "files"
    files.mkdir()
    convert(disk, files / "flat.vmdk", "vmdk", "subformat=monolithicFlat")
    made(need("ewfacquire", "ewf-tools"), "-u", "-q", "-c", "deflate:none", "-S", "1MiB", "-t", files / "parts", disk)
    image = tmp_path / "image"
    if system == "ntfs":
        volume = NtfsImage.make(image, mib=64)
        volume.fill(files)
    else:
        ext4(image, {path.name: path.read_bytes() for path in files.iterdir()}, 64)
    said = looked(tmp_path / "home", image, "--policy", "strict")
    assert {(one["path"], one["member"]) for one in said.findings} == {
        (path, member) for path in ("flat.vmdk", "parts.E01") for member, _kind in WANTED
    }
    assert said.gaps == []


def test_an_e01_is_entered_and_a_part_of_one_is_told(disk: Path, laptop: Path) -> None:
    command = [need("ewfacquire", "ewf-tools"), "-u", "-q", "-c", "deflate:none"]
    made(*command, "-t", laptop / FOLDER / "whole", disk)
    said = audit(laptop)
    assert (told(said), said.gaps) == (WANTED, [])
    (laptop / FOLDER / "whole.E01").unlink()
    made(*command, "-S", "1MiB", "-t", laptop / FOLDER / "parts", disk)
    said = audit(laptop)
    assert (told(said), said.gaps) == (WANTED, [])
    (laptop / FOLDER / "parts.E01").unlink()
    said = audit(laptop)
    assert (said.exit, {reason for _path, _member, reason in reasons(said)}) == (ExitCode.INCOMPLETE, {"unsupported"})


def test_ntfs_with_streams_and_what_was_deleted(tmp_path: Path, laptop: Path) -> None:
    volume = NtfsImage.make(tmp_path / "ntfs", mib=8)
    with volume.mounted() as root:
        (root / "a.txt").write_bytes(b"MZ")
        (root / "a.txt:b").write_bytes(PDF)
        (root / "gone.xls").write_bytes(PDF * 300)
    with volume.mounted() as root:
        (root / "gone.xls").unlink()
    plain = tmp_path / "plain"
    plain.write_bytes(mbr((7, 1, (8 << 20) // 512)) + volume.path.read_bytes())
    convert(plain, laptop / FOLDER / "backup.vhdx", "vhdx")
    said = audit(laptop)
    found = {one["member"]: one for one in said.findings}
    assert found.keys() == {"p1/a.txt:b", "p1/gone.xls"}
    stream, gone = found["p1/a.txt:b"], found["p1/gone.xls"]
    assert (stream["state"], stream["place"], stream["detail"]["place"]) == ("stream", "stream", "documents")
    assert (gone["state"], gone["recoverable"], gone["rule"]) == ("deleted", "yes", "E-deleted-documents")
    assert said.gaps == []


def test_the_disk_of_wsl_is_a_place(disk: Path, laptop: Path) -> None:
    folder = laptop / "Users/sakura/AppData/Local/Packages/CanonicalGroupLimited.Ubuntu_x/LocalState"
    folder.mkdir(parents=True)
    convert(disk, folder / "ext4.vhdx", "vhdx")
    said = audit(laptop)
    assert told(said) == WANTED
    assert {one["place"] for one in said.findings} == {"wsl"}


def test_the_disk_of_docker_is_a_place(disk: Path, laptop: Path) -> None:
    folder = laptop / "Users/sakura/AppData/Local/Docker/wsl/disk"
    folder.mkdir(parents=True)
    convert(disk, folder / "docker_data.vhdx", "vhdx")
    assert {one["place"] for one in audit(laptop).findings} == {"container-storage"}


def test_disks_in_disks_are_entered_twice(tmp_path: Path, laptop: Path) -> None:
    third = iso(tmp_path / "third", {"c.pdf": PDF})
    second = ext4(tmp_path / "second", {"b.pdf": PDF, "third.iso": third.read_bytes()})
    convert(second, tmp_path / "second.qcow2", "qcow2")
    ext4(laptop / FOLDER / "first.img", {"a.pdf": PDF, "second": (tmp_path / "second.qcow2").read_bytes()}, 16)
    said = audit(laptop)
    assert told(said) == {("a.pdf", "pdf"), ("second/b.pdf", "pdf")}
    assert reasons(said) == [("first.img", "second/third.iso", "limit")]
    said = looked(tmp_path / "home", laptop / FOLDER / "first.img", "--policy", "strict")  # as the target itself
    assert {(one["path"], one["member"]) for one in said.findings} == {
        ("a.pdf", None), ("second", "b.pdf"), ("second", "third.iso/C.PDF"),
    }  # fmt: skip
    assert said.gaps == []


def test_cds(tmp_path: Path, laptop: Path) -> None:
    long = {"写真/予算の表 2026年度.pdf": PDF, "read.me": b"text"}
    iso(laptop / FOLDER / "plain.iso", {"a.pdf": PDF})
    iso(laptop / FOLDER / "joliet.ISO", long, "-J")
    iso(laptop / FOLDER / "photo.img", long, "-J", "-r")
    said = audit(laptop)
    assert {(one["path"].rpartition("/")[2], one["member"]) for one in said.findings} == {
        ("plain.iso", "A.PDF"),
        *((name, "写真/予算の表 2026年度.pdf") for name in ("joliet.ISO", "photo.img")),
    }
    assert said.gaps == []
    iso(laptop / FOLDER / "bridge.iso", {"a.pdf": PDF}, "-udf")
    said = audit(laptop)
    assert len(said.findings) == 4
    assert reasons(said) == [("bridge.iso", None, "unsupported")]  # the UDF may show more than the ISO 9660


def gapped(path: Path, laptop: Path) -> tuple[str, str]:
    """Reason and detail of the one gap that the file, moved into the laptop, makes."""
    target = laptop / FOLDER / path.name
    path.rename(target)
    said = audit(laptop)
    target.unlink()
    assert (said.exit, said.findings) == (ExitCode.INCOMPLETE, [])
    (gap,) = said.gaps
    assert gap["path"] == f"{FOLDER}/{path.name}"
    return gap["reason"], gap["detail"]


def test_what_cannot_be_entered_is_told(disk: Path, tmp_path: Path, laptop: Path) -> None:
    base = convert(disk, tmp_path / "base.qcow2", "qcow2")
    made("qemu-img", "create", "-f", "qcow2", "-b", base, "-F", "qcow2", tmp_path / "snapshot.qcow2")
    assert gapped(tmp_path / "snapshot.qcow2", laptop)[0] == "unsupported"
    made("qemu-img", "create", "-f", "vhdx", tmp_path / "empty.vhdx", "8M")
    assert gapped(tmp_path / "empty.vhdx", laptop)[0] == "unsupported"
    convert(disk, tmp_path / "flat.vmdk", "vmdk", "subformat=monolithicFlat")
    (tmp_path / "flat-flat.vmdk").unlink()
    assert gapped(tmp_path / "flat.vmdk", laptop)[0] == "damaged"
    convert(disk, tmp_path / "split.vmdk", "vmdk", "subformat=twoGbMaxExtentSparse")
    reason, detail = gapped(tmp_path / "split-s001.vmdk", laptop)
    assert reason == "unsupported" and "part of a disk" in detail
    luks = tmp_path / "container"
    luks.write_bytes(b"LUKS\xba\xbe\x00\x02" + bytes(2 << 20))
    assert gapped(luks, laptop)[0] == "encrypted"
    whole = convert(disk, tmp_path / "whole.vhdx", "vhdx").read_bytes()
    (tmp_path / "cut.vhdx").write_bytes(whole[: 1 << 20])
    assert gapped(tmp_path / "cut.vhdx", laptop)[0] == "damaged"
    (tmp_path / "head.vhdx").write_bytes(b"vhdxfile")
    assert gapped(tmp_path / "head.vhdx", laptop)[0] == "damaged"
    (tmp_path / "broken.iso").write_bytes(bytes(range(256)) * 400)
    assert gapped(tmp_path / "broken.iso", laptop)[0] == "unsupported"
    (tmp_path / "disks.zip").write_bytes(zipped({"a/disk.qcow2": base.read_bytes()}))
    reason, detail = gapped(tmp_path / "disks.zip", laptop)
    assert reason == "unsupported" and "unpack" in detail


def real(name: str) -> Path:
    """One of the images that others made."""
    if not (SHARED / name).exists():
        pytest.skip(f"the real images are not beside the repository ({SHARED})")
    return SHARED / name


def test_a_bitlocker_volume_on_it_is_told(laptop: Path) -> None:
    volume = lzma.decompress(real("bitlk-aes-xts-128.img.xz").read_bytes())
    (laptop / FOLDER / "locked.img").write_bytes(mbr((7, 1, len(volume) // 512)) + volume)
    said = audit(laptop)
    assert said.exit == ExitCode.INCOMPLETE
    assert reasons(said) == [("locked.img", "p1", "encrypted")]


def test_what_only_its_shadow_copy_keeps(laptop: Path, tmp_path: Path) -> None:
    shutil.copy(real("vsstest.qcow2"), laptop / FOLDER)
    policy = tmp_path / "text.toml"
    policy.write_text('schema = 1\n[documents]\nkinds = ["txt"]\n')
    found = looked(tmp_path / "home", laptop, "--policy", policy).findings
    kept = {(one["member"], one["place"], one["store"]) for one in found if one["state"] == "shadow"}
    assert kept == {("syslog", "shadow", 1)}


@pytest.mark.parametrize(("module", "format"), [("pytsk3", "qcow2"), ("pyvhdi", "vhdx")])
def test_the_missing_extra_is_named(disk: Path, laptop: Path, module: str, format: str) -> None:
    convert(disk, laptop / FOLDER / "disk", format)
    code, said, _errors = without(laptop.parent / "home", laptop, without=module)
    (gap,) = (one for one in said if one["type"] == "gap")
    assert (code, gap["reason"]) == (ExitCode.INCOMPLETE, "extra-missing")
    assert module in gap["detail"] and "[images]" in gap["detail"]


def test_files_that_only_look_like_disks_are_passed_over(disk: Path, laptop: Path) -> None:
    boot = mbr((7, 1, 100))
    put(
        laptop / FOLDER,
        {
            "boot.img": boot, "$Boot": boot.ljust(8192, b"\0"), "firmware.bin": bytes(range(256)) * 1000,
            "initrd.img": b"070701" + b"0" * 100_000, "zeros": bytes(2 << 20), "empty.iso": b"",
            "list.iso": "Debian\nUbuntu\n", "small": boot + bytes(100_000),
            "code.bin": b"\xe9" + bytes(range(1, 256)) * 80,
        },
    )  # fmt: skip
    said = audit(laptop)
    assert (said.exit, said.findings, said.gaps) == (ExitCode.DONE, [], [])
    assert kinds(tiff(2480, 3507), "page.img") == ["scan"]  # and what it is counts for more than its name


@pytest.mark.timeout(60)
def test_sparse_files_as_large_as_a_disk_end_soon(disk: Path, laptop: Path) -> None:
    for name, head in (("huge.img", mbr((7, 1, 0xFFFFFFF0))), ("huge.iso", b""), ("huge.vhd", b"conectix")):
        with (laptop / FOLDER / name).open("wb") as file:
            file.write(head)
            file.truncate(4 << 40)
    shutil.copy(disk, laptop / FOLDER / "long.img")
    with (laptop / FOLDER / "long.img").open("r+b") as file:
        file.truncate(4 << 40)
    said = audit(laptop)
    assert told(said) == WANTED
    assert {path for path, _member, _reason in reasons(said)} == {"huge.img", "huge.iso", "huge.vhd"}


@pytest.mark.timeout(60)
def test_a_disk_that_keeps_its_reader_busy_ends_at_the_limit(tmp_path: Path) -> None:
    (tmp_path / "content").mkdir()
    (tmp_path / "content" / "a.pdf").write_bytes(PDF)
    image = tmp_path / "ext2.img"
    made(need("mke2fs", "e2fsprogs"), "-q", "-F", "-t", "ext2", "-d", tmp_path / "content", image, "512")
    made(need("debugfs", "e2fsprogs"), "-w", "-R", f"sif /a.pdf size {1 << 62}", image)
    (gap,) = look(image.read_bytes(), "ext2.img", seconds=2.0)
    assert isinstance(gap, Gap)
    assert (gap.reason, gap.detail) == ("limit", "2 s")
    assert gaps(image, limits=Limits(quiet=2.0)) == [("", "limit")], "and as the target itself"


def test_what_is_too_much_for_one_file_is_told(tmp_path: Path) -> None:
    image = ext4(tmp_path / "many.img", {f"{number}.pdf": PDF for number in range(30)}).read_bytes()
    found = look(image, "many.img", entries=20)
    assert sum(isinstance(one, Hit) for one in found) >= 20
    assert [(one.reason, one.path) for one in found if isinstance(one, Gap)] == [("limit", "many.img")]
    (gap,) = (one for one in look(image, "many.img", files=3) if isinstance(one, Gap))
    assert (gap.reason, gap.detail) == ("limit", "more than 3 files")


def test_policy_and_exceptions_speak_of_the_image(disk: Path, laptop: Path, tmp_path: Path) -> None:
    convert(disk, laptop / FOLDER / "disk.vdi", "vdi")
    policy = tmp_path / "mine.toml"
    policy.write_text('schema = 1\n[documents]\nallow = ["Users/*/Documents/*.vdi"]\n')
    said = looked(tmp_path / "home", laptop, "--policy", policy)
    assert (said.exit, said.findings, said.summary["permitted"]) == (ExitCode.DONE, [], 2)
    policy.write_text('schema = 1\n[documents]\nallow = ["home/**"]\n')
    assert len(looked(tmp_path / "home", laptop, "--policy", policy).findings) == 2


def test_its_names_are_masked(disk: Path, laptop: Path) -> None:
    convert(disk, laptop / FOLDER / "disk.qcow2", "qcow2")
    said = audit(laptop, "--mask-names")
    assert len(said.findings) == 2
    for one in said.findings:
        assert "予算" not in one["member"] and "議事録" not in one["member"]
        assert one["detail"]["disk_image"] == "qcow2"


def test_numbers_on_it_are_not_counted_and_that_is_told(disk: Path, laptop: Path) -> None:
    convert(disk, laptop / FOLDER / "disk.qcow2", "qcow2")
    said = audit(laptop, "--pii")
    assert told(said) == WANTED
    assert {(gap["reason"], gap["member"]) for gap in said.gaps} == {
        ("unsupported", member) for member, _kind in WANTED
    }


def test_a_document_on_it_is_not_brought_home(disk: Path, laptop: Path, tmp_path: Path) -> None:
    image = convert(disk, laptop / FOLDER / "disk.qcow2", "qcow2")
    whole = image.read_bytes()
    put(laptop, {f"{FOLDER}/plain.pdf": PDF})
    (tmp_path / "share").mkdir()
    arguments = ("--policy", "strict", "--format", "json", "--repatriate", tmp_path / "share", "--remove", "--yes")
    ran = brought(tmp_path / "home", laptop, *arguments)
    assert {(one["path"], one["result"], one["detail"]) for one in ran.of("moved")} == {
        (f"{FOLDER}/disk.qcow2", "skipped", "disk-image"), (f"{FOLDER}/plain.pdf", "removed", ""),
    }  # fmt: skip
    assert image.read_bytes() == whole
    assert [path.name for path in (tmp_path / "share").rglob("*") if path.is_file()] == ["plain.pdf"]
