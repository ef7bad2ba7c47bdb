"""A USB face as data: the descriptors a stick shows in one mode (USB 2.0 clause 9.6)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

# What lives behind an interface. "at" answers, "diag" swallows and says nothing, "gps" chatters NMEA, "inert" is there
# to be counted (network functions), "storage" is the CD-ROM, "card" a reader without a card in it, "control" the other
# half of a data interface.
Role = Literal["at", "diag", "gps", "inert", "storage", "card", "control"]

DEVICE, CONFIG, STRING, INTERFACE, ENDPOINT, QUALIFIER = 1, 2, 3, 4, 5, 6
BULK, INTERRUPT = 2, 3


@dataclass(frozen=True)
class Endpoint:
    """One endpoint; `address` has bit 7 set for IN."""

    address: int
    kind: int = BULK
    max_packet: int = 512
    interval: int = 0

    def descriptor(self) -> bytes:
        """Clause 9.6.6."""
        return struct.pack("<BBBBHB", 7, ENDPOINT, self.address, self.kind, self.max_packet, self.interval)


@dataclass(frozen=True)
class Interface:
    """One interface setting; `extra` are class descriptors between it and its endpoints."""

    number: int
    triple: tuple[int, int, int]
    role: Role
    endpoints: tuple[Endpoint, ...] = ()
    extra: bytes = b""
    alternate: int = 0

    def descriptor(self) -> bytes:
        """Clause 9.6.5, with everything that hangs below it."""
        head = struct.pack(
            "<BBBBBBBBB", 9, INTERFACE, self.number, self.alternate, len(self.endpoints), *self.triple, 0
        )
        return head + self.extra + b"".join(endpoint.descriptor() for endpoint in self.endpoints)


@dataclass(frozen=True)
class Face:
    """A device in one mode. `configurations` holds the interfaces of each, by bConfigurationValue from 1 on."""

    vid: int
    pid: int
    configurations: tuple[tuple[Interface, ...], ...]
    manufacturer: str
    product: str
    serial: str | None = None
    bcd_device: int = 0x0102
    class_triple: tuple[int, int, int] = (0, 0, 0)
    strings: dict[int, str] = field(default_factory=dict)  # beyond manufacturer 1, product 2, serial 3

    @property
    def usb(self) -> str:
        """Vendor and product id as "12d1:1506"."""
        return f"{self.vid:04x}:{self.pid:04x}"

    @property
    def interfaces(self) -> tuple[Interface, ...]:
        """The first configuration's interfaces."""
        return self.configurations[0]

    @property
    def is_storage(self) -> bool:
        """Whether this is the CD-ROM that a stick shows before it is switched."""
        return any(interface.role == "storage" for interface in self.interfaces) and not any(
            interface.role == "at" for interface in self.interfaces
        )

    def device_descriptor(self) -> bytes:
        """Clause 9.6.1, for a high-speed device."""
        return struct.pack(
            "<BBHBBBBHHHBBBB", 18, DEVICE, 0x0200, *self.class_triple, 64, self.vid, self.pid, self.bcd_device,
            1, 2, 3 if self.serial else 0, len(self.configurations),
        )  # fmt: skip

    def qualifier(self) -> bytes:
        """Clause 9.6.2: the same device at the other speed."""
        return struct.pack("<BBHBBBBBB", 10, QUALIFIER, 0x0200, *self.class_triple, 64, len(self.configurations), 0)

    def config_descriptor(self, index: int) -> bytes:
        """Clause 9.6.3 with all interfaces; bus powered, 500 mA."""
        interfaces = self.configurations[index]
        body = b"".join(interface.descriptor() for interface in interfaces)
        count = len({interface.number for interface in interfaces})
        return struct.pack("<BBHBBBBB", 9, CONFIG, 9 + len(body), count, index + 1, 0, 0x80, 250) + body

    def string(self, index: int) -> bytes | None:
        """Clause 9.6.7: UTF-16LE; index 0 lists the one language, US English."""
        if index == 0:
            return struct.pack("<BBH", 4, STRING, 0x0409)
        known = {1: self.manufacturer, 2: self.product, **({3: self.serial} if self.serial else {}), **self.strings}
        if index not in known:
            return None
        text = known[index].encode("utf-16-le")
        return bytes([2 + len(text), STRING]) + text


class Numbers:
    """Hands out endpoint numbers 1 to 15 in the order of use, as firmware does."""

    def __init__(self) -> None:
        self._in: Iterator[int] = iter(range(0x81, 0x90))
        self._out: Iterator[int] = iter(range(0x01, 0x10))

    def pair(self) -> tuple[Endpoint, Endpoint]:
        """A bulk IN and a bulk OUT endpoint."""
        return Endpoint(next(self._in)), Endpoint(next(self._out))

    def notify(self) -> Endpoint:
        """An interrupt IN endpoint, polled every 2^(9-1) microframes."""
        return Endpoint(next(self._in), INTERRUPT, 16, 9)
