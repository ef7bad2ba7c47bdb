"""OneDrive: off altogether is enough; else private accounts and known-folder move each for themselves."""

from __future__ import annotations

from pathlib import Path

from hive_writer import registry_pol
from windows_settings import asked, windows

RULES = ("E-onedrive", "E-onedrive-personal", "E-known-folder-move")
SETUP = {"Windows/SysWOW64/OneDriveSetup.exe": b"MZ"}
OFF, OWN = r"Policies\Microsoft\Windows\OneDrive", r"Policies\Microsoft\OneDrive"


def said(root: Path, files: dict[str, bytes | str]) -> tuple[str, ...]:
    by_rule = {one.rule: one.verdict.value for one in asked(root, files)[0]}
    return tuple(by_rule[rule] for rule in RULES)


def test_each_policy(tmp_path: Path) -> None:
    bad, good, none = "violation", "ok", "not-applicable"
    assert said(tmp_path / "a", windows(files=SETUP)) == (bad, bad, bad)
    assert said(tmp_path / "b", windows()) == (none, none, none)
    assert said(tmp_path / "c", windows({OFF: {"DisableFileSyncNGSC": 1}}, files=SETUP)) == (good, good, good)
    assert said(tmp_path / "d", windows({OFF: {"DisableFileSyncNGSC": 0}})) == (bad, bad, bad)
    assert said(tmp_path / "e", windows({OWN: {"KFMBlockOptIn": 1}}, files=SETUP)) == (bad, bad, good)
    own = {"a": {rf"Software\{OWN}": {"DisablePersonalSync": 1}}}
    assert said(tmp_path / "f", windows(users=own, files=SETUP)) == (bad, good, bad)
    pol = registry_pol([(rf"Software\{OFF}", "DisableFileSyncNGSC", 1)])
    path = "Windows/System32/GroupPolicy/Machine/Registry.pol"
    assert said(tmp_path / "g", windows(files={**SETUP, path: pol})) == (good, good, good)


def test_onedrive_in_a_persons_own_folder_counts_as_installed(tmp_path: Path) -> None:
    files = windows(files={"Users/sakura/AppData/Local/Microsoft/OneDrive/OneDrive.exe": b"MZ"})
    assert said(tmp_path, files)[1] == "violation"
