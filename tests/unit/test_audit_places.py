"""Places: by path, by the registry, by the records of bins and browsers; and what is left when those are bad."""

from __future__ import annotations

import sqlite3
import struct
from pathlib import Path
from typing import Any

import pytest
from folder_volume import FolderVolume, put
from hive_writer import Expand, hive

from dongle_cli.audit.hives.registry import Registry
from dongle_cli.audit.model import Entry, Gap, State
from dongle_cli.audit.places import Place, Places, recycle, trash
from dongle_cli.audit.places.tables import BY_NAME, OF_A_PERSON, OF_A_SYSTEM
from dongle_cli.audit.places.words import WORDS

SHARED = next((up / "shared" / "images" for up in Path(__file__).resolve().parents if (up / "shared").is_dir()), None)
SAKURA, KAEDE = "S-1-5-21-1-2-3-1001", "S-1-5-21-1-2-3-1002"
_FOLDERS = "User Shell Folders"


def software(**people: str) -> bytes:
    listed = {sid: {"ProfileImagePath": Expand(path)} for sid, path in people.items()}
    return hive({"Microsoft": {"Windows NT": {"CurrentVersion": {"ProfileList": listed}}}})


def person(shell: dict[str, Any], **software_keys: Any) -> bytes:
    explorer = {"Windows": {"CurrentVersion": {"Explorer": {_FOLDERS: shell}}}}
    return hive({"Software": {"Microsoft": {**explorer, **software_keys}}})


def record(path: str, *, version: int = 2, size: int = 10, when: int = 131_000_000_000_000_000) -> bytes:
    text = path.encode("utf-16-le", "surrogatepass")
    head = struct.pack("<QQQ", version, size, when)
    if version == 1:
        return head + text.ljust(520, b"\0")
    return head + struct.pack("<I", len(path) + 1) + text + b"\0\0"


def windows(root: Path, files: dict[str, bytes | str]) -> FolderVolume:
    listed = {SAKURA: r"C:\Users\sakura", KAEDE: r"%SystemDrive%\Users\kaede"}
    base: dict[str, bytes | str] = {
        "Windows/System32/config/SOFTWARE": software(**listed),
        "Users/sakura/NTUSER.DAT": person({"Personal": Expand(r"%USERPROFILE%\Documents")}),
        "Users/kaede/NTUSER.DAT": person({}),
        "Users/Public/desktop.ini": "",
    }
    return put(root, {**base, **files})


def of(places: Places, path: str, state: State = State.LIVE, volume: str = "") -> Place:
    return places.of(Entry(path, state=state, volume=volume))


WHERE = {
    "Users/sakura/Desktop/a.pdf": ("desktop", "sakura", None),
    "Users/SAKURA/documents/x/a.pdf": ("documents", "sakura", None),
    "Users/sakura/Downloads/a.pdf": ("downloads", "sakura", None),
    "Users/sakura/Pictures/a.pdf": ("pictures", "sakura", None),
    "Users/sakura/a.pdf": ("profile", "sakura", None),
    "Users/sakura/projects/a.pdf": ("profile", "sakura", None),
    "Users/Public/a.pdf": ("public", None, None),
    "Users/Public/Documents/a.pdf": ("public", None, "documents"),
    "Users/Default/Desktop/a.pdf": ("default-profile", "Default", "desktop"),
    "Users/old.000/Desktop/a.pdf": ("profile-leftover", "old.000", "desktop"),
    "Users/sakura/AppData/Local/Microsoft/Outlook/a.ost": ("outlook", "sakura", None),
    "Users/sakura/Documents/Outlook Files/a.pst": ("outlook", "sakura", "documents"),
    "Users/sakura/AppData/Local/Microsoft/Windows/INetCache/Content.Outlook/AB12/a.doc": (
        "outlook-attachments", "sakura", None),
    "Users/sakura/AppData/Local/Microsoft/Olk/Attachments/x/a.doc": ("outlook-attachments", "sakura", None),
    "Users/sakura/AppData/Local/Microsoft/Office/UnsavedFiles/a.asd": ("office-unsaved", "sakura", None),
    "Users/sakura/AppData/Roaming/Microsoft/Word/AutoRecovery save of a.asd": ("office-recovery", "sakura", None),
    "Users/sakura/AppData/Local/Microsoft/Office/16.0/OfficeFileCache/a.FSD": ("office-cache", "sakura", None),
    "Users/sakura/Documents/~WRD0001.tmp": ("office-temp", "sakura", "documents"),
    "Users/sakura/Documents/~$a.docx": ("office-temp", "sakura", "documents"),
    "Users/sakura/AppData/Roaming/Microsoft/Teams/Cache/f_1": ("teams", "sakura", None),
    "Users/kaede/AppData/Local/Packages/MSTeams_8wekyb3d8bbwe/LocalCache/a": ("teams", "kaede", None),
    "Users/kaede/AppData/Local/Microsoft/Edge/User Data/Default/Cache/f_1": ("browser-cache", "kaede", None),
    "Users/kaede/AppData/Local/Microsoft/Windows/INetCache/IE/A/a.pdf": ("inetcache", "kaede", None),
    "Users/kaede/AppData/Local/Temp/a.pdf": ("temp", "kaede", None),
    "Users/kaede/AppData/Local/Other/a.pdf": ("app-data", "kaede", None),
    "Users/kaede/OneDrive - Pref/a.pdf": ("onedrive", "kaede", None),
    "Windows/Temp/a.pdf": ("temp", None, None),
    "Windows/System32/spool/PRINTERS/00002.SPL": ("print-spool", None, None),
    "Windows/Help/a.pdf": ("system", None, None),
    "Program Files/x/a.pdf": ("programs", None, None),
    "ProgramData/x/a.pdf": ("app-data", None, None),
    "Windows.old/Users/sakura/Desktop/a.pdf": ("windows-old", "sakura", "desktop"),
    "$WINDOWS.~BT/a.pdf": ("windows-setup", None, None),
    "work/a.pdf": ("folder", None, None),
    "a.pdf": ("folder", None, None),
}  # fmt: skip


def test_places_by_path(tmp_path: Path) -> None:
    it = Places([Registry(windows(tmp_path, {**dict.fromkeys(WHERE, "x"), "Users/Default/NTUSER.DAT": hive({})}))])
    said = {path: (place.word, place.user, place.hint) for path in WHERE for place in [of(it, path)]}
    assert said == WHERE
    assert not list(it.unread())


def test_every_word_of_the_tables_is_explained() -> None:
    assert {word for table in (OF_A_PERSON, OF_A_SYSTEM, BY_NAME) for word, _patterns in table} <= set(WORDS)


def test_folders_that_the_registry_has_moved(tmp_path: Path) -> None:
    moved = person(
        {
            "Desktop": Expand(r"%USERPROFILE%\OneDrive - 県庁\デスクトップ"), 
            "Personal": r"\\fs01\home$\sakura\Documents",
            "{374DE290-123F-4565-9164-39C4925E467B}": r"C:\Data\Down", "My Pictures": r"D:\写真\sakura",
        },
        OneDrive={"Accounts": {"Business1": {"UserFolder": r"C:\Users\sakura\OneDrive - 県庁"},
                               "Personal": {"UserFolder": r"C:\Cloud\One"}}},
    )  # fmt: skip
    system = windows(tmp_path / "c", {"Users/sakura/NTUSER.DAT": moved})
    data = put(tmp_path / "d", {"写真/sakura/a.pdf": "x", "$RECYCLE.BIN/x": ""})
    system.name, data.name = "p3", "p4"
    it = Places([Registry(system), Registry(data)])
    csc = "Windows/CSC/v2.0.6/namespace/fs01/home$/sakura/Documents/a.pdf"
    said = {
        path: of(it, path, volume="p3")
        for path in ("Users/sakura/OneDrive - 県庁/デスクトップ/a", "Users/sakura/OneDrive - 県庁/a", 
                     "Cloud/One/x/a", csc, "Data/Down/a", "Users/sakura/Documents/a")
    }  # fmt: skip
    assert [(place.word, place.user, place.hint) for place in said.values()] == [
        ("onedrive", "sakura", "desktop"), ("onedrive", "sakura", None), ("onedrive", "sakura", None),
        ("csc", "sakura", "documents"), ("downloads", "sakura", None), ("documents", "sakura", None),
    ]  # fmt: skip
    assert said[csc].original == r"\\fs01\home$\sakura\Documents\a.pdf"
    picture, other = of(it, "写真/sakura/a.pdf", volume="p4"), of(it, "work/a.pdf", volume="p4")
    assert (picture.word, picture.user, picture.hint) == ("other-volume", "sakura", "pictures")
    assert (other.word, other.user, other.hint) == ("other-volume", None, None)


def test_the_recycle_bin_says_what_was_thrown_away_by_whom_and_when(tmp_path: Path) -> None:
    bin_ = f"$Recycle.Bin/{SAKURA}"
    files: dict[str, bytes | str] = {
        f"{bin_}/$RABC123.pdf": "x", f"{bin_}/$IABC123.pdf": record(r"C:\Users\sakura\Desktop\起案.pdf"),
        f"{bin_}/$RDIR001/sub/a.doc": "x", f"{bin_}/$IDIR001": record(r"C:\work\old", version=1),
        f"{bin_}/$RBAD001.pdf": "x", f"{bin_}/$IBAD001.pdf": b"\x02\0\0",
        f"{bin_}/$RNONE01.pdf": "x", "$Recycle.Bin/S-1-5-21-9-9-9-500/$RX.pdf": "x",
    }  # fmt: skip
    it = Places([Registry(windows(tmp_path, files))])
    assert of(it, f"{bin_}/$RABC123.pdf") == Place(
        "recycle-bin", "sakura", r"C:\Users\sakura\Desktop\起案.pdf", "desktop", "2016-02-15T08:53:20+00:00"
    )
    inside = of(it, f"{bin_}/$RDIR001/sub/a.doc")
    assert (inside.original, inside.hint) == (r"C:\work\old\sub\a.doc", "folder")
    assert of(it, f"{bin_}/$RNONE01.pdf") == Place("recycle-bin", "sakura")
    assert of(it, "$Recycle.Bin/S-1-5-21-9-9-9-500/$RX.pdf").user == "S-1-5-21-9-9-9-500"
    assert not list(it.unread())
    assert of(it, f"{bin_}/$RBAD001.pdf") == Place("recycle-bin", "sakura")
    (gap,) = it.unread()
    assert (gap.path, gap.reason) == (f"{bin_}/$IBAD001.pdf", "damaged")


def test_a_real_record_of_windows_10() -> None:
    file = SHARED / "recycle_I103S5F.bin" if SHARED else Path("absent")
    if not file.exists():
        pytest.skip("the shared images are not here")
    said = recycle.parse(file.read_bytes(), "$I103S5F.jpg")
    assert said == recycle.Thrown(r"C:\Users\random\Downloads\bunnies.jpg", 222255, "2016-06-29T21:37:45+00:00")


def test_deleted_streams_shadows_and_where_they_would_be(tmp_path: Path) -> None:
    it = Places([Registry(windows(tmp_path, {}))])
    desk = "Users/sakura/Desktop/a.pdf"
    for state, word in ((State.DELETED, "deleted"), (State.SHADOW, "shadow")):
        assert of(it, desk, state) == Place(word, "sakura", hint="desktop")
    assert of(it, desk + ":hidden.pdf", State.STREAM) == Place("stream", "sakura", hint="desktop")
    # A profile that was deleted with all its files has no hive and no folder any more.
    assert of(it, "Users/gone/Documents/a.pdf", State.DELETED) == Place("deleted", "gone", hint="profile")


def history(file: Path, targets: list[str], *, wal: bool = False) -> sqlite3.Connection:
    file.parent.mkdir(parents=True, exist_ok=True)
    it = sqlite3.connect(file, isolation_level=None)
    it.execute(f"PRAGMA journal_mode={'WAL' if wal else 'DELETE'}")
    it.execute("CREATE TABLE downloads (id INTEGER PRIMARY KEY, target_path TEXT)")
    if wal:
        it.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        it.execute("PRAGMA wal_autocheckpoint=0")
    it.executemany("INSERT INTO downloads (target_path) VALUES (?)", [(target,) for target in targets])
    return it


@pytest.mark.parametrize("wal", [False, True])
def test_what_a_browser_has_downloaded_is_named_so_wherever_it_stands(tmp_path: Path, wal: bool) -> None:
    volume = windows(tmp_path, {"work/a.pdf": "x"})
    file = tmp_path / "Users/sakura/AppData/Local/Microsoft/Edge/User Data/Default/History"
    targets = [rf"C:\work\{n}.pdf" for n in range(500)] + [r"C:\Work\a.pdf", r"C:\Users\sakura\Downloads\b.pdf",
                                                         r"C:\Users\sakura\Desktop\c.pdf"]  # fmt: skip
    browser = history(file, targets, wal=wal)  # it is open, and its last changes stand in its log alone
    before = {one.name: one.read_bytes() for one in file.parent.iterdir()}
    assert ("History-wal" in before) is wal
    it = Places([Registry(volume)])
    assert of(it, "work/a.pdf") == Place("browser-downloads", hint="folder")
    assert of(it, "Users/sakura/Downloads/b.pdf") == Place("downloads", "sakura")
    assert of(it, "Users/sakura/Desktop/c.pdf") == Place("desktop", "sakura", hint="browser-downloads")
    assert of(it, "work/z.pdf") == Place("folder")
    assert not list(it.unread())
    assert {one.name: one.read_bytes() for one in file.parent.iterdir()} == before
    browser.close()


def test_firefox_and_a_history_that_is_none(tmp_path: Path) -> None:
    volume = windows(tmp_path, {"Users/kaede/AppData/Local/Google/Chrome/User Data/Default/History": "no database"})
    file = tmp_path / "Users/kaede/AppData/Roaming/Mozilla/Firefox/Profiles/a.default/places.sqlite"
    file.parent.mkdir(parents=True)
    with sqlite3.connect(file) as it:
        it.execute("CREATE TABLE moz_anno_attributes (id INTEGER PRIMARY KEY, name TEXT)")
        it.execute("CREATE TABLE moz_annos (id INTEGER PRIMARY KEY, anno_attribute_id INTEGER, content TEXT)")
        it.execute("INSERT INTO moz_anno_attributes VALUES (1, 'downloads/destinationFileURI')")
        it.execute("INSERT INTO moz_annos VALUES (1, 1, 'file:///C:/jobs/%E8%B5%B7%E6%A1%88.pdf')")
    it.close()
    places = Places([Registry(volume)])
    assert of(places, "jobs/起案.pdf").word == "browser-downloads"
    assert [(gap.path.rpartition("/")[2], gap.reason) for gap in places.unread()] == [("History", "damaged")]


def test_hives_that_cannot_be_read_leave_the_usual_folders(tmp_path: Path) -> None:
    files: dict[str, bytes | str] = {
        "Windows/System32/config/SOFTWARE": b"regf" + bytes(5000),
        "Users/kaede/NTUSER.DAT": b"regf",
        "Users/x/y": "",
    }
    it = Places([Registry(windows(tmp_path, files))])
    assert of(it, "Users/kaede/Desktop/a.pdf") == Place("desktop", "kaede")
    assert of(it, "Users/x/Desktop/a.pdf") == Place("desktop", "x")  # nothing says that it is left over
    assert {(gap.path, gap.reason) for gap in it.unread()} == {
        ("Windows/System32/config/SOFTWARE", "damaged"), ("Users/kaede/NTUSER.DAT", "damaged")
    }  # fmt: skip


LINUX = {
    "home/hanako/Desktop/a": ("desktop", "hanako", None), "home/hanako/書類/a": ("documents", "hanako", None),
    "home/hanako/a": ("profile", "hanako", None), "root/a": ("profile", "root", None),
    "srv/people/taro/Downloads/a": ("downloads", "taro", None), "tmp/a": ("temp", None, None),
    "var/tmp/a": ("temp", None, None), "var/mail/hanako": ("mail", None, None), 
    "home/gone/a": ("profile-leftover", "gone", "profile"),
    "home/hanako/.thunderbird/x/a": ("mail", "hanako", None), "etc/a": ("system", None, None),
    "home/hanako/snap/chromium/common/chromium/a": ("browser-cache", "hanako", None),
    "opt/x/a": ("programs", None, None),
    "home/hanako/.var/app/x/a": ("app-data", "hanako", None), "var/spool/cups/d1": ("print-spool", None, None),
    "home/hanako/.cache/thumbnails/a": ("thumbnails", "hanako", None), "media/usb/a": ("other-volume", None, None),
    "mnt/win/Users/sakura/Desktop/a": ("other-volume", "sakura", "desktop"),
}  # fmt: skip


def test_places_of_linux_and_its_trash(tmp_path: Path) -> None:
    info = "[Trash Info]\nPath=/home/hanako/%E6%9B%B8%E9%A1%9E/a.pdf\nDeletionDate=2026-03-04T05:06:07\n"
    files: dict[str, bytes | str] = {
        **dict.fromkeys(LINUX, "x"), "etc/timezone": "Asia/Tokyo\n", "usr/x": "",
        "etc/passwd": "root:x:0:0::/root:/bin/sh\nhanako:x:1000:1000::/home/hanako:/bin/sh\n"
                      "taro:x:1001:1001::/srv/people/taro:/bin/sh\nmail:x:8:8::/var/mail:/bin/sh\n",
        "home/hanako/.config/user-dirs.dirs": 'XDG_DOCUMENTS_DIR="$HOME/書類"\nXDG_MUSIC_DIR="$HOME/"\n',
        "home/hanako/.local/share/Trash/files/a.pdf": "x", "home/hanako/.local/share/Trash/info/a.pdf.trashinfo": info,
        ".Trash-1001/files/b/c.pdf": "x", ".Trash-1001/info/b.trashinfo": "[Trash Info]\nPath=jobs/b\n",
    }  # fmt: skip
    it = Places([Registry(put(tmp_path, files))])
    assert {path: (place.word, place.user, place.hint) for path in LINUX for place in [of(it, path)]} == LINUX
    assert of(it, "home/hanako/.local/share/Trash/files/a.pdf") == Place(
        "recycle-bin", "hanako", "/home/hanako/書類/a.pdf", "documents", "2026-03-04T05:06:07+09:00"
    )
    assert of(it, ".Trash-1001/files/b/c.pdf") == Place("recycle-bin", "taro", "/jobs/b/c.pdf", "folder")


def test_a_persons_folder_alone(tmp_path: Path) -> None:
    it = Places(
        [Registry(put(tmp_path, {"NTUSER.DAT": person({"Personal": r"C:\Users\x\Documents"}), "Desktop/a": ""}))]
    )
    assert (of(it, "Desktop/a").word, of(it, "AppData/Local/Temp/a").word) == ("desktop", "temp")


def test_gaps_of_an_old_windows_name_their_whole_path(tmp_path: Path) -> None:
    it = Places([Registry(windows(tmp_path, {"Windows.old/Users/sakura/NTUSER.DAT": b"regf"}))])
    assert of(it, "Windows.old/Users/sakura/Documents/a").word == "windows-old"
    assert [gap.path for gap in it.unread()] == ["Windows.old/Users/sakura/NTUSER.DAT"]
    assert isinstance(next(it.unread()), Gap)


def test_trash_records_take_the_first_of_several_paths() -> None:
    said = trash.parse(b"[Trash Info]\nPath=a%20b\nPath=c\nDeletionDate=never\n", "x", None)
    assert said == trash.Thrown("a b", None)
