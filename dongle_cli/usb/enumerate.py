"""All buses that DONGLE_BUS names, and the devices on them."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from functools import cache

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _
from dongle_cli.usb.device import Bus, UsbDevice
from dongle_cli.usb.usbip import UsbipBus

_USBIP = re.compile(r"usbip://(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s/:,\[\]]+):(?P<port>[0-9]{1,5})/?")
# By bus: the ports it ever listed, so that a name does not pass to another server while a dongle re-enumerates.
_listed: dict[str, set[str]] = {}


def buses() -> list[Bus]:
    """The buses of DONGLE_BUS in its order; DongleError `usage.bus` where it is malformed."""
    value = os.environ.get("DONGLE_BUS") or "libusb"
    return [_bus(name) for name in dict.fromkeys(part.strip() for part in value.split(","))]


@cache
def _bus(name: str) -> Bus:
    if name == "libusb":
        from dongle_cli.usb.libusb import LibusbBus

        return LibusbBus()
    match = _USBIP.fullmatch(name)
    if not match or not 0 < int(match["port"]) < 65536:
        raise DongleError(
            _("DONGLE_BUS is {value}, which names no bus.").format(value=name or '""'),
            code="usage.bus",
            hint=_("Use libusb, or usbip://HOST:PORT, or several of them separated by commas."),
            value=name,
        )
    return UsbipBus(match["host"].strip("[]"), int(match["port"]))


def scan() -> list[UsbDevice]:
    """Every device but hubs, bus by bus, in port order: 1-2 comes before 1-10."""
    found: list[UsbDevice] = []
    taken: set[str] = set()
    for bus in buses():
        devices = bus.devices()
        ports = _listed.setdefault(bus.name, set())
        ports.update(device.port for device in devices)
        for device in sorted(devices, key=lambda device: port_order(device.port)):
            doubled = device.port in taken
            found.append(replace(device, port=bus.prefix + device.port) if doubled else device)
        taken |= ports
    return found


def find(port: str) -> UsbDevice | None:
    """The device at `port` now ("1-1.4", or "HOST:PORT/1-1.4"), or None."""
    for bus in buses():
        device = bus.find(port)
        if device is not None or port in _listed.get(bus.name, ()):
            return device
    return None


def port_order(port: str) -> list[tuple[int, str]]:
    """A sort key by which numbers in a port path count as numbers."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", port)]
