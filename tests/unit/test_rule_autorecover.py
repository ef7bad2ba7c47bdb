"""E-autorecover: Word, Excel and PowerPoint each have a value of their own name."""

from __future__ import annotations

from pathlib import Path

from windows_settings import verdicts, windows

RULE = "E-autorecover"
APP_PATHS = r"Microsoft\Windows\CurrentVersion\App Paths"


def test_each_program_that_is_installed(tmp_path: Path) -> None:
    office = {rf"{APP_PATHS}\{exe}.EXE": {"x": 1} for exe in ("WINWORD", "EXCEL")}
    server = r"\\fs.pref.example\recover"
    options = {
        r"Software\Policies\Microsoft\Office\16.0\Word\Options": {"autosave-path": server},
        r"Software\Microsoft\Office\16.0\Excel\Options": {"AutoRecoverPath": r"C:\Users\a\AppData\Roaming"},
    }
    said = verdicts(tmp_path, RULE, windows(office, users={"a": options}))
    assert said == ["ok", "violation", "not-applicable"]
