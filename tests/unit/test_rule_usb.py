"""E-removable-policy: the ways to close USB storage, and the products that decide it elsewhere."""

from __future__ import annotations

from pathlib import Path

from windows_settings import asked, verdicts, windows

RULE, POLICY = "E-removable-policy", r"Policies\Microsoft\Windows\RemovableStorageDevices"
DISKS = POLICY + r"\{53f5630d-b6bf-11d0-94f2-00a0c91efb8b}"
UNINSTALL = r"WOW6432Node\Microsoft\Windows\CurrentVersion\Uninstall\x"


def test_policy_class_or_driver(tmp_path: Path) -> None:
    assert verdicts(tmp_path / "a", RULE, windows()) == ["violation"]
    assert verdicts(tmp_path / "b", RULE, windows({POLICY: {"Deny_All": 1}})) == ["ok"]
    assert verdicts(tmp_path / "c", RULE, windows({DISKS: {"Deny_Write": 1}})) == ["ok"]
    assert verdicts(tmp_path / "d", RULE, windows({DISKS: {"Deny_Read": 1}})) == ["violation"]
    assert verdicts(tmp_path / "e", RULE, windows(system={r"Services\USBSTOR": {"Start": 4}})) == ["ok"]
    assert verdicts(tmp_path / "f", RULE, windows(system={r"Services\USBSTOR": {"Start": 3}})) == ["violation"]


def test_a_device_control_product_makes_it_unknown(tmp_path: Path) -> None:
    findings, gaps = asked(tmp_path, windows({UNINSTALL: {"DisplayName": "SKYSEA Client View Ver.19"}}))
    (one,) = [one for one in findings if one.rule == RULE]
    assert (one.verdict.value, dict(one.detail)["product"]) == ("unknown", "SKYSEA Client View Ver.19")
    assert "SKYSEA Client View Ver.19" in str(dict(one.detail)["note"])
    assert gaps == []  # every hive was read; what is not known is not in them
