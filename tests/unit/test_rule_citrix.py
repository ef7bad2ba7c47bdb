"""Citrix Workspace: what its lockdown profiles forbid."""

from __future__ import annotations

from pathlib import Path

import pytest
from windows_settings import verdicts, windows

LOCKDOWN = r"Citrix\ICA Client\Engine\Lockdown Profiles\All Regions\Lockdown\Virtual Channels"
CLIENT = {r"WOW6432Node\Citrix\ICA Client": {"x": 1}}


@pytest.mark.parametrize(
    ("rule", "channel", "name"),
    [
        ("E-citrix-drive", "Drives", "CDMAllowed"),
        ("E-citrix-clipboard", "Clipboard", "ClipboardAllowed"),
        ("E-citrix-printer", "Printing", "CPMAllowed"),
    ],
)
def test_a_channel_is_closed_only_by_a_value_that_forbids(tmp_path: Path, rule: str, channel: str, name: str) -> None:
    policy = rf"Policies\{LOCKDOWN}\{channel}"
    assert verdicts(tmp_path / "a", rule, windows()) == ["not-applicable"]
    assert verdicts(tmp_path / "b", rule, windows(CLIENT)) == ["violation"]
    assert verdicts(tmp_path / "c", rule, windows({**CLIENT, policy: {name: "true,false"}})) == ["violation"]
    assert verdicts(tmp_path / "d", rule, windows({**CLIENT, policy: {name: "False"}})) == ["ok"]
    own = {"a": {rf"Software\{policy}": {name: "false"}}, "b": {}}
    assert verdicts(tmp_path / "e", rule, windows(CLIENT, users=own)) == ["ok", "violation"]
