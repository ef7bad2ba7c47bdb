"""The udev rules: in step with the models, and written as udev reads them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dongle_cli.models import loader, modeswitch, udev

CHECKED_IN = Path(__file__).parents[2] / "udev" / udev.FILE_NAME
# One token of a rule: key, attribute in braces, operator, value in double quotes without escapes (udev(7)).
TOKEN = re.compile(r'([A-Z]+)(?:\{([A-Za-z_]+)\})?(==|!=|\+=|=)"([^"\\]*)"')
MATCHES = {"ACTION", "SUBSYSTEM", "SUBSYSTEMS", "ENV", "ATTR", "ATTRS"}
ASSIGNMENTS = {"TAG": "+=", "GROUP": "=", "MODE": "=", "GOTO": "=", "LABEL": "=", "RUN": "+="}
Token = tuple[str, str, str, str]


@pytest.fixture(autouse=True)
def _only_our_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DONGLE_HOME", str(tmp_path))


def parse(text: str) -> list[list[Token]]:
    """Rules as lists of (key, attribute, operator, value); fails on what udev would not read."""
    parsed: list[list[Token]] = []
    for line in text.splitlines():
        assert len(line) < 16384, "UDEV_LINE_SIZE"
        if not line or line.startswith("#"):
            continue
        found: list[Token] = []
        at = 0
        while at < len(line):
            token = TOKEN.match(line, at)
            assert token, line[at : at + 60]
            key, attribute, operator, value = token.groups()
            if key in MATCHES:
                assert operator in ("==", "!=")
            else:
                assert ASSIGNMENTS[key] == operator, line
            assert "$" not in value, "nothing is substituted"
            assert "%" not in value, "nothing is substituted"
            found.append((key, attribute or "", operator, value))
            at = token.end()
            if at < len(line):
                assert line[at : at + 2] == ", ", line[at : at + 20]
                at += 2
        parsed.append(found)
    return parsed


def section(parsed: list[list[Token]], label: str) -> list[list[Token]]:
    """The rules between `label` and the next jump or label."""
    start = next(i for i, rule in enumerate(parsed) if rule == [("LABEL", "", "=", label)])
    rules: list[list[Token]] = []
    for rule in parsed[start + 1 :]:
        if rule[0][0] in ("LABEL", "GOTO"):
            break
        rules.append(rule)
    return rules


def matches(rule: list[Token], vid: int, pid: int, key: str) -> bool:
    """Whether `rule` is for this id, strings aside."""
    values = {attribute: value for k, attribute, _operator, value in rule if k == key}
    return values["idVendor"] == f"{vid:04x}" and f"{pid:04x}" in values["idProduct"].split("|")


def test_the_checked_in_file_is_what_the_models_say() -> None:
    assert CHECKED_IN.read_text(encoding="utf-8") == udev.rules(), (
        "run: dongle-cli setup udev --print > udev/70-dongle-cli.rules"
    )


@pytest.mark.parametrize("new_id", [False, True])
def test_every_line_is_a_rule_and_every_jump_lands_further_down(new_id: bool) -> None:
    parsed = parse(udev.rules(new_id))
    labels = {rule[0][3]: i for i, rule in enumerate(parsed) if rule[0][0] == "LABEL"}
    for i, rule in enumerate(parsed):
        for key, _attribute, _operator, value in rule:
            if key == "GOTO":
                assert labels[value] > i


def test_every_known_id_may_be_opened_in_either_face() -> None:
    rules = section(parse(udev.rules()), "dongle_cli_usb")
    known = {(u.vid, u.pid) for model in loader.load() for u in model.usb}
    known |= {(r.vid, r.pid) for r in modeswitch.load()} | modeswitch.targets()
    for vid, pid in known:
        fitting = [rule for rule in rules if matches(rule, vid, pid, "ATTR")]
        assert fitting, f"{vid:04x}:{pid:04x}"
        for rule in fitting:
            assert ("TAG", "", "+=", "uaccess") in rule
            assert ("GROUP", "", "=", "dongle") in rule
            assert ("MODE", "", "=", "0660") in rule


def test_ttys_of_modems_may_be_opened_and_no_others() -> None:
    rules = section(parse(udev.rules()), "dongle_cli_tty")
    for model in loader.load():
        for usb_id in model.usb:
            if usb_id.mode == "modem":
                assert any(matches(rule, usb_id.vid, usb_id.pid, "ATTRS") for rule in rules)
    assert not any(matches(rule, 0x12D1, 0x14FE, "ATTRS") for rule in rules), "a storage face has no tty"
    assert not any(rule for rule in rules if ("ATTRS", "idVendor", "==", "03f0") in rule)


def test_ids_shared_with_other_things_are_opened_only_where_the_strings_fit() -> None:
    rules = section(parse(udev.rules()), "dongle_cli_usb")
    shared = [rule for rule in rules if matches(rule, 0x05C6, 0x1000, "ATTR")]
    assert len(shared) > 5
    assert all(any(attribute in ("manufacturer", "product") for _k, attribute, _o, _v in rule) for rule in shared)


def test_the_kernel_is_told_ids_only_when_asked() -> None:
    assert "RUN" not in udev.rules()
    rules = [rule for rule in section(parse(udev.rules(new_id=True)), "dongle_cli_usb") if rule[-1][0] == "RUN"]
    assert len(rules) == len(udev.told())
    assert ((0x15EB, 0x7D0E), "option") in udev.told()
    for ((vid, pid), _driver), rule in zip(udev.told(), rules, strict=True):
        assert rule[0] == ("ACTION", "", "==", "add")
        assert matches(rule, vid, pid, "ATTR")
        command = rule[-1][3]
        assert command.startswith("/bin/sh -c '")
        assert f"echo {vid:04x} {pid:04x} ff >/sys/bus/usb-serial/drivers/option1/new_id'" in command
        assert command.count("'") == 2
