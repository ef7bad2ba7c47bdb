"""Everything that is hidden on a disk of Windows is found, each in its place, and nothing else is."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from audit_tree import audit
from image_reading import mbr
from ntfs_image import NtfsImage
from windows_root import BIG, CLOUD, WSL, Planted, build, data, delete, elsewhere, hide


def audited(target: Path) -> tuple[int, list[dict[str, Any]]]:
    ran = audit(target.parent / "home", target, "--policy", "strict", "--format", "json", "--jobs", "2")
    assert not ran.err
    return ran.code, ran.lines


def named(line: dict[str, Any]) -> Planted:
    """A finding as what was planted."""
    detail = line["detail"]
    return Planted(line["path"], line["kind"], line["place"], detail.get("user"), detail.get("place"), line["member"],
                   detail.get("original"), line["state"])  # fmt: skip


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Planted]]:
    """An NTFS that holds the same as the folder, and what only an NTFS can hold."""
    image = NtfsImage.make(tmp_path_factory.mktemp("windows") / "c.img", mib=48)
    with image.mounted() as root:
        planted = build(root) + hide(root)
        elsewhere(root)
    with image.mounted() as root:
        delete(root)
    return image.path, planted


GAPS = {WSL: "damaged"}  # only the first bytes of a VHDX
CLOUDED = {**GAPS, CLOUD: "placeholder"}


def check(target: Path, planted: list[Planted], gaps: dict[str, str] = GAPS) -> list[dict[str, Any]]:
    """Everything planted is found, once, and nothing else; `gaps` are what was not looked at."""
    code, lines = audited(target)
    found = [line for line in lines if line["type"] == "finding" and line["place"] != "settings"]
    assert sorted(map(named, found), key=repr) == sorted(planted, key=repr)
    said = [(line["path"], line["reason"]) for line in lines if line["type"] == "gap"]
    assert sorted(said) == sorted(gaps.items())
    assert code == 5
    return found


def test_a_windows_disk_as_a_folder(tmp_path: Path) -> None:
    root = tmp_path / "disk"
    planted = build(root, cp932=True)
    (root / "Documents and Settings").symlink_to(root / "Users")  # as Linux shows a junction
    (root / "Users/sakura/loop").symlink_to(root, target_is_directory=True)
    (root / "Users/sakura/out").symlink_to("/etc")
    (root / "Users/sakura/b.pdf").symlink_to(root / "top.pdf")
    check(root, planted)


@pytest.mark.parametrize("interface", ["windows", "xattr"])
def test_a_windows_disk_that_is_mounted(disk: tuple[Path, list[Planted]], interface: str) -> None:
    image, planted = disk
    planted = [one for one in planted if one.state != "deleted"]
    gaps = CLOUDED
    if interface == "xattr":  # Linux hands out 64 KiB of an attribute; the rest is told
        planted = [one for one in planted if one.path != BIG]
        gaps = {**CLOUDED, BIG: "unsupported"}
    with NtfsImage(image).mounted(f"ro,streams_interface={interface}") as root:
        check(root, planted, gaps)


def test_streams_that_a_mount_hides_are_told(disk: tuple[Path, list[Planted]]) -> None:
    image, planted = disk
    with NtfsImage(image).mounted("ro,streams_interface=none") as root:
        check(root, [one for one in planted if one.state == "live"], {**CLOUDED, ".": "unsupported"})


_INNER = {"folder": None, "windows-old": "documents"}


def test_a_windows_disk_below_a_folder(tmp_path: Path) -> None:
    planted = [replace(one, path=f"mnt/c/{one.path}") for one in build(tmp_path / "mnt/c")]
    (tmp_path / "etc").mkdir()
    (tmp_path / "usr").mkdir()
    planted = [
        one if one.place in ("other-volume", "recycle-bin") else
        replace(one, place="other-volume", hint=_INNER.get(one.place, one.place)) for one in planted
    ]  # fmt: skip
    check(tmp_path, planted, {f"mnt/c/{WSL}": "damaged"})


def test_a_windows_disk_as_an_image(disk: tuple[Path, list[Planted]]) -> None:
    image, planted = disk
    found = check(image, planted, CLOUDED)
    assert {line["recoverable"] for line in found if line["state"] == "deleted"} == {"yes"}


def test_an_image_with_a_second_volume(disk: tuple[Path, list[Planted]], tmp_path: Path) -> None:
    image, planted = disk
    second = NtfsImage.make(tmp_path / "d.img", mib=8)
    with second.mounted() as root:
        more = data(root)
    first, last = (path.stat().st_size // 512 for path in (image, second.path))
    whole = tmp_path / "whole.img"
    with whole.open("wb") as file:
        file.write(mbr((7, 2048, first), (7, 2048 + first, last)))
        for at, path in ((2048, image), (2048 + first, second.path)):
            file.seek(at * 512)
            file.write(path.read_bytes())
    found = check(whole, planted + more, CLOUDED)
    assert {line["volume"] for line in found} == {"p1", "p2"}


def test_the_image_is_not_written_to(disk: tuple[Path, list[Planted]]) -> None:
    image, _planted = disk
    before = hashlib.sha256(image.read_bytes()).hexdigest()
    audited(image)
    assert hashlib.sha256(image.read_bytes()).hexdigest() == before
