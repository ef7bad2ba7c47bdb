"""E-clipboard-history: history and other devices, where Windows knows them."""

from __future__ import annotations

from pathlib import Path

from windows_settings import verdicts, windows

RULE, KEY = "E-clipboard-history", r"Policies\Microsoft\Windows\System"
SERVICE = {r"Services\cbdhsvc": {"Start": 3}}


def test_both_policies(tmp_path: Path) -> None:
    off = {KEY: {"AllowClipboardHistory": 0, "AllowCrossDeviceClipboard": 0}}
    assert verdicts(tmp_path / "a", RULE, windows(off, SERVICE)) == ["ok", "ok"]
    assert verdicts(tmp_path / "b", RULE, windows({KEY: {"AllowClipboardHistory": 0}}, SERVICE)) == ["ok", "violation"]
    assert verdicts(tmp_path / "c", RULE, windows()) == ["not-applicable", "not-applicable"]
