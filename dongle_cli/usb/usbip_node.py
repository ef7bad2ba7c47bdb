"""What a device behind a USB/IP server says of itself, read once for as long as it stays plugged in."""

from __future__ import annotations

import errno
import os
import threading
from dataclasses import dataclass, field
from time import monotonic

from dongle_cli.i18n import _
from dongle_cli.usb import descriptors, fault
from dongle_cli.usb import usbip_wire as wire
from dongle_cli.usb.usbip_link import CONNECT, Link

_GONE = frozenset({errno.ECONNRESET, errno.ENOENT, errno.ESHUTDOWN, errno.ENODEV})
_US_ENGLISH = 0x0409


@dataclass
class Node:
    """One plugged-in device; replugging makes another node. `descriptor` is None until it was read."""

    exported: wire.Exported
    descriptor: descriptors.DeviceDescriptor | None = None
    configurations: list[descriptors.ConfigurationDescriptor] = field(default_factory=list)
    manufacturer: str | None = None
    product: str | None = None
    serial: str | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


def read(node: Node, link: Link) -> None:
    """Fill `node` in; OSError where the device is gone or silent, DongleError `port.failed` where it makes no sense."""
    exported = node.exported
    device = descriptors.parse_device(_descriptor(link, descriptors.DEVICE, 0, 18))
    if device is None:
        raise fault.failed(exported.busid, _("its device descriptor cannot be read"))
    digits = exported.busid.partition("-")[2].split(".")
    device.bus, device.address, device.speed = exported.busnum, exported.devnum, exported.speed
    device.port_numbers = tuple(int(digit) for digit in digits if digit.isdecimal()) or None
    device.port_number = device.port_numbers[-1] if device.port_numbers else None
    whole = [_configuration(link, index) for index in range(device.bNumConfigurations)]
    node.configurations = [configuration for configuration in whole if configuration is not None]
    node.manufacturer = _string(link, device.iManufacturer)
    node.product = _string(link, device.iProduct)
    node.serial = _string(link, device.iSerialNumber)
    node.descriptor = device


def first_configuration(link: Link) -> int:
    """The bConfigurationValue of the first configuration; 1 where it cannot be read."""
    head = _descriptor(link, descriptors.CONFIGURATION, 0, 9)
    return head[5] if len(head) == 9 else 1


def os_error(number: int) -> OSError:
    """The error for a transfer's status, as libusb numbers them."""
    number = errno.ENODEV if number in _GONE else errno.EIO if number == errno.EPROTO else number
    return OSError(number, os.strerror(number))


def _configuration(link: Link, index: int) -> descriptors.ConfigurationDescriptor | None:
    head = _descriptor(link, descriptors.CONFIGURATION, index, 9)
    total = int.from_bytes(head[2:4], "little")
    return descriptors.parse_configuration(_descriptor(link, descriptors.CONFIGURATION, index, total))


def _string(link: Link, index: int) -> str | None:
    if index == 0:
        return None
    languages = _descriptor(link, descriptors.STRING, 0, 255)
    language = int.from_bytes(languages[2:4], "little") if len(languages) >= 4 else _US_ENGLISH
    return descriptors.text(_descriptor(link, descriptors.STRING, index, 255, language))


def _descriptor(link: Link, kind: int, index: int, length: int, language: int = 0) -> bytes:
    """GET_DESCRIPTOR (USB 2.0 clause 9.4.3); empty where the device stalls it."""
    setup = wire.SETUP.pack(0x80, 6, kind << 8 | index, language, length)
    transfer = link.submit(wire.IN, 0, length, setup=setup)
    if not link.wait(transfer, monotonic() + CONNECT):
        link.take_back(transfer)
        if transfer.status != 0:
            raise os_error(errno.ETIMEDOUT)
    if transfer.status in (0, -errno.EPIPE):
        return transfer.data
    raise os_error(-(transfer.status or 0))
