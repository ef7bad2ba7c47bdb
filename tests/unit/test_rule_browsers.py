"""E-browser-downloads: each browser that is installed, for each person."""

from __future__ import annotations

from pathlib import Path

from windows_settings import asked, windows

RULE = "E-browser-downloads"
EXE = {
    "Edge": "Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
    "Chrome": "Users/sakura/AppData/Local/Google/Chrome/Application/chrome.exe",
    "Firefox": "Program Files/Mozilla Firefox/firefox.exe",
}


def said(root: Path, software: dict[str, dict[str, object]], *browsers: str) -> dict[str, str]:
    findings, gaps = asked(root, windows(software, files={EXE[browser]: b"MZ" for browser in browsers}))
    assert gaps == []
    mine = [one for one in findings if one.rule == RULE]
    return {browser: one.verdict.value for one in mine for browser in EXE if f"\\{browser}\\" in one.path}


def test_each_browser_for_itself(tmp_path: Path) -> None:
    none = dict.fromkeys(EXE, "not-applicable")
    assert said(tmp_path / "a", {}) == none
    assert said(tmp_path / "b", {}, *EXE) == dict.fromkeys(EXE, "violation")
    blocked = {r"Policies\Microsoft\Edge": {"DownloadRestrictions": 3}}
    assert said(tmp_path / "c", blocked, "Edge", "Chrome") == {**none, "Edge": "ok", "Chrome": "violation"}
    server = {r"Policies\Mozilla\Firefox": {"DownloadDirectory": r"\\fs.pref.example\home$\${user_name}"}}
    assert said(tmp_path / "d", server, "Firefox") == {**none, "Firefox": "ok"}


def test_a_local_folder_or_a_weaker_restriction_does_not_count(tmp_path: Path) -> None:
    weak = {r"Policies\Google\Chrome": {"DownloadRestrictions": 1, "DownloadDirectory": r"C:\work"}}
    assert said(tmp_path / "a", weak, "Chrome")["Chrome"] == "violation"
    for number, path in enumerate((r"\\localhost\c$\x", r"\\?\C:\x", r"\\.\C:\x", "//")):
        own = {r"Policies\Google\Chrome": {"DownloadDirectory": path}}
        assert said(tmp_path / f"s{number}", own, "Chrome")["Chrome"] == "violation"


JSON = "Program Files/Mozilla Firefox/distribution/policies.json"


def test_firefox_also_takes_policies_from_a_file(tmp_path: Path) -> None:
    def of(name: str, content: bytes) -> tuple[list[str], list[str]]:
        findings, gaps = asked(tmp_path / name, windows(files={EXE["Firefox"]: b"MZ", JSON: content}))
        mine = [one for one in findings if one.rule == RULE and one.verdict.value != "not-applicable"]
        return [one.verdict.value for one in mine], [gap.reason for gap in gaps]

    server = b'{"policies": {"DownloadDirectory": "\\\\\\\\fs.pref.example\\\\home"}}'
    assert of("a", server) == (["ok"], [])
    assert of("b", b'{"policies": {"DownloadDirectory": "C:\\\\work"}}') == (["violation"], [])
    assert of("c", b'{"policies": {}}') == (["violation"], [])
    for number, broken in enumerate((b"{", b"[]", b'{"policies": 1}', b"[" * 100_000, b"\xff")):
        assert of(f"d{number}", broken) == (["unknown"], ["damaged"])
