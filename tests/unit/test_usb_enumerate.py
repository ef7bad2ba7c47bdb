"""Which buses there are, in what order ports come, and what sysfs says without opening a device."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from dongle_cli.errors import DongleError
from dongle_cli.usb import enumerate as enumeration
from dongle_cli.usb import sysfs
from dongle_cli.usb.libusb import LibusbBus

DEVICE = struct.pack("<BBHBBBBHHHBBBB", 18, 1, 0x0200, 0, 0, 0, 64, 0x2C7C, 0x0125, 0x0318, 1, 2, 0, 1)


def configuration(count: int) -> bytes:
    body = b"".join(
        struct.pack("<BBBBBBBBB", 9, 4, number, 0, 2, 255, 255, 255, 0)
        + struct.pack("<BBBBHB", 7, 5, 0x81 + number, 2, 512, 0)
        + struct.pack("<BBBBHB", 7, 5, 0x01 + number, 2, 512, 0)
        for number in range(count)
    )
    return struct.pack("<BBHBBBBB", 9, 2, 9 + len(body), count, 1, 0, 0x80, 250) + body


def plug(root: Path, port: str, raw: bytes, **words: str) -> Path:
    """A device's folder as the kernel makes it."""
    folder = root / port
    folder.mkdir(parents=True)
    (folder / "descriptors").write_bytes(raw)
    for name, word in {"devnum": "7", "bConfigurationValue": "1", "dev": "189:6", **words}.items():
        (folder / name).write_text(f"{word}\n")
    return folder


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "devices"
    root.mkdir()
    monkeypatch.setattr(sysfs, "ROOT", root)
    return root


def test_a_modem_with_its_drivers_and_ttys(tree: Path, tmp_path: Path) -> None:
    plug(tree, "1-1.4", DEVICE + configuration(3), manufacturer="Quectel", product="EC25", serial="SN1")
    for driver in ("option", "cdc_acm"):
        (tmp_path / "drivers" / driver).mkdir(parents=True)
    usb_serial = tree / "1-1.4:1.1"
    (usb_serial / "ttyUSB10").mkdir(parents=True)
    (usb_serial / "driver").symlink_to(tmp_path / "drivers" / "option")
    acm = tree / "1-1.4:1.2"
    (acm / "tty" / "ttyACM0").mkdir(parents=True)
    (acm / "driver").symlink_to(tmp_path / "drivers" / "cdc_acm")
    plug(tree, "usb1", DEVICE)
    plug(tree, "1-1", DEVICE[:4] + bytes([9]) + DEVICE[5:] + configuration(1))
    (found,) = LibusbBus().devices()
    assert (found.port, found.usb, found.generation) == ("1-1.4", "2c7c:0125", 7)
    assert (found.manufacturer, found.product, found.serial) == ("Quectel", "EC25", "SN1")
    assert [(i.driver, i.tty) for i in found.interfaces] == [
        (None, None), ("option", "/dev/ttyUSB10"), ("cdc_acm", "/dev/ttyACM0"),
    ]  # fmt: skip


def test_a_device_that_leaves_while_it_is_read_is_not_there(tree: Path) -> None:
    folder = plug(tree, "1-2", DEVICE + configuration(1))
    (folder / "devnum").unlink()
    assert LibusbBus().devices() == []
    assert LibusbBus().find("1-2") is None
    assert LibusbBus().find("1-9") is None


@pytest.mark.parametrize("port", ["../1-2", "1-2/../1-2", "/1-2", ""])
def test_only_port_paths_are_ports(tree: Path, port: str) -> None:
    plug(tree, "1-2", DEVICE + configuration(1))
    assert LibusbBus().find(port) is None


def test_numbers_in_ports_count_as_numbers() -> None:
    ports = ["10-1", "1-10", "1-2", "1-1.10", "1-1.9", "1-1"]
    assert sorted(ports, key=enumeration.port_order) == ["1-1", "1-1.9", "1-1.10", "1-2", "1-10", "10-1"]


@pytest.mark.parametrize(
    "value", ["usb", "usbip://", "usbip://host", "usbip://host:0", "usbip://host:70000", "libusb,", "usbip://a:1,x"]
)
def test_a_malformed_bus_is_wrong_usage(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("DONGLE_BUS", value)
    with pytest.raises(DongleError) as error:
        enumeration.scan()
    assert (error.value.code, error.value.exit_code) == ("usage.bus", 2)


def test_several_buses_each_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DONGLE_BUS", "usbip://127.0.0.1:3240, libusb,usbip://[::1]:3241,libusb")
    assert [bus.name for bus in enumeration.buses()] == ["usbip://127.0.0.1:3240", "libusb", "usbip://::1:3241"]
