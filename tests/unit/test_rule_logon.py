"""H-login-auth: automatic logon is a violation, anything else is well."""

from __future__ import annotations

from pathlib import Path

from windows_settings import verdicts, windows

RULE, KEY = "H-login-auth", r"Microsoft\Windows NT\CurrentVersion\Winlogon"


def test_automatic_logon(tmp_path: Path) -> None:
    assert verdicts(tmp_path / "a", RULE, windows({KEY: {"AutoAdminLogon": "1"}})) == ["violation"]
    assert verdicts(tmp_path / "b", RULE, windows({KEY: {"AutoAdminLogon": "0"}})) == ["ok"]
    assert verdicts(tmp_path / "c", RULE, windows()) == ["ok"]
