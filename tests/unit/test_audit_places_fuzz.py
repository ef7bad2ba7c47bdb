"""Records of strangers, however damaged: what they say, or Unreadable, and an end."""

from __future__ import annotations

import sqlite3
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from folder_volume import put
from hypothesis import given, settings
from hypothesis import strategies as st
from windows_root import record

from dongle_cli.audit.hives.registry import Registry
from dongle_cli.audit.hives.unreadable import Unreadable
from dongle_cli.audit.model import Entry
from dongle_cli.audit.places import Places, history, recycle, sqlite, trash

SLOW: Any = settings(max_examples=300)
NAMES = st.text(st.characters(max_codepoint=0xFFFF, exclude_characters="\0"), min_size=1, max_size=260)


def mutated(base: bytes) -> st.SearchStrategy[bytes]:
    """`base` with some bytes changed, and cut short or grown."""
    changes = st.lists(st.tuples(st.integers(0, max(len(base) - 1, 0)), st.integers(0, 255)), max_size=30)

    def apply(made: tuple[list[tuple[int, int]], int, bytes]) -> bytes:
        data = bytearray(base)
        for at, value in made[0]:
            data[at] = value
        return bytes(data[: made[1]]) + made[2]

    return st.tuples(changes, st.integers(len(base) // 2, len(base)) | st.just(len(base)), st.binary(max_size=40)).map(
        apply
    )


@SLOW
@given(st.binary(max_size=600) | mutated(record(r"C:\Users\x\a.pdf")) | mutated(record("C:\\x", version=1)))
def test_any_record_of_the_recycle_bin(data: bytes) -> None:
    with suppress(Unreadable):
        said = recycle.parse(data, "$I")
        assert said.original
        assert "\0" not in said.original
        assert len(said.original) <= len(data) // 2


@SLOW
@given(NAMES, st.sampled_from((1, 2)), st.integers(0, 2**63))
def test_a_record_says_what_was_written(name: str, version: int, when: int) -> None:
    said = recycle.parse(record(name, version=version, when=when), "$I")
    # two halves of a surrogate pair that meet are one character
    assert said.original == name.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


INFO = b"[Trash Info]\nPath=/home/x/%E6%9B%B8.pdf\nDeletionDate=2026-03-04T05:06:07\n"


@SLOW
@given(st.binary(max_size=300) | mutated(INFO))
def test_any_record_of_a_trash(data: bytes) -> None:
    with suppress(Unreadable):
        assert trash.parse(data, "x.trashinfo", None).original


@pytest.fixture(scope="module")
def browser() -> tuple[bytes, bytes]:
    """A History of Chrome whose last changes stand in its write-ahead log."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "History"
        it = sqlite3.connect(file, isolation_level=None)
        it.execute("PRAGMA page_size=1024")
        it.execute("PRAGMA journal_mode=WAL")
        it.execute("CREATE TABLE downloads (id INTEGER PRIMARY KEY, target_path TEXT)")
        it.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        it.execute("PRAGMA wal_autocheckpoint=0")
        it.executemany("INSERT INTO downloads (target_path) VALUES (?)", [(rf"C:\a{n}.pdf",) for n in range(200)])
        found = file.read_bytes(), Path(f"{file}-wal").read_bytes()
        it.close()
        return found


def asked(data: bytes, wal: bytes) -> list[str]:
    with sqlite.opened(data, wal, "History") as connection:
        return [value for (value,) in connection.execute("SELECT target_path FROM downloads")]


def test_a_log_counts_as_far_as_it_adds_up(browser: tuple[bytes, bytes]) -> None:
    data, wal = browser
    assert len(asked(data, wal)) == 200
    assert asked(data, b"") == []
    torn = asked(data, wal[: len(wal) * 2 // 3])
    assert 0 < len(torn) < 200
    other = bytearray(wal)
    other[40] ^= 1  # a salt of the first frame: it is of an earlier log
    assert asked(data, bytes(other)) == []


@SLOW
@given(st.data())
def test_any_history(browser: tuple[bytes, bytes], data: st.DataObject) -> None:
    base, wal = browser
    with suppress(Unreadable):
        asked(data.draw(mutated(base)), data.draw(mutated(wal) | st.just(wal)))


@pytest.mark.parametrize(
    "body",
    [
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x AS target_path FROM n WHERE x < 0",
        "SELECT hex(zeroblob(900000000)) AS target_path",
        "SELECT load_extension('x') AS target_path",
    ],
)
def test_a_hostile_history_ends(tmp_path: Path, body: str) -> None:
    file = tmp_path / "History"
    it = sqlite3.connect(file)
    it.execute(f"CREATE VIEW downloads AS {body}")
    it.close()
    began = time.process_time()  # how long it takes is the machine's affair, how much is done the program's
    with pytest.raises(Unreadable, match="damaged"):
        asked(file.read_bytes(), b"")
    assert time.process_time() - began < 60  # it would never end


@SLOW
@given(st.text(max_size=100) | st.text(max_size=60).map("file://".__add__))
def test_any_target(text: str) -> None:
    assert history.plain(text) is None or isinstance(history.plain(text), str)


PARTS = (
    "Users", "sakura", "$Recycle.Bin", "S-1-5-21-1", "$RA.pdf", "Trash", "files", "x", "root", ".local/share",
    "Windows",
    "CSC/v2.0.6/namespace", "a\ud800", "ß", "\udc80", "..",
)  # fmt: skip


@settings(max_examples=150)
@given(st.lists(st.sampled_from(PARTS), min_size=1, max_size=8))
def test_every_path_has_a_place(tmp_path: Path, parts: list[str]) -> None:
    if not (tmp_path / "Users").exists():
        put(tmp_path, {"Users/sakura/x": "", "etc/passwd": "root:x:0:0::/root:/bin/sh\n"})
    places = Places([Registry(put(tmp_path, {}))])
    assert places.of(Entry("/".join(parts))).word
