"""Device and configuration descriptors as bytes (USB 2.0 clause 9.6), under the field names of the specification.

A damaged descriptor never stops the reading: what cannot be understood is left out, as a host controller does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from struct import Struct

from dongle_cli.usb.device import Endpoint, Interface

DEVICE, CONFIGURATION, STRING, INTERFACE, ENDPOINT = 1, 2, 3, 4, 5
_DEVICE = Struct("<BBHBBBBHHHBBBB")
_CONFIGURATION = Struct("<BBHBBBBB")
_INTERFACE = Struct("<BBBBBBBBB")
_ENDPOINT = Struct("<BBBBHB")


@dataclass
class EndpointDescriptor:
    """Clause 9.6.6; the last two fields exist for audio only."""

    bLength: int
    bDescriptorType: int
    bEndpointAddress: int
    bmAttributes: int
    wMaxPacketSize: int
    bInterval: int
    bRefresh: int = 0
    bSynchAddress: int = 0
    extra_descriptors: list[int] = field(default_factory=list)


@dataclass
class InterfaceDescriptor:
    """Clause 9.6.5, one alternate setting, with its endpoints."""

    bLength: int
    bDescriptorType: int
    bInterfaceNumber: int
    bAlternateSetting: int
    bNumEndpoints: int
    bInterfaceClass: int
    bInterfaceSubClass: int
    bInterfaceProtocol: int
    iInterface: int
    extra_descriptors: list[int] = field(default_factory=list)
    endpoints: list[EndpointDescriptor] = field(default_factory=list)


@dataclass
class ConfigurationDescriptor:
    """Clause 9.6.3, with the alternate settings of each interface, in the order of the device."""

    bLength: int
    bDescriptorType: int
    wTotalLength: int
    bNumInterfaces: int
    bConfigurationValue: int
    iConfiguration: int
    bmAttributes: int
    bMaxPower: int
    extra_descriptors: list[int] = field(default_factory=list)
    interfaces: list[list[InterfaceDescriptor]] = field(default_factory=list)


@dataclass
class DeviceDescriptor:
    """Clause 9.6.1, and where the device is."""

    bLength: int
    bDescriptorType: int
    bcdUSB: int
    bDeviceClass: int
    bDeviceSubClass: int
    bDeviceProtocol: int
    bMaxPacketSize0: int
    idVendor: int
    idProduct: int
    bcdDevice: int
    iManufacturer: int
    iProduct: int
    iSerialNumber: int
    bNumConfigurations: int
    bus: int | None = None
    address: int | None = None
    port_number: int | None = None
    port_numbers: tuple[int, ...] | None = None
    speed: int | None = None


def parse_device(data: bytes) -> DeviceDescriptor | None:
    """The 18 bytes of a device descriptor, or None where `data` is none."""
    if len(data) < _DEVICE.size or data[1] != DEVICE:
        return None
    return DeviceDescriptor(*_DEVICE.unpack_from(data))


def parse_configuration(data: bytes) -> ConfigurationDescriptor | None:
    """A configuration descriptor with all that follows it, or None where `data` does not begin with one."""
    if len(data) < _CONFIGURATION.size or data[1] != CONFIGURATION:
        return None
    configuration = ConfigurationDescriptor(*_CONFIGURATION.unpack_from(data))
    settings: dict[int, list[InterfaceDescriptor]] = {}
    current: InterfaceDescriptor | None = None
    at = max(configuration.bLength, _CONFIGURATION.size)
    while at + 2 <= len(data):
        length, kind = data[at], data[at + 1]
        if length < 2 or at + length > len(data):
            break
        if kind == INTERFACE and length >= _INTERFACE.size:
            current = InterfaceDescriptor(*_INTERFACE.unpack_from(data, at))
            settings.setdefault(current.bInterfaceNumber, []).append(current)
        elif kind == ENDPOINT and length >= _ENDPOINT.size and current is not None:
            current.endpoints.append(EndpointDescriptor(*_ENDPOINT.unpack_from(data, at)))
        else:
            owner = current.endpoints[-1] if current is not None and current.endpoints else current or configuration
            owner.extra_descriptors.extend(data[at : at + length])
        at += length
    for alternates in settings.values():
        for setting in alternates:
            setting.bNumEndpoints = len(setting.endpoints)
    configuration.interfaces = list(settings.values())
    configuration.bNumInterfaces = len(configuration.interfaces)
    return configuration


def interfaces(configuration: ConfigurationDescriptor) -> tuple[Interface, ...]:
    """The interfaces as the rest of the program knows them: the first alternate setting of each."""
    return tuple(
        Interface(
            number=setting.bInterfaceNumber,
            class_=setting.bInterfaceClass,
            subclass=setting.bInterfaceSubClass,
            protocol=setting.bInterfaceProtocol,
            endpoints=tuple(Endpoint(e.bEndpointAddress, e.bmAttributes, e.wMaxPacketSize) for e in setting.endpoints),
        )
        for setting in (alternates[0] for alternates in configuration.interfaces)
    )


def text(data: bytes) -> str | None:
    """The words of a string descriptor (UTF-16LE after two bytes), without control characters; None where empty."""
    if len(data) < 2 or data[1] != STRING:
        return None
    return printable(data[2 : data[0] & 0xFE].decode("utf-16-le", "replace"))


def printable(words: str) -> str | None:
    """`words` without control characters, for a terminal; None where nothing is left."""
    return "".join(char for char in words if char.isprintable()).strip() or None
