"""A folder that is as the root of a Windows disk: several people, real hives, every place that such a disk can hold.

`build` writes it and says what was planted where; everything else on it is no document.
"""

from __future__ import annotations

import os
import sqlite3
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from document_bytes import CSV, EML, EXE, JPEG, LINK, OST, PDF, PST, RTF, archive, odt, ooxml
from hive_writer import Expand, hive
from ntfs_image import set_attributes, set_reparse

SIDS = {"sakura": "S-1-5-21-1004336348-1177238915-682003330-1001",
        "kaede": "S-1-5-21-1004336348-1177238915-682003330-1002",
        "admin": "S-1-5-21-1004336348-1177238915-682003330-500"}  # fmt: skip
CLOUD = "Users/kaede/OneDrive - 県庁/雲の上.docx"
WSL = "Users/kaede/AppData/Local/Packages/CanonicalGroupLimited.Ubuntu_79rhkp1fndgsc/LocalState/ext4.vhdx"


@dataclass(frozen=True, slots=True)
class Planted:
    """A document as an audit has to name it."""

    path: str
    kind: str
    place: str
    user: str | None = None
    hint: str | None = None
    member: str | None = None
    original: str | None = None
    state: str = "live"


def record(path: str, *, version: int = 2, size: int = 10, when: int = 134_171_424_000_000_000) -> bytes:
    """A $I file of the Recycle Bin."""
    text = path.encode("utf-16-le", "surrogatepass")
    head = struct.pack("<QQQ", version, size, when)
    if version == 1:
        return head + text.ljust(520, b"\0")
    return head + struct.pack("<I", len(path) + 1) + text + b"\0\0"


def software() -> bytes:
    """The machine's hive with its accounts."""
    people = {sid: {"ProfileImagePath": Expand(rf"%SystemDrive%\Users\{name}")} for name, sid in SIDS.items()}
    people["S-1-5-18"] = {"ProfileImagePath": Expand(r"%systemroot%\system32\config\systemprofile")}
    return hive({"Microsoft": {"Windows NT": {"CurrentVersion": {"ProfileList": people, "SystemRoot": r"C:\Windows"}}}})


def person(shell: Mapping[str, Any], onedrive: str | None = None) -> bytes:
    """A person's hive with the folders that were moved."""
    tree: dict[str, Any] = {"Windows": {"CurrentVersion": {"Explorer": {"User Shell Folders": shell}}}}
    if onedrive:
        tree["OneDrive"] = {"Accounts": {"Business1": {"UserFolder": onedrive}}}
    return hive({"Software": {"Microsoft": tree}})


USUAL = {"Desktop": Expand(r"%USERPROFILE%\Desktop"), "Personal": Expand(r"%USERPROFILE%\Documents"),
          "{374DE290-123F-4565-9164-39C4925E467B}": Expand(r"%USERPROFILE%\Downloads")}  # fmt: skip
MOVED = {"Desktop": r"C:\Users\kaede\OneDrive - 県庁\デスクトップ", "Personal": r"\\fs01\home$\kaede\Documents",
          "{374DE290-123F-4565-9164-39C4925E467B}": r"C:\Data\受信", "My Pictures": r"D:\写真"}  # fmt: skip

# Path below the root: content, kind, place, whose, and what it would be otherwise.
_FILES: tuple[tuple[str, bytes, str, str, str | None, str | None], ...] = (
    ("Users/sakura/Desktop/起案.pdf", PDF, "pdf", "desktop", "sakura", None),
    ("Users/sakura/Desktop/picture.jpg", PDF, "pdf", "desktop", "sakura", None),  # renamed
    ("Users/sakura/Documents/report", ooxml("docx"), "docx", "documents", "sakura", None),
    ("Users/sakura/Documents/予算表.xlsx", ooxml("xlsx"), "xlsx", "documents", "sakura", None),
    ("Users/sakura/Documents/~WRD0001.tmp", ooxml("docx"), "docx", "office-temp", "sakura", "documents"),
    ("Users/sakura/Documents/Outlook Files/archive.pst", PST, "pst", "outlook", "sakura", "documents"),
    ("Users/sakura/Downloads/list.dat", CSV, "csv", "downloads", "sakura", None),
    ("Users/sakura/Pictures/scan.docx", RTF, "rtf", "pictures", "sakura", None),
    ("Users/sakura/jobs/memo.dll", odt(), "odt", "profile", "sakura", None),
    ("Users/kaede/OneDrive - 県庁/デスクトップ/会議.pptx", ooxml("pptx"), "pptx", "onedrive", "kaede", "desktop"),
    ("Users/kaede/OneDrive - 県庁/x.bin", PDF, "pdf", "onedrive", "kaede", None),
    ("Data/受信/saved.pdf", PDF, "pdf", "downloads", "kaede", None),
    ("Users/kaede/Documents/left.rtf", RTF, "rtf", "documents", "kaede", None),
    ("Users/Public/Documents/all.pdf", PDF, "pdf", "public", None, "documents"),
    ("Users/Default/Desktop/new.pdf", PDF, "pdf", "default-profile", "Default", "desktop"),
    ("Users/kaede.PREF.000/Documents/old.docx", ooxml("docx"), "docx", "profile-leftover", "kaede.PREF.000",
     "documents"),
    ("Users/admin/AppData/Local/Microsoft/Outlook/admin@pref.example.ost", OST, "ost", "outlook", "admin", None),
    ("Users/sakura/AppData/Local/Microsoft/Windows/INetCache/Content.Outlook/7QX1B2/見積.xlsx", ooxml("xlsx"), "xlsx",
     "outlook-attachments", "sakura", None),
    ("Users/sakura/AppData/Local/Microsoft/Olk/Attachments/ooa-1/a.pdf", PDF, "pdf", "outlook-attachments", "sakura",
     None),
    ("Users/sakura/AppData/Local/Microsoft/Office/UnsavedFiles/x((Unsaved-1)).asd", ooxml("docx"), "docx",
     "office-unsaved", "sakura", None),
    ("Users/sakura/AppData/Roaming/Microsoft/Word/AutoRecovery save of x.asd", ooxml("docx"), "docx", "office-recovery",
     "sakura", None),
    ("Users/sakura/AppData/Local/Microsoft/Office/16.0/OfficeFileCache/0/1.FSD", ooxml("xlsx"), "xlsx", "office-cache",
     "sakura", None),
    ("Users/sakura/AppData/Roaming/Microsoft/Teams/Cache/f_000001", PDF, "pdf", "teams", "sakura", None),
    ("Users/kaede/AppData/Local/Packages/MSTeams_8wekyb3d8bbwe/LocalCache/f_2", PDF, "pdf", "teams", "kaede", None),
    ("Users/kaede/AppData/Local/Microsoft/Edge/User Data/Default/Cache/Cache_Data/f_3", PDF, "pdf", "browser-cache",
     "kaede", None),
    ("Users/kaede/AppData/Local/Microsoft/Windows/INetCache/IE/AB/x[1].pdf", PDF, "pdf", "inetcache", "kaede", None),
    ("Users/kaede/AppData/Local/Temp/tmp1A.tmp", PDF, "pdf", "temp", "kaede", None),
    ("Users/kaede/AppData/Local/SomeApp/mail.txt", EML, "eml", "app-data", "kaede", None),
    ("Windows/Temp/x.tmp", RTF, "rtf", "temp", None, None),
    ("Windows/System32/spool/PRINTERS/00002.SPL", PDF, "pdf", "print-spool", None, None),
    ("Windows.old/Users/sakura/Documents/2019.pdf", PDF, "pdf", "windows-old", "sakura", "documents"),
    ("ProgramData/App/cache.bin", PDF, "pdf", "app-data", None, None),
    ("work/県税.pdf", PDF, "pdf", "folder", None, None),
    ("work/drawing.xdw", b"\x60\x0e\x82\xa2 no public signature " + bytes(range(64)), "xdw", "folder", None, None),
    ("from web/paper.bin", PDF, "pdf", "browser-downloads", None, "folder"),
    ("top.pdf", PDF, "pdf", "folder", None, None),
)  # fmt: skip

_NOTHING: dict[str, bytes] = {
    "Windows/explorer.exe": EXE, "Windows/System32/drivers/etc/hosts": b"127.0.0.1 localhost\r\n",
    "pagefile.sys": bytes(8192),
    "Users/sakura/Pictures/cat.jpg": JPEG, "Users/sakura/Desktop/empty.pdf": b"", "Users/sakura/Desktop/fake.doc": EXE,
    "Users/sakura/AppData/Roaming/Microsoft/Windows/Recent/x.lnk": LINK, "Users/sakura/Desktop/desktop.ini": b"[x]\r\n",
    "Users/sakura/AppData/Local/Microsoft/Windows/Explorer/thumbcache_96.db": b"CMMM " + bytes(200),
    "Users/sakura/Documents/only code.zip": archive({"a.py": b"x = 1\n", "b.jpg": JPEG}),
    WSL: b"vhdxfile" + bytes(4096),
}  # fmt: skip


def hives() -> dict[str, bytes]:
    """Registry hives of the machine and of its people."""
    return {
        "Windows/System32/config/SOFTWARE": software(),
        "Windows/System32/config/SYSTEM": hive({"Select": {"Current": 1}, "ControlSet001": {"Services": {}}}),
        "Users/sakura/NTUSER.DAT": person(USUAL), "Users/admin/NTUSER.DAT": person(USUAL),
        "Users/kaede/NTUSER.DAT": person(MOVED, r"C:\Users\kaede\OneDrive - 県庁"),
        "Users/Default/NTUSER.DAT": person(USUAL), "Users/kaede.PREF.000/NTUSER.DAT": person(USUAL),
    }  # fmt: skip


def build(root: Path, *, cp932: bool = False) -> list[Planted]:
    """Write everything below `root`; with `cp932`, also names whose bytes are no UTF-8. What was planted."""
    planted = [Planted(path, kind, place, user, hint) for path, _content, kind, place, user, hint in _FILES]
    files = {path: content for path, content, *_rest in _FILES} | _NOTHING | hives()
    _bins(files, planted)
    _offline(files, planted)
    _nested(files, planted)
    if cp932:
        name = os.fsdecode("work/起案表.pdf".encode("cp932"))
        files[name] = PDF
        planted.append(Planted(name, "pdf", "folder"))
    for path, content in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    _history(root / "Users/sakura/AppData/Local/Google/Chrome/User Data/Default/History")
    return planted


def _bins(files: dict[str, bytes], planted: list[Planted]) -> None:
    """Thrown away: a record of each version, a folder, one without a record by nobody who is known."""
    bin_ = f"$Recycle.Bin/{SIDS['sakura']}"
    for name, old, version, below, kind, content, hint in (
        ("ABC123.pdf", r"C:\Users\sakura\Desktop\捨てた.pdf", 2, "", "pdf", PDF, "desktop"),
        ("DEF456.docx", r"C:\work\a.docx", 1, "", "docx", ooxml("docx"), "folder"),
        ("GHI789", r"C:\Users\sakura\Documents\old", 2, "/sub/b.bin", "rtf", RTF, "documents"),
    ):
        files[f"{bin_}/$I{name}"] = record(old, version=version)
        files[f"{bin_}/$R{name}{below}"] = content
        original = old + below.replace("/", "\\")
        planted.append(Planted(f"{bin_}/$R{name}{below}", kind, "recycle-bin", "sakura", hint, original=original))
    stranger = "S-1-5-21-1-2-3-1009"
    files[f"$Recycle.Bin/{stranger}/$RXYZ000.pdf"] = PDF
    planted.append(Planted(f"$Recycle.Bin/{stranger}/$RXYZ000.pdf", "pdf", "recycle-bin", stranger))


def _offline(files: dict[str, bytes], planted: list[Planted]) -> None:
    """Offline Files: of a share that nobody's folders are on, and of the share where kaede's documents are."""
    for share, user, hint in (
        (r"fs01\dept\要綱.pdf", None, None),
        (r"fs01\home$\kaede\Documents\x.dat", "kaede", "documents"),
    ):
        path = "Windows/CSC/v2.0.6/namespace/" + share.replace("\\", "/")
        files[path] = PDF
        planted.append(Planted(path, "pdf", "csc", user, hint, original="\\\\" + share))


def _nested(files: dict[str, bytes], planted: list[Planted]) -> None:
    """In a ZIP with CP932 names, one of whose bytes is a backslash, and in a ZIP within it."""
    inner = archive({"別表/申請.rtf": RTF})
    files["Users/sakura/Documents/資料.dat"] = archive({"予算表.pdf": PDF, "read.txt": b"x", "inner.bin": inner})
    for member, kind in (("予算表.pdf", "pdf"), ("inner.bin/別表/申請.rtf", "rtf")):
        planted.append(Planted("Users/sakura/Documents/資料.dat", kind, "documents", "sakura", member=member))


def _history(file: Path) -> None:
    """What Chrome remembers: a file that stands, and one that is gone."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with sqlite3.connect(file) as it:
        it.execute("CREATE TABLE downloads (id INTEGER PRIMARY KEY, target_path LONGVARCHAR NOT NULL)")
        targets = [(r"C:\from web\paper.bin",), (r"C:\Users\sakura\Downloads\gone.pdf",)]
        it.executemany("INSERT INTO downloads (target_path) VALUES (?)", targets)
    it.close()


# Only on NTFS: where, what it holds, and its kind.
BIG = "Users/sakura/Documents/report:more"
STREAMS = {
    BIG: (PDF + bytes(100_000), "pdf", "sakura", "documents"),
    "Users/sakura/Desktop/note.txt:hidden.pdf": (PDF, "pdf", "sakura", "desktop"),
    "Users/Public:in a folder.docx": (ooxml("docx"), "docx", None, "public"),
    "work/県税.pdf:二枚目": (RTF, "rtf", None, "folder"),
}
DELETED = {
    "Users/sakura/Downloads/消した.bin": (PDF * 40, "pdf", "sakura", "downloads"),
    "work/small.rtf": (RTF, "rtf", None, "folder"),
}
# On a second volume, which kaede's pictures were moved to.
DATA = {
    "写真/scan.bin": (PDF, "pdf", "other-volume", "kaede", "pictures"),
    "x.rtf": (RTF, "rtf", "other-volume", None, None),
    f"$RECYCLE.BIN/{SIDS['kaede']}/$R1.pdf": (PDF, "pdf", "recycle-bin", "kaede", None),
}


def hide(root: Path) -> list[Planted]:
    """Streams, and files that will be deleted, on a mounted NTFS; they stay until `delete`."""
    planted = []
    for path, (content, kind, user, hint) in STREAMS.items():
        base = root / path.partition(":")[0]
        if not base.exists():
            base.write_text("nothing")
        (root / path).write_bytes(content)
        planted.append(Planted(path, kind, "stream", user, hint, state="stream"))
    for path, (content, kind, user, hint) in DELETED.items():
        (root / path).write_bytes(content)
        planted.append(Planted(path, kind, "deleted", user, hint, state="deleted"))
    return planted


def elsewhere(root: Path) -> None:
    """On a mounted NTFS: a junction to the people, and a file that only a cloud holds."""
    junction, cloud = root / "Documents and Settings", root / CLOUD
    junction.mkdir()
    target = "\\??\\C:\\Users".encode("utf-16-le")
    names = struct.pack("<4H", 0, len(target), len(target) + 2, 0) + target + bytes(4)
    set_reparse(junction, 0xA0000003, names)
    cloud.write_bytes(b"")
    set_reparse(cloud, 0x9000601A, bytes(16))
    set_attributes(cloud, 0x400000 | 0x1000 | 0x20)


def delete(root: Path) -> None:
    """Delete what is to be found deleted; nothing is written after."""
    for path in DELETED:
        (root / path).unlink()


def data(root: Path) -> list[Planted]:
    """A second volume."""
    for path, (content, *_rest) in DATA.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    return [Planted(path, kind, place, user, hint) for path, (_c, kind, place, user, hint) in DATA.items()]
