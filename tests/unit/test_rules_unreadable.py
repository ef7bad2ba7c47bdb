"""Hives that are cut short, garbage or claim too much: unknown, one gap each, and the audit goes on."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from folder_volume import FolderVolume, put
from hypothesis import given, settings
from hypothesis import strategies as st
from windows_settings import CONFIG, asked, windows

from dongle_cli.audit.hives.registry import Registry
from dongle_cli.audit.hives.regpol import RegistryPol
from dongle_cli.audit.hives.unreadable import Unreadable
from dongle_cli.audit.model import Finding, Gap, Verdict
from dongle_cli.audit.rules import CATALOGUE, FAMILIES, check

SOFTWARE, SYSTEM, USER = f"{CONFIG}/SOFTWARE", f"{CONFIG}/SYSTEM", "Users/sakura/NTUSER.DAT"


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def huge(data: bytes) -> bytes:
    """Every count of keys and values in it says four billion."""
    out = bytearray(data)
    at = out.find(b"nk")
    while at > 0:
        struct.pack_into("<I", out, at + 20, 0xFFFFFFF0)
        struct.pack_into("<I", out, at + 36, 0xFFFFFFF0)
        at = out.find(b"nk", at + 2)
    return bytes(out)


@pytest.mark.parametrize(
    "harm", [cut, huge, lambda data: b"", lambda data: b"\xff" * len(data), lambda data: data[:4096]]
)
def test_each_hive_that_cannot_be_read(tmp_path: Path, harm: object) -> None:
    files = windows()
    for path in (SOFTWARE, SYSTEM, USER):
        assert callable(harm)
        broken = {**files, path: harm(files[path])}
        findings, gaps = asked(tmp_path / path.replace("/", "-"), broken)
        assert {(gap.path, gap.reason) for gap in gaps} == {(path, "damaged")}
        rules = {one.rule for one in findings if one.verdict is Verdict.UNKNOWN}
        wanted = {SOFTWARE: "E-onedrive", SYSTEM: "E-offline-files", USER: "E-folder-redirection"}
        assert wanted[path] in rules
        assert all(path in one.path for one in findings if dict(one.detail).get("reason") == "damaged")
        assert {one.rule for one in findings} == {r.id for r in CATALOGUE.values() if r.subject != "document"}


def test_a_hive_that_is_missing(tmp_path: Path) -> None:
    files = windows()
    del files[SYSTEM]
    findings, gaps = asked(tmp_path, files)
    assert [(gap.path, gap.reason) for gap in gaps] == [(SYSTEM, "vanished")]
    assert "E-offline-files" in {one.rule for one in findings if one.verdict is Verdict.UNKNOWN}


def test_a_control_set_that_select_does_not_name(tmp_path: Path) -> None:
    from hive_writer import hive

    findings, gaps = asked(
        tmp_path, {**windows(), SYSTEM: hive({"ControlSet001": {"Services": {"CSC": {"Start": 4}}}})}
    )
    assert [(gap.path, gap.reason) for gap in gaps] == [(SYSTEM, "damaged")]
    assert {one.verdict for one in findings if one.rule == "E-offline-files"} == {Verdict.UNKNOWN}


class Closed(FolderVolume):
    """A volume on which some folders may not be listed."""

    closed: tuple[str, ...] = ()

    def list(self, path: str) -> Iterator[tuple[str, bool]]:
        if path in self.closed:
            raise PermissionError(13, "Permission denied", path)
        yield from super().list(path)


def test_a_folder_of_users_that_may_not_be_listed(tmp_path: Path) -> None:
    put(tmp_path, {**windows(), "Windows/SysWOW64/OneDriveSetup.exe": b"MZ"})
    volume = Closed(tmp_path)
    volume.closed = ("Users",)
    said = list(check([Registry(volume)], []))
    verdicts = {one.rule: one.verdict for one in said if isinstance(one, Finding)}
    assert [(one.path, one.reason) for one in said if isinstance(one, Gap)] == [("Users", "permission")]
    unknown = {rule for rule, verdict in verdicts.items() if verdict is Verdict.UNKNOWN}
    people = {rule.id for rule in CATALOGUE.values() if rule.subject == "user"}
    assert unknown == people | {"E-disk-encryption"}
    assert verdicts["E-known-folder-move"] is Verdict.VIOLATION  # a rule of the machine beside one of people


def test_a_folder_of_hives_that_may_not_be_listed(tmp_path: Path) -> None:
    put(tmp_path, windows())
    volume = Closed(tmp_path)
    volume.closed = ("Windows/System32",)
    said = list(check([Registry(volume)], []))
    assert {one.verdict for one in said if isinstance(one, Finding)} == {Verdict.UNKNOWN}
    assert [one.reason for one in said if isinstance(one, Gap)] == ["permission"]


def test_a_root_without_windows_has_nothing_to_ask(tmp_path: Path) -> None:
    findings, gaps = asked(tmp_path, {"etc/os-release": "ID=debian\n"})
    assert gaps == []
    assert {one.verdict for one in findings} == {Verdict.NOT_APPLICABLE}
    assert len(findings) == len([rule for rule in CATALOGUE.values() if rule.subject != "document"])


@settings(max_examples=60)
@given(st.data())
def test_flipped_bytes_never_stop_an_audit(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    files = windows({r"Policies\Microsoft\OneDrive": {"KFMBlockOptIn": 1}}, {r"Services\CSC": {"Start": 1}})
    path = data.draw(st.sampled_from([SOFTWARE, SYSTEM, USER]))
    raw = bytearray(files[path])  # type: ignore[arg-type]
    for _number in range(data.draw(st.integers(1, 8))):
        raw[data.draw(st.integers(4096, len(raw) - 1))] = data.draw(st.integers(0, 255))
    findings, gaps = asked(tmp_path_factory.mktemp("flipped"), {**files, path: bytes(raw)})
    assert {one.rule for one in findings} == {rule.id for rule in CATALOGUE.values() if rule.subject != "document"}
    assert all(gap.path == path for gap in gaps)


@settings(max_examples=300)
@given(st.binary(max_size=200) | st.binary(max_size=200).map(lambda data: b"PReg\1\0\0\0" + data))
def test_no_policy_file_stops_an_audit(raw: bytes) -> None:
    try:
        RegistryPol(io.BytesIO(raw), "Registry.pol")
    except Unreadable as error:
        assert error.word == "damaged"


def test_every_rule_is_complete_and_belongs_to_one_family() -> None:
    ids = [rule.id for family in FAMILIES for rule in family.rules]
    assert len(ids) == len(set(ids)) == len(CATALOGUE)
    for family in FAMILIES:
        own = {rule.id for rule in family.rules}
        assert {check.rule for check in family.checks} <= own
        assert {line.rule for line in family.lines} <= own
    for rule in CATALOGUE.values():
        assert rule.title and rule.why and rule.remedy
        assert rule.subject in ("machine", "user", "file", "document")


REAL = Path(__file__).resolve().parents[3] / "shared" / "images" / "NTUSER-WIN7.DAT"


@pytest.mark.skipif(not REAL.exists(), reason="the real hives are not beside the checkout")
def test_a_real_hive_of_a_person(tmp_path: Path) -> None:
    findings, gaps = asked(tmp_path, {**windows(), USER: REAL.read_bytes()})
    assert gaps == []
    mine = [one for one in findings if one.path.startswith(USER) and one.rule == "E-folder-redirection"]
    assert [one.verdict for one in mine] == [Verdict.VIOLATION] * 3
    assert str(dict(mine[0].detail)["found"]).startswith("%USERPROFILE%")
