"""Traces of documents: what browsers remember, thumbnails and links; counted and never named."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from windows_settings import asked, windows

from dongle_cli.audit.model import Verdict

EDGE = "Users/sakura/AppData/Local/Microsoft/Edge/User Data/Default/History"
THUMBS = "Users/sakura/AppData/Local/Microsoft/Windows/Explorer"
RECENT = "Users/sakura/AppData/Roaming/Microsoft/Windows/Recent"


def history(folder: Path, *targets: str) -> bytes:
    file = folder / "History"
    with sqlite3.connect(file) as it:
        it.execute("CREATE TABLE downloads (target_path TEXT)")
        it.executemany("INSERT INTO downloads VALUES (?)", [(target,) for target in targets])
    it.close()
    data = file.read_bytes()
    file.unlink()
    return data


def test_downloads_that_are_gone_are_counted_and_not_named(tmp_path: Path) -> None:
    targets = (r"C:\Users\sakura\Downloads\here.pdf", r"C:\Users\sakura\Downloads\山田太郎.docx", r"E:\x.xlsx",
               r"C:\Users\sakura\Downloads\setup.exe")  # fmt: skip
    files = windows(files={EDGE: history(tmp_path, *targets), "Users/sakura/Downloads/here.pdf": "%PDF-1.4"})
    found, gaps = asked(tmp_path / "root", files)
    (one,) = [finding for finding in found if finding.rule == "E-download-history"]
    assert (one.verdict, one.severity.word, one.path) == (Verdict.VIOLATION, "info", EDGE)
    assert dict(one.detail) == {"user": "sakura", "documents": 3, "gone": 1, "saved_elsewhere": 1}
    assert not gaps


def test_downloads_that_are_all_there(tmp_path: Path) -> None:
    files = windows(files={EDGE: history(tmp_path, r"C:\a.pdf"), "a.pdf": "%PDF-1.4"})
    found, _gaps = asked(tmp_path / "root", files)
    assert [one.verdict for one in found if one.rule == "E-download-history"] == [Verdict.OK]


def test_a_history_that_cannot_be_read_is_unknown(tmp_path: Path) -> None:
    found, gaps = asked(tmp_path, windows(files={EDGE: "SQLite format 3\0 and nothing more"}))
    assert [one.verdict for one in found if one.rule == "E-download-history"] == [Verdict.UNKNOWN]
    assert (EDGE, "damaged") in {(gap.path, gap.reason) for gap in gaps}


def test_thumbnails_and_links_of_documents(tmp_path: Path) -> None:
    empty: dict[str, bytes | str] = {f"{THUMBS}/thumbcache_16.db": bytes(24), f"{RECENT}/holiday.jpg.lnk": "L"}
    full: dict[str, bytes | str] = {f"{THUMBS}/thumbcache_96.db": bytes(9000), f"{RECENT}/起案.pdf.lnk": "L"}
    for number, (files, verdict) in enumerate(((empty, Verdict.OK), ({**empty, **full}, Verdict.VIOLATION))):
        found, _gaps = asked(tmp_path / str(number), windows(files=files))
        (one,) = [finding for finding in found if finding.rule == "E-document-traces"]
        assert one.verdict is verdict
    assert dict(one.detail) == {"user": "sakura", "thumbnail_bytes": 9000, "links_of_documents": 1}
