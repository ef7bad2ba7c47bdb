"""Horizon Client: nothing on the client proves what the virtual desktop allows."""

from __future__ import annotations

from pathlib import Path

import pytest
from windows_settings import asked, verdicts, windows

RULE = "E-redirect-horizon"


@pytest.mark.parametrize(
    "files",
    [
        windows({r"WOW6432Node\VMware, Inc.\VMware VDM\Client": {"x": 1}}),
        windows({r"Microsoft\Windows\CurrentVersion\Uninstall\{1}": {"DisplayName": "Omnissa Horizon Client"}}),
        windows(files={"Program Files/Omnissa/Omnissa Horizon Client/horizon-client.exe": b"MZ"}),
    ],
)
def test_installed_is_unknown(tmp_path: Path, files: dict[str, bytes | str]) -> None:
    findings, _gaps = asked(tmp_path, files)
    (one,) = [one for one in findings if one.rule == RULE]
    assert (one.verdict.value, one.path.split(":")[0]) == ("unknown", "Windows/System32/config/SOFTWARE")


def test_not_installed_is_not_applicable(tmp_path: Path) -> None:
    assert verdicts(tmp_path, RULE, windows()) == ["not-applicable"]
