"""Write filters: on or off, every exclusion by its path, and products that keep their list to themselves."""

from __future__ import annotations

from pathlib import Path

from folder_volume import put
from windows_settings import asked, verdicts, windows

from dongle_cli.audit.hives.registry import Registry
from dongle_cli.audit.rules import writable

FILTER, EXCLUSION = "E-write-filter", "E-write-filter-exclusion"
UWF = r"Services\uwfvol"
STATIC = UWF + r"\Parameters\Static"
ON = {
    UWF: {"Start": 0},
    rf"{STATIC}\Copy0": {"UwfEnabled": 1, "OverlayMaximumSize": 1024},
    rf"{STATIC}\Copy0\Volume1": {"VolumeName": r"\??\Volume{1}", "Exclusions": [r"\work", r"C:\ProgramData\AV"]},
    rf"{STATIC}\Copy0\Volume1\Exceptions\0": {"Path": r"\Users\Public\Documents"},
    rf"{STATIC}\Copy1": {"UwfEnabled": 1, "Exclusions": [r"\Work"]},
}


def test_each_exclusion_is_a_finding_of_its_own(tmp_path: Path) -> None:
    findings, gaps = asked(tmp_path, windows(system=ON))
    assert gaps == []
    mine = [one for one in findings if one.rule == EXCLUSION]
    assert [one.verdict.value for one in mine] == ["violation"] * 3
    assert {dict(one.detail)["found"] for one in mine} == {"work", "ProgramData/AV", "Users/Public/Documents"}
    assert all("it was scanned" in str(dict(one.detail)["note"]) for one in mine)
    assert all(one.path.startswith(r"Windows/System32/config/SYSTEM: Services\uwfvol") for one in mine)
    assert [one.verdict.value for one in findings if one.rule == FILTER] == ["ok"]
    assert len({one.fingerprint for one in mine}) == 3


def test_exclusions_are_writable_storage_for_the_judge(tmp_path: Path) -> None:
    on = put(tmp_path / "on", windows(system=ON))
    assert writable([Registry(on)]) == {("", "work"), ("", "programdata/av"), ("", "users/public/documents")}
    copies = {rf"{STATIC}\{copy}": {"UwfEnabled": 0} for copy in ("Copy0", "Copy1")}
    off = put(tmp_path / "off", windows(system={**ON, **copies}))
    assert writable([Registry(off)]) == set()


def test_copies_that_differ_are_unknown_and_their_exclusions_count(tmp_path: Path) -> None:
    files = windows(system={**ON, rf"{STATIC}\Copy1": {"UwfEnabled": 0}})
    assert verdicts(tmp_path, FILTER, files) == ["unknown"]
    assert verdicts(tmp_path, EXCLUSION, files) == ["violation"] * 3


def test_off_is_a_violation_and_absent_does_not_apply(tmp_path: Path) -> None:
    off = windows(system={UWF: {"Start": 0}, rf"{STATIC}\Copy0": {"UwfEnabled": 0}})
    assert verdicts(tmp_path / "a", FILTER, off) == ["violation"]
    assert verdicts(tmp_path / "a", EXCLUSION, off) == ["not-applicable"]
    assert verdicts(tmp_path / "b", FILTER, windows()) == ["not-applicable"]
    bare = windows(system={UWF: {"Start": 0}, rf"{STATIC}\Copy0": {"UwfEnabled": 1}})
    assert verdicts(tmp_path / "c", EXCLUSION, bare) == ["ok"]
    old = windows(system={r"Services\fbwf": {"Start": 0}})
    assert verdicts(tmp_path / "d", FILTER, old) == ["unknown"]


def test_a_dataless_product_keeps_its_list_to_itself(tmp_path: Path) -> None:
    title = "Flex Work Place Passage Drive"
    files = windows({r"Microsoft\Windows\CurrentVersion\Uninstall\p": {"DisplayName": title}})
    findings, _gaps = asked(tmp_path, files)
    (one,) = [one for one in findings if one.rule == EXCLUSION]
    assert (one.verdict.value, dict(one.detail)["product"]) == ("unknown", title)
    assert "書き込み禁止除外パス" in str(dict(one.detail)["note"])
