"""The live source of Windows, on a system that answers as its documentation says; it was not yet run on a real one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from document_bytes import PDF
from windows_root import MOVED, SIDS, build, hives
from windows_system import System, Tree, refused

from dongle_cli.audit.hives.live import MACHINE, USERS
from dongle_cli.audit.hives.registry import Registry
from dongle_cli.audit.identify.limits import Limits
from dongle_cli.audit.model import Entry, Gap, Hit, State, Tally
from dongle_cli.audit.places import Places
from dongle_cli.audit.sources.windows import WindowsSource, WindowsVolume, drive_names, stream_name, whole, why

CLOUD, JUNCTION, COMPRESSED = 0x9000601A, 0xA0000003, 0x80000017


def test_what_the_calls_answer() -> None:
    assert drive_names("C:\\\0D:\\\0\0") == ["C:", "D:"]
    assert drive_names("\0") == []
    names = [stream_name(raw) for raw in ("::$DATA", ":hidden.pdf:$DATA", ":Zone.Identifier:$DATA", ":x:$BITMAP", "")]
    assert names == [None, "hidden.pdf", "Zone.Identifier", None, None]
    assert [why(refused(code, "x")) for code in (2, 5, 32, 33, 6000, -2144272384, 1392)] == [
        "vanished", "permission", "locked", "locked", "encrypted", "encrypted", "damaged"
    ]  # fmt: skip


def looked(system: System, **more: Any) -> tuple[dict[tuple[str, str], Hit], set[tuple[str, str, str]], list[Tally]]:
    found = list(WindowsSource(system, Limits(), **more).scan())
    hits = {(hit.entry.volume, hit.entry.path): hit for hit in found if isinstance(hit, Hit)}
    gaps = {(gap.volume, gap.path, gap.reason) for gap in found if isinstance(gap, Gap)}
    return hits, gaps, [one for one in found if isinstance(one, Tally)]


def put(root: Path, *paths: str) -> Path:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(PDF)
    return root


def test_attributes_are_asked_before_anything_is_opened(tmp_path: Path) -> None:
    root = put(tmp_path, "plain.pdf", "kept.pdf", "cloud.pdf", "old.pdf", "packed.pdf", "away/x.pdf", "app.exe")
    system = System(
        {"C:": root},
        marked={
            "C:/kept.pdf": (0x420, CLOUD), "C:/cloud.pdf": (0x400420, CLOUD), "C:/old.pdf": (0x1020, 0),
            "C:/packed.pdf": (0x420, COMPRESSED), "C:/away": (0x410, JUNCTION), "C:/app.exe": (0x420, 0x8000001B),
        },
    )  # fmt: skip
    hits, gaps, tallies = looked(system)
    assert set(hits) == {("C:", "plain.pdf"), ("C:", "kept.pdf"), ("C:", "packed.pdf")}
    assert gaps == {("C:", "cloud.pdf", "placeholder"), ("C:", "old.pdf", "placeholder")}
    assert not {"C:/cloud.pdf", "C:/old.pdf", "C:/away/x.pdf", "C:/app.exe"} & set(system.opened)
    assert sum(one.files for one in tallies) == 5


def test_streams_of_files_and_folders(tmp_path: Path) -> None:
    root = put(tmp_path, "data/note.txt")
    (root / "data/note.txt").write_text("nothing")
    hidden = {"C:/data/note.txt": {"a.pdf": PDF, "Zone.Identifier": b"[ZoneTransfer]\r\n"}, "C:/data": {"b.pdf": PDF}}
    hits, gaps, _tallies = looked(System({"C:": root}, hidden=hidden))
    assert {path for _drive, path in hits} == {"data/note.txt:a.pdf", "data:b.pdf"}
    assert {hit.entry.state for hit in hits.values()} == {State.STREAM}
    assert not gaps


def test_drives_of_every_kind(tmp_path: Path) -> None:
    letters = {name: put(tmp_path / name[0], "a.pdf") for name in ("C:", "D:", "E:", "F:", "S:", "Z:")}
    kinds = {"D:": 2, "E:": 5, "Z:": 4}
    errors = {"E:": 21, "F:": -2144272384}  # no disc in it; locked by BitLocker
    system = System(letters, kinds, {"S:": "C:\\"}, errors=errors)  # SUBST: the same volume again
    hits, gaps, _tallies = looked(system)
    assert set(hits) == {("C:", "a.pdf"), ("D:", "a.pdf")}
    assert gaps == {("F:", "", "encrypted")}
    _hits, gaps, _tallies = looked(system, ask_network=True)
    assert ("Z:", "", "network") in gaps
    assert [volume.name for volume in WindowsSource(system, Limits()).volumes()] == ["C:", "D:", "E:", "F:"]


def test_what_cannot_be_opened_is_told_unless_windows_itself_holds_it(tmp_path: Path) -> None:
    root = put(tmp_path, "a.pdf", "b.pdf", "c/d.pdf", "pagefile.sys", "x/pagefile.sys", "Users/a/NTUSER.DAT",
               "Users/a/ntuser.dat.LOG1", "Windows/System32/config/SYSTEM")  # fmt: skip
    held = dict.fromkeys(("pagefile.sys", "x/pagefile.sys", "Users/a/NTUSER.DAT", "Users/a/ntuser.dat.LOG1",
                          "Windows/System32/config/SYSTEM", "a.pdf"), 32)  # fmt: skip
    errors = {f"C:/{path}": code for path, code in {**held, "b.pdf": 5, "c": 5}.items()}
    hits, gaps, _tallies = looked(System({"C:": root}, errors=errors))
    assert not hits
    assert gaps == {
        ("C:", "a.pdf", "locked"), ("C:", "x/pagefile.sys", "locked"), ("C:", "b.pdf", "permission"),
        ("C:", "c", "permission"),
    }  # fmt: skip


def shell(tree: dict[str, Any]) -> dict[str, Any]:
    return {"Software": {"Microsoft": {"Windows": {"CurrentVersion": {"Explorer": {"User Shell Folders": tree}}}}}}


@pytest.fixture
def running(tmp_path: Path) -> Iterator[System]:
    """A Windows whose kaede is logged on: her hive and the machine's are locked."""
    build(tmp_path / "c")
    people = {sid: {"ProfileImagePath": rf"C:\Users\{name}"} for name, sid in SIDS.items()}
    machine = {"Microsoft": {"Windows NT": {"CurrentVersion": {"ProfileList": people}}}, "Policies": {"X": {"On": 1}}}
    system = {"Select": {"Current": 3}, "ControlSet003": {"Services": {"A": {"Start": 4}}}}
    users = {SIDS["kaede"]: shell(MOVED), f"{SIDS['kaede']}_Classes": {}}
    tree = Tree({MACHINE: {"SOFTWARE": machine, "SYSTEM": system}, USERS: users})
    locked = [path for path in hives() if "config" in path or "kaede/" in path]
    yield System({"C:": tmp_path / "c"}, errors={f"C:/{path}": 32 for path in locked}, tree=tree)
    shutil.rmtree(tmp_path / "c")


def test_loaded_hives_are_asked_by_name_and_the_others_read(running: System) -> None:
    volume = WindowsVolume(running, "C:", "C:")
    it = Registry(volume)
    assert it.read(r"HKLM\SOFTWARE\Policies\X", "On").data == 1
    assert it.read(r"HKLM\SYSTEM\CurrentControlSet\Services\A", "Start").data == 4
    assert it.read(r"HKLM\SOFTWARE\Policies\Y", "On").data is None
    places = Places([Registry(volume)])
    said = [places.of(Entry(path, volume="C:")) for path in ("Data/受信/a.pdf", "Users/sakura/Desktop/a.pdf")]
    assert [(place.word, place.user) for place in said] == [("downloads", "kaede"), ("desktop", "sakura")]
    assert not list(places.unread())


def test_a_registry_that_refuses_is_not_an_empty_one(tmp_path: Path) -> None:
    class Refusing(Tree):
        def OpenKeyEx(self, key: Any, sub_key: str, reserved: int, access: int) -> Any:
            raise refused(5, sub_key)

    put(tmp_path, "Windows/System32/config/SOFTWARE")
    places = Places([Registry(WindowsVolume(System({"C:": tmp_path}, tree=Refusing({})), "C:", "C:"))])
    assert [(gap.path, gap.reason) for gap in places.unread()] == [("Windows/System32/config/SOFTWARE", "permission")]


def test_one_folder(tmp_path: Path) -> None:
    root = put(tmp_path, "data/x/a.pdf", "b.pdf", "Windows/System32/config/SOFTWARE")
    system = System({"C:": root})
    hits, _gaps, _tallies = looked(system, target="C:\\data\\")
    assert set(hits) == {("", "x/a.pdf")}
    (volume,) = WindowsSource(system, Limits(), "C:\\data").volumes()
    assert [name for name, folder in volume.list("") if folder] == ["x"]
    assert volume.find("X/none") is None
    assert whole("C:", "a/b") == r"\\?\C:\a\b"
    assert whole(r"\\srv\share", "a") == r"\\?\UNC\srv\share\a"
