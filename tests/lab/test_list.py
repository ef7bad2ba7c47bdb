"""`list` and the choice among several dongles, with virtual ones plugged in."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from dongle_cli.cli.list import NOTES, note
from dongle_cli.cli.select import choose
from dongle_cli.errors import DongleError
from dongle_cli.models import loader
from dongle_cli.usb.device import UsbDevice

CONTRACT = {"schema", "port", "usb", "mode", "model", "vendor", "serial", "at_ports", "driver"}
ADDED = {"model_id", "note"}


def test_list_says_what_is_plugged_in_one_object_a_line(lab: Callable[..., Any]) -> None:
    bench = lab(3, models=["huawei-e3372", "quectel-ec25", "cdc-acm"])
    result = bench.run("list", "--format", "json")
    assert (result.returncode, result.stderr) == (0, "")
    huawei, quectel, standard = (json.loads(line) for line in result.stdout.splitlines())
    assert set(huawei) == set(quectel) == set(standard) == CONTRACT | ADDED
    assert (huawei["schema"], huawei["port"], huawei["usb"], huawei["mode"]) == (1, "1-1", "12d1:14fe", "storage")
    assert huawei["at_ports"] == []
    assert (quectel["port"], quectel["mode"], quectel["vendor"]) == ("1-2", "modem", "Quectel")
    assert quectel["at_ports"][0] == "1-2:1.2"
    assert quectel["driver"] is None  # no kernel driver on this bus
    assert standard["mode"] == "modem"
    assert standard["serial"] == bench.summary["dongles"][2]["imei"]


def test_the_table_for_people_cuts_nothing(lab: Callable[..., Any]) -> None:
    bench = lab(2, models=["quectel-ec25", "huawei-e3372"])
    english = bench.run("list")
    assert english.returncode == 0
    head, first, second = english.stdout.splitlines()
    assert head.split()[:3] == ["PORT", "USB", "MODE"]
    assert {"1-1", "2c7c:0125", "modem", "1-1:1.2"} <= set(first.split())
    assert {"1-2", "12d1:14fe", "storage"} <= set(second.split())
    japanese = bench.run("--lang", "ja", "list").stdout.splitlines()
    assert japanese[0].startswith("ポート")
    assert "2c7c:0125" in japanese[1], "codes and numbers are not translated"


def test_an_empty_bus_is_an_answer(lab: Callable[..., Any]) -> None:
    bench = lab(0)
    result = bench.run("list", "--format", "json")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    result = bench.run("list")
    assert (result.returncode, result.stdout) == (0, "")
    assert "No dongle found." in result.stderr
    assert "lsusb" in result.stderr
    with pytest.raises(DongleError) as error:
        choose(None, devices=[])
    assert (error.value.code, error.value.exit_code) == ("device.none", 3)


def devices(*ports: str, serial: str | None = None) -> list[UsbDevice]:
    """Quectel modems at `ports`, the last one with `serial`."""
    found = [UsbDevice(port=port, vid=0x2C7C, pid=0x0125) for port in ports]
    return [*found[:-1], UsbDevice(port=ports[-1], vid=0x2C7C, pid=0x0125, serial=serial)]


def test_the_only_dongle_needs_no_choice() -> None:
    (device,) = choose(None, devices=devices("1-1"))
    assert device.port == "1-1"


def test_among_several_one_must_be_chosen() -> None:
    both = devices("1-1", "1-2", serial="ABC")
    with pytest.raises(DongleError) as error:
        choose(None, devices=both)
    assert (error.value.code, error.value.exit_code) == ("device.several", 3)
    assert [d["port"] for d in error.value.as_json()["error"]["devices"]] == ["1-1", "1-2"]  # type: ignore[index]
    assert "1-2" in str(error.value.hint)
    assert [d.port for d in choose(None, True, devices=both)] == ["1-1", "1-2"]
    assert [d.port for d in choose("1-2", devices=both)] == ["1-2"]
    assert [d.port for d in choose("1-2:1.2", devices=both)] == ["1-2"]
    assert [d.port for d in choose("ABC", devices=both)] == ["1-2"]
    doubled = devices("1-1", "[::1]:3240/1-1")  # two buses with a 1-1 each
    for spec in ("[::1]:3240/1-1", "[::1]:3240/1-1:1.2"):
        assert [d.port for d in choose(spec, devices=doubled)] == ["[::1]:3240/1-1"]
    with pytest.raises(DongleError) as error:
        choose("1-3", devices=both)
    assert (error.value.code, error.value.exit_code) == ("device.unknown", 3)


def test_an_imei_is_asked_of_the_dongles() -> None:
    both = devices("1-1", "1-2")
    imeis = {"1-1": None, "1-2": "354916011800025"}
    (device,) = choose("354916011800025", devices=both, imei_of=lambda d: imeis[d.port])
    assert device.port == "1-2"
    (device,) = choose("3549160118000201", devices=both, imei_of=lambda d: imeis[d.port])  # an IMEISV
    assert device.port == "1-2"
    with pytest.raises(DongleError) as error:
        choose("354916011800025", devices=both, imei_of=lambda _device: "354916011800025")
    assert error.value.code == "device.several"


def test_sticks_without_at_are_named_as_such() -> None:
    notes = {model.id: note(model) for model in loader.load()}
    assert notes["huawei-hilink"] == "http-only"
    assert "3g-only" in notes.values()
    assert notes["quectel-ec25"] is None
    assert set(notes.values()) - {None} <= set(NOTES)
