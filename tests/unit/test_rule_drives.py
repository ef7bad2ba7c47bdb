"""E-local-drives: both masks, the machine's before the person's, and the policy file beside the hive."""

from __future__ import annotations

from pathlib import Path

from hive_writer import registry_pol
from windows_settings import asked, verdicts, windows

RULE, KEY = "E-local-drives", r"Microsoft\Windows\CurrentVersion\Policies\Explorer"


def test_both_masks_must_hold_c(tmp_path: Path) -> None:
    mine = rf"Software\{KEY}"
    both = {mine: {"NoDrives": 0x03FFFFFF, "NoViewOnDrive": b"\4\0\0\0"}}
    only_d = {mine: {"NoDrives": 8, "NoViewOnDrive": 4}}
    assert verdicts(tmp_path / "a", RULE, windows(users={"a": both})) == ["ok", "ok"]
    assert verdicts(tmp_path / "b", RULE, windows(users={"a": only_d})) == ["violation", "ok"]
    assert verdicts(tmp_path / "c", RULE, windows(users={"a": both, "b": {}})) == ["ok", "violation"] * 2
    overruled = windows({KEY: {"NoDrives": 8}}, users={"a": both})
    assert verdicts(tmp_path / "d", RULE, overruled) == ["violation", "ok"]


def test_the_finding_names_hive_key_value_and_whose(tmp_path: Path) -> None:
    findings, _gaps = asked(tmp_path, windows(users={"花子": {rf"Software\{KEY}": {"NoDrives": 8}}}))
    first, second = [one for one in findings if one.rule == RULE]
    assert first.path == rf"Users/花子/NTUSER.DAT: Software\{KEY}\NoDrives"
    assert (first.owner, first.place) == ("花子", "settings")
    assert dict(first.detail)["found"] == 8
    assert dict(first.detail)["wanted"] == "& 0x4 (C:)"
    assert (second.path.rpartition("\\")[2], dict(second.detail)["found"]) == ("NoViewOnDrive", None)
    assert first.fingerprint != second.fingerprint


def test_a_local_policy_of_users_counts_and_says_so(tmp_path: Path) -> None:
    lines = [(rf"Software\{KEY}", name, 4) for name in ("NoDrives", "NoViewOnDrive")]
    pol = {"Windows/System32/GroupPolicy/User/Registry.pol": registry_pol(lines)}
    findings, _gaps = asked(tmp_path, windows(files=pol))
    mine = [one for one in findings if one.rule == RULE]
    assert [one.verdict.value for one in mine] == ["ok", "ok"]
    assert {dict(one.detail)["source"] for one in mine} == {"policy-file"}


def test_a_fresh_image_is_judged_by_what_new_users_get(tmp_path: Path) -> None:
    files = windows(users={})
    files["Users/Default/NTUSER.DAT"] = windows()["Users/sakura/NTUSER.DAT"]
    assert verdicts(tmp_path, RULE, files) == ["violation", "violation"]


def test_a_policy_file_that_wants_something_else_than_the_hive_is_told(tmp_path: Path) -> None:
    pol = {"Windows/System32/GroupPolicy/User/Registry.pol": registry_pol([(rf"Software\{KEY}", "NoDrives", 0)])}
    hive = {"a": {rf"Software\{KEY}": {"NoDrives": 4, "NoViewOnDrive": 4}}}
    findings, _gaps = asked(tmp_path, windows(users=hive, files=pol))
    first, second = [one for one in findings if one.rule == RULE]
    assert (first.verdict.value, dict(first.detail)["policy_file"]) == ("ok", 0)
    assert "policy_file" not in dict(second.detail)
