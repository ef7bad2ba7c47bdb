"""E-memory-on-disk: both files, told as information."""

from __future__ import annotations

from pathlib import Path

from windows_settings import asked, verdicts, windows

RULE = "E-memory-on-disk"


def test_hibernation_and_page_file(tmp_path: Path) -> None:
    off = {
        r"Control\Power": {"HibernateEnabled": 0},
        r"Control\Session Manager\Memory Management": {"ClearPageFileAtShutdown": 1},
    }
    assert verdicts(tmp_path / "a", RULE, windows(system=off)) == ["ok", "ok"]
    findings, _gaps = asked(tmp_path / "b", windows())
    mine = [one for one in findings if one.rule == RULE]
    assert [(one.verdict.value, one.severity.word) for one in mine] == [("violation", "info")] * 2
