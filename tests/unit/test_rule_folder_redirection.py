"""E-folder-redirection: servers by name or by a mapped drive; everything else is on this machine."""

from __future__ import annotations

from pathlib import Path

from hive_writer import Expand
from windows_settings import verdicts, windows

RULE = "E-folder-redirection"
KEY = r"Software\Microsoft\Windows\CurrentVersion\Explorer\User Shell Folders"
DOWNLOADS = "{374DE290-123F-4565-9164-39C4925E467B}"


def said(root: Path, desktop: str, documents: str, downloads: str, **network: str) -> list[str]:
    mapped = {rf"Network\{drive}": {"RemotePath": path} for drive, path in network.items()}
    folders = {"Desktop": Expand(desktop), "Personal": Expand(documents), DOWNLOADS: Expand(downloads)}
    return verdicts(root, RULE, windows(users={"a": {KEY: folders, **mapped}}))


def test_where_folders_are(tmp_path: Path) -> None:
    server = r"\\fs.pref.example\home$\a"
    assert said(tmp_path / "a", rf"{server}\Desktop", rf"{server}\Documents", rf"{server}\Downloads") == ["ok"] * 3
    local = r"%USERPROFILE%\Desktop"
    assert said(tmp_path / "b", local, r"C:\Users\a\OneDrive - Pref\Documents", r"D:\a") == ["violation"] * 3
    assert said(tmp_path / "c", r"H:\Desktop", r"h:\Documents", local, H=server) == ["ok", "ok", "violation"]
    assert said(tmp_path / "d", r"%HOMESHARE%\Desktop", local, local) == ["unknown", "violation", "violation"]
    assert verdicts(tmp_path / "e", RULE, windows()) == ["violation"] * 3
