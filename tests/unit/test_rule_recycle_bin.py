"""E-recycle-bin: off for each person."""

from __future__ import annotations

from pathlib import Path

from windows_settings import verdicts, windows

KEY = r"Microsoft\Windows\CurrentVersion\Policies\Explorer"


def test_off_for_each_person(tmp_path: Path) -> None:
    people = {"a": {rf"Software\{KEY}": {"NoRecycleFiles": 1}}, "b": {}}
    assert verdicts(tmp_path / "a", "E-recycle-bin", windows(users=people)) == ["ok", "violation"]
    assert verdicts(tmp_path / "b", "E-recycle-bin", windows({KEY: {"NoRecycleFiles": 1}}, users=people)) == [
        "ok",
        "ok",
    ]
