"""BitLocker: a policy is not encryption, and what a hive does not say is unknown."""

from __future__ import annotations

from pathlib import Path

import pytest
from folder_volume import put
from hive_writer import registry_pol
from windows_settings import asked, verdicts, windows

from dongle_cli.audit.hives.registry import Registry
from dongle_cli.audit.model import Finding
from dongle_cli.audit.rules import check

INTENT, STATE = "E-encryption-policy", "E-disk-encryption"
FVE = r"Policies\Microsoft\FVE"


def test_a_policy_says_nothing_of_the_disk(tmp_path: Path) -> None:
    findings, gaps = asked(tmp_path, windows({FVE: {"EncryptionMethodWithXtsOs": 7}}))
    by_rule = {one.rule: one for one in findings}
    assert by_rule[INTENT].verdict.value == "ok"
    assert "not measured" in str(dict(by_rule[INTENT].detail)["note"])
    assert by_rule[STATE].verdict.value == "unknown"
    assert gaps == []


def test_the_intention_in_hive_policy_file_and_mdm(tmp_path: Path) -> None:
    assert verdicts(tmp_path / "a", INTENT, windows()) == ["violation"]
    pol = registry_pol([(rf"SOFTWARE\{FVE}", "OSActiveDirectoryBackup", 1)])
    path = "Windows/System32/GroupPolicy/Machine/Registry.pol"
    assert verdicts(tmp_path / "b", INTENT, windows(files={path: pol})) == ["ok"]
    mdm = {r"Microsoft\PolicyManager\current\device\BitLocker": {"RequireDeviceEncryption": 1}}
    assert verdicts(tmp_path / "c", INTENT, windows(mdm)) == ["ok"]


@pytest.mark.parametrize(("protection", "wanted"), [("on", "ok"), ("suspended", "violation")])
def test_a_volume_that_was_opened_is_measured(tmp_path: Path, protection: str, wanted: str) -> None:
    volume = put(tmp_path, windows(system={r"Control\BitLockerStatus": {"BootStatus": 0}}))
    volume.protection = protection  # type: ignore[attr-defined]
    (one,) = [one for one in check([Registry(volume)], []) if isinstance(one, Finding) and one.rule == STATE]
    assert (one.verdict.value, one.path, dict(one.detail)["found"]) == (wanted, "BitLocker", protection)
    assert "Measured" in str(dict(one.detail)["note"])


def test_what_windows_noted_at_its_last_start(tmp_path: Path) -> None:
    for number, wanted in ((1, "ok"), (0, "violation")):
        files = windows(system={r"Control\BitLockerStatus": {"BootStatus": number}})
        findings, _gaps = asked(tmp_path / wanted, files)
        (one,) = [one for one in findings if one.rule == STATE]
        assert one.verdict.value == wanted
        assert "last start" in str(dict(one.detail)["note"])
