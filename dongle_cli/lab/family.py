"""What makes a virtual dongle model: its two USB faces, how it is switched, and how its modem speaks."""

from __future__ import annotations

from dataclasses import dataclass, field

from dongle_cli.lab.face import Endpoint, Face, Interface, Numbers, Role
from dongle_cli.lab.modem import Persona

VENDOR = (0xFF, 0xFF, 0xFF)
Layout = tuple[tuple[tuple[int, int, int], Role, bool], ...]  # class triple, what lives there, whether it notifies
STORAGE = (0x08, 0x06, 0x50)  # SCSI transparent command set, bulk only

HUAWEI_NEW = bytes.fromhex("55534243123456780000000000000011062000000101000100000000000000")
HUAWEI_ALTERNATIVE = bytes.fromhex("55534243123456780000000000000011063000000000010000000000000000")


@dataclass(frozen=True)
class Switching:
    """What makes the storage face give way; several ways may work on one stick."""

    eject: bool = False
    messages: tuple[bytes, ...] = ()  # command block wrappers; the tag (bytes 4 to 7) is the host's to choose
    blocks: tuple[bytes, ...] = ()  # beginnings of SCSI command blocks, where nothing more is known
    requests: tuple[tuple[int, int, int], ...] = ()  # control requests: bmRequestType, bRequest, wValue


@dataclass(frozen=True)
class Family:
    """One model the lab can make."""

    name: str
    modem_face: Face
    persona: Persona
    storage_face: Face | None = None
    switching: Switching = field(default_factory=Switching)
    configuration: int = 1  # the one it wakes up in, where it has several
    reset_to_storage: bool = False  # a reset by AT command shows the CD-ROM again
    serial: str | None = None  # USB serial number: a text, or "{imei}"


def port(numbers: Numbers, number: int, triple: tuple[int, int, int], role: Role, *, notify: bool = False) -> Interface:
    """A vendor-class serial function: a bulk pair, and an interrupt endpoint where the real one has it."""
    extra: tuple[Endpoint, ...] = (numbers.notify(),) if notify else ()
    return Interface(number, triple, role, (*extra, *numbers.pair()))


def cd_rom(vid: int, pid: int, manufacturer: str, product: str, *, interface: int = 0) -> Face:
    """The CD-ROM that a stick shows out of the box."""
    storage = Interface(interface, STORAGE, "storage", Numbers().pair())
    return Face(vid, pid, ((storage,),), manufacturer, product)


def ports(
    vid: int, pid: int, manufacturer: str, product: str,
    layout: Layout,
    numbering: tuple[int, ...] = (),
) -> Face:  # fmt: skip
    """A composite face of vendor-class functions, numbered from 0 or as `numbering` says."""
    numbers = Numbers()
    interfaces = tuple(
        port(numbers, numbering[i] if numbering else i, triple, role, notify=notify)
        for i, (triple, role, notify) in enumerate(layout)
    )
    return Face(vid, pid, (interfaces,), manufacturer, product)
