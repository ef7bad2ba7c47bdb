"""The USB/IP protocol as bytes: what is sent and what comes back, without any socket.

Version 0x0111 as in Documentation/usb/usbip_protocol.rst of the Linux sources; all numbers are big-endian; the setup
packet is little-endian as on the wire (USB 2.0 clause 9.3).
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct

VERSION = 0x0111
REQ_DEVLIST, REP_DEVLIST = 0x8005, 0x0005
REQ_IMPORT, REP_IMPORT = 0x8003, 0x0003
CMD_SUBMIT, CMD_UNLINK, RET_SUBMIT, RET_UNLINK = 1, 2, 3, 4
OUT, IN = 0, 1

OP = Struct(">HHI")  # version, code, status
COUNT = Struct(">I")
DEVICE = Struct(">256s32sIIIHHHBBBBBB")  # struct usbip_usb_device
INTERFACE = Struct(">BBBx")
HEADER = Struct(">IIIII")  # command, sequence number, device id, direction, endpoint
SUBMIT = Struct(">IIIIIIIIII8s")  # header, then flags, length, start frame, packets, interval, setup
UNLINK = Struct(">IIIIII24x")  # header, then the sequence number that is taken back
REPLY = Struct(">IIIIIiIIII8x")  # header, then status, actual length, start frame, packets, errors
SETUP = Struct("<BBHHH")
NOT_ISOCHRONOUS = 0xFFFFFFFF


@dataclass(frozen=True)
class Exported:
    """One device as a server lists it; the list knows neither interface numbers nor endpoints."""

    path: str
    busid: str
    busnum: int
    devnum: int
    speed: int  # enum usb_device_speed: 2 full, 3 high, 5 super
    vid: int
    pid: int
    bcd_device: int
    class_: int
    configuration: int
    configurations: int
    interfaces: int
    triples: tuple[tuple[int, int, int], ...] = ()

    @property
    def devid(self) -> int:
        """The device id that every request on this device carries."""
        return self.busnum << 16 | self.devnum


def parse_device(data: bytes) -> Exported:
    """One `struct usbip_usb_device` (312 bytes)."""
    path, busid, *numbers = DEVICE.unpack(data)
    busnum, devnum, speed, vid, pid, bcd, class_, _subclass, _protocol, active, configurations, interfaces = numbers
    return Exported(
        path=_text(path),
        busid=_text(busid),
        busnum=busnum,
        devnum=devnum,
        speed=speed,
        vid=vid,
        pid=pid,
        bcd_device=bcd,
        class_=class_,
        configuration=active,
        configurations=configurations,
        interfaces=interfaces,
    )


def request_list() -> bytes:
    """OP_REQ_DEVLIST."""
    return OP.pack(VERSION, REQ_DEVLIST, 0)


def request_import(busid: str) -> bytes:
    """OP_REQ_IMPORT of the device at `busid`; the connection then belongs to that device."""
    return OP.pack(VERSION, REQ_IMPORT, 0) + busid.encode("ascii", "replace")[:31].ljust(32, b"\0")


def submit(
    seq: int, devid: int, direction: int, endpoint: int, length: int, *, setup: bytes = bytes(8), data: bytes = b""
) -> bytes:
    """USBIP_CMD_SUBMIT: `length` bytes to or from endpoint number `endpoint`, with `data` for direction OUT."""
    head = SUBMIT.pack(CMD_SUBMIT, seq, devid, direction, endpoint, 0, length, 0, NOT_ISOCHRONOUS, 0, setup)
    return head + data


def unlink(seq: int, devid: int, taken_back: int) -> bytes:
    """USBIP_CMD_UNLINK: take the request `taken_back` back if it is not done yet."""
    return UNLINK.pack(CMD_UNLINK, seq, devid, 0, 0, taken_back)


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("ascii", "replace")
