"""Outlook: no copy of the mailbox, no personal folders, in the versions that have such policies."""

from __future__ import annotations

from pathlib import Path

import pytest
from windows_settings import verdicts, windows

CACHE, PST = "E-outlook-cache", "E-outlook-pst"
OUTLOOK = {r"Microsoft\Windows\CurrentVersion\App Paths\OUTLOOK.EXE": {"Path": "C:\\x"}}


@pytest.mark.parametrize("version", ["14.0", "15.0", "16.0"])
def test_policies_of_a_person_and_of_the_machine(tmp_path: Path, version: str) -> None:
    key = rf"Policies\Microsoft\Office\{version}\Outlook"
    mine = {"a": {rf"Software\{key}\OST": {"NoOST": 2}, rf"Software\{key}\PST": {"PSTDisableGrow": 1}}}
    assert verdicts(tmp_path / "a", CACHE, windows(OUTLOOK, users=mine)) == ["ok"]
    assert verdicts(tmp_path / "a", PST, windows(OUTLOOK, users=mine)) == ["ok"]
    machine = windows({**OUTLOOK, rf"{key}\Cached Mode": {"Enable": 0}})
    assert verdicts(tmp_path / "b", CACHE, machine) == ["ok"]


def test_weaker_values_do_not_count(tmp_path: Path) -> None:
    key = r"Software\Policies\Microsoft\Office\16.0\Outlook"
    # 3 lets cached mode be, 1 forbids only offline access: there is an OST file all the same. 2 allows some PST files.
    for number, values in enumerate(({rf"{key}\OST": {"NoOST": 3}}, {rf"{key}\OST": {"NoOST": 1}}, {})):
        assert verdicts(tmp_path / str(number), CACHE, windows(OUTLOOK, users={"a": values})) == ["violation"]
    assert verdicts(tmp_path / "p", PST, windows(OUTLOOK, users={"a": {key: {"DisablePST": 2}}})) == ["violation"]


def test_without_outlook_it_does_not_apply(tmp_path: Path) -> None:
    assert verdicts(tmp_path, CACHE, windows()) == ["not-applicable"]
