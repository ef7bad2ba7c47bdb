"""Remote Desktop: every .rdp file in whatever encoding, absent lines, and host policies that prove no other host."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from windows_settings import asked, verdicts, windows

from dongle_cli.audit.hives.registry import Registry
from dongle_cli.audit.hives.unreadable import Unreadable
from dongle_cli.audit.model import Entry, Hit, State
from dongle_cli.audit.rules import check, rdpfile

DRIVE, CLIPBOARD, PRINTER, DEVICE = (
    "E-redirect-drive",
    "E-redirect-clipboard",
    "E-redirect-printer",
    "E-redirect-device",
)
PASSWORD = "H-saved-password"
RULES = (DRIVE, CLIPBOARD, PRINTER, DEVICE, PASSWORD)
CLOSED = "full address:s:vdi.pref.example\r\nredirectclipboard:i:0\r\nredirectprinters:i:0\r\ndrivestoredirect:s:\r\n"
OPEN = (
    "redirectclipboard:i:1\nredirectprinters:i:1\ndrivestoredirect:s:C:\\;\nusbdevicestoredirect:s:*\n"
    "password 51:b:01000000D08C9DDF\n"
)


def of_file(root: Path, content: bytes) -> dict[str, str]:
    findings, gaps = asked(root, {"Users/a/x.rdp": content}, "Users/a/x.rdp")
    assert gaps == []
    return {one.rule: one.verdict.value for one in findings if one.path == "Users/a/x.rdp"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp932"])
def test_closed_and_open_in_every_encoding(tmp_path: Path, encoding: str) -> None:
    user = "username:s:総務課\\花子\r\n"
    assert set(of_file(tmp_path / "a", (user + CLOSED).encode(encoding)).values()) == {"ok"}
    assert of_file(tmp_path / "b", (OPEN + user).encode(encoding)) == dict.fromkeys(RULES, "violation")


def test_an_absent_clipboard_or_printer_line_means_on(tmp_path: Path) -> None:
    said = of_file(tmp_path, b"full address:s:vdi.pref.example\r\n")
    assert said == {DRIVE: "ok", CLIPBOARD: "violation", PRINTER: "violation", DEVICE: "ok", PASSWORD: "ok"}
    assert of_file(tmp_path / "empty", b"")[CLIPBOARD] == "violation"


def test_what_stands_twice_counts_at_its_worst_and_names_are_folded(tmp_path: Path) -> None:
    both = CLOSED + "RedirectClipboard:I:1\r\n"
    assert of_file(tmp_path, both.encode())[CLIPBOARD] == "violation"


def test_the_older_form_of_drives(tmp_path: Path) -> None:
    assert of_file(tmp_path, (CLOSED + "redirectdrives:i:1").encode())[DRIVE] == "violation"


def test_what_was_found_is_said_but_never_a_password(tmp_path: Path) -> None:
    findings, _gaps = asked(tmp_path, {"x.rdp": OPEN}, "x.rdp")
    by_rule = {one.rule: dict(one.detail) for one in findings if one.path == "x.rdp"}
    assert by_rule[DRIVE] == {"setting": "drivestoredirect", "found": "C:\\;", "wanted": ""}
    assert by_rule[PASSWORD]["found"] == "***"
    assert "D08C9DDF" not in str(findings)


def test_files_that_cannot_be_read_are_unknown_and_a_gap_each(tmp_path: Path) -> None:
    files = {"garbage.rdp": b"\x89PNG\r\n\x1a\n" * 9, "big.rdp": b"a:s:b\n" * 200_000}
    findings, gaps = asked(tmp_path, files, "garbage.rdp", "big.rdp", "gone.rdp")
    assert {(gap.path, gap.reason) for gap in gaps} == {
        ("garbage.rdp", "damaged"), ("big.rdp", "limit"), ("gone.rdp", "vanished"),
    }  # fmt: skip
    mine = [one for one in findings if one.path.endswith(".rdp")]
    assert len(mine) == 3 * len(RULES)
    assert {one.verdict.value for one in mine} == {"unknown"}


def test_deleted_files_are_no_settings_and_members_are_not_in_force(tmp_path: Path) -> None:
    from folder_volume import put

    volume = put(tmp_path, {"a.zip": b"PK"})
    hits = [
        Hit(Entry("old.rdp", state=State.DELETED), "rdp", "extension"),
        Hit(Entry("a.zip"), "rdp", "extension", "in.rdp"),
    ]
    said = [(one.path, one.member, one.verdict.value) for one in check([Registry(volume)], hits) if one.path]  # type: ignore[union-attr]
    assert said == [("a.zip", "in.rdp", "not-applicable")] * len(RULES)


KEY = r"Policies\Microsoft\Windows NT\Terminal Services"
SERVER = r"Control\Terminal Server"


def test_host_policies_matter_where_sessions_are_taken(tmp_path: Path) -> None:
    taking = {SERVER: {"fDenyTSConnections": 0}}
    assert verdicts(tmp_path / "a", CLIPBOARD, windows(system=taking)) == ["violation"]
    assert verdicts(tmp_path / "b", CLIPBOARD, windows(system={SERVER: {"fDenyTSConnections": 1}})) == [
        "not-applicable"
    ]
    assert verdicts(tmp_path / "c", CLIPBOARD, windows({KEY: {"fDisableClip": 1}}, taking)) == ["ok"]
    assert verdicts(tmp_path / "d", CLIPBOARD, windows({KEY: {"fDisableClip": 0}})) == ["violation"]
    assert verdicts(tmp_path / "e", DEVICE, windows({KEY: {"fDisableCcm": 1}}, taking)) == [
        "ok",
        "violation",
        "violation",
    ]


def test_a_policy_of_this_machine_is_never_said_to_prove_the_other_host(tmp_path: Path) -> None:
    findings, _gaps = asked(tmp_path, windows({KEY: {"fDisableCdm": 1}}))
    (one,) = [one for one in findings if one.rule == DRIVE]
    assert one.verdict.value == "ok"
    assert "It proves nothing about the hosts" in str(dict(one.detail)["note"])


@settings(max_examples=400)
@given(
    st.binary(max_size=600)
    | st.text(max_size=300).map(lambda text: ("redirectclipboard:i:0\n" + text).encode("utf-16"))
)
@example(b"\xff\xfe")
@example(b"\xff\xfer")
@example(b"::\n:i:\n")
def test_no_bytes_make_the_reader_stumble(raw: bytes) -> None:
    try:
        found = rdpfile.read(io.BytesIO(raw), "x.rdp")
    except Unreadable as error:
        assert error.word == "damaged"
    else:
        assert all(name == name.casefold() and values for name, values in found.items())
