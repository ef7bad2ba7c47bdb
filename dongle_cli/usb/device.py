"""A USB device as found and not opened, keyed by its port path."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    import usb.core

Mode = Literal["storage", "modem", "unknown"]


@dataclass(frozen=True)
class Endpoint:
    """One endpoint descriptor (USB 2.0 clause 9.6.6)."""

    address: int
    attributes: int
    max_packet: int

    @property
    def is_in(self) -> bool:
        """From the device to the host."""
        return bool(self.address & 0x80)

    @property
    def is_bulk(self) -> bool:
        """Bulk transfer type."""
        return self.attributes & 0x03 == 0x02


@dataclass(frozen=True)
class Interface:
    """One interface of the active configuration, its first alternate setting (USB 2.0 clause 9.6.5)."""

    number: int
    class_: int
    subclass: int
    protocol: int
    endpoints: tuple[Endpoint, ...] = ()
    driver: str | None = None  # the bound kernel driver; None: none, or this bus has no kernel drivers
    tty: str | None = None  # "/dev/ttyUSB2"

    @property
    def triple(self) -> tuple[int, int, int]:
        """Class, subclass, protocol."""
        return (self.class_, self.subclass, self.protocol)

    def bulk_pair(self) -> tuple[int, int] | None:
        """Addresses of the first bulk OUT and bulk IN endpoint, or None where one is missing."""
        out = next((e.address for e in self.endpoints if e.is_bulk and not e.is_in), None)
        in_ = next((e.address for e in self.endpoints if e.is_bulk and e.is_in), None)
        return (out, in_) if out is not None and in_ is not None else None


@dataclass(frozen=True)
class UsbDevice:
    """A device on a bus: found, unopened; `port` stays the same over mode switches and resets, nothing else does."""

    port: str  # "1-1.4": bus and hub ports, as the kernel names it
    vid: int
    pid: int
    interfaces: tuple[Interface, ...] = ()
    bcd_device: int = 0
    class_: int = 0
    manufacturer: str | None = None
    product: str | None = None
    serial: str | None = None
    configuration: int = 0  # bConfigurationValue that is active, 0: none
    configurations: int = 1  # bNumConfigurations
    generation: int = 0  # device number on the bus: another one under the same port means it was plugged again
    bus: Bus | None = field(default=None, compare=False, repr=False)

    @property
    def usb(self) -> str:
        """Vendor and product id as "12d1:1506"."""
        return f"{self.vid:04x}:{self.pid:04x}"


class Bus(Protocol):
    """Where devices are: libusb with the kernel's drivers, or a USB/IP server without any."""

    name: str
    prefix: str  # goes before a port that an earlier bus of DONGLE_BUS has too: "HOST:PORT/"

    least_timeout: int  # milliseconds of the shortest wait for a transfer; libusb takes 0 for "without end"

    def devices(self) -> list[UsbDevice]:
        """Every device but hubs, in port order."""

    def find(self, port: str) -> UsbDevice | None:
        """The device at `port` now, or None."""

    def open(self, device: UsbDevice) -> usb.core.Device:
        """The pyusb device at `device.port`; the caller disposes of it with `usb.util.dispose_resources`."""
