"""The USB/IP wire, version 1.1.1, as the device side speaks it (Linux Documentation/usb/usbip_protocol.rst)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

VERSION = 0x0111
OP_REQ_DEVLIST, OP_REP_DEVLIST = 0x8005, 0x0005
OP_REQ_IMPORT, OP_REP_IMPORT = 0x8003, 0x0003
# Status of an OP reply (tools/usb/usbip/src/usbip_network.h): fine, not available, in use, broken, absent, malformed.
ST_OK, ST_NA, ST_DEV_BUSY, ST_DEV_ERR, ST_NODEV, ST_ERROR = range(6)

CMD_SUBMIT, CMD_UNLINK, RET_SUBMIT, RET_UNLINK = 1, 2, 3, 4
SPEED_FULL, SPEED_HIGH = 2, 3

# URB results are negative Linux errno values, whatever the machine.
EPIPE, ECONNRESET, ESHUTDOWN = -32, -104, -108

OP_HEADER = struct.Struct(">HHI")  # version, code, status
OP_DEVICE = struct.Struct(">256s32sIIIHHHBBBBBB")  # usbip_usb_device, 312 bytes
URB_HEADER = struct.Struct(">IIIII")  # command, seqnum, devid, direction, ep
SUBMIT = struct.Struct(">IIIIIIiiii8s")  # header; flags, length, start frame, packets, interval, setup
_RET_SUBMIT = struct.Struct(">IIIIIiiiii8x")  # header; status, actual length, start frame, packets, errors
_RET_UNLINK = struct.Struct(">IIIIIi24x")  # header; status
BUSID_SIZE = 32
# What a host may move in one URB; usbfs and the kernel's drivers stay far below it.
LARGEST_TRANSFER = 1 << 20


@dataclass(frozen=True, slots=True)
class Setup:
    """A control transfer's setup packet (USB 2.0 clause 9.3), little endian on the wire."""

    request_type: int
    request: int
    value: int
    index: int
    length: int

    @classmethod
    def parse(cls, data: bytes) -> Setup:
        """The setup packet in 8 bytes."""
        return cls(*struct.unpack("<BBHHH", data))


def ret_submit(seqnum: int, status: int, data: bytes = b"", actual: int | None = None) -> bytes:
    """The answer to a CMD_SUBMIT; `actual` is given for OUT transfers, which carry no data back."""
    length = len(data) if actual is None else actual
    return _RET_SUBMIT.pack(RET_SUBMIT, seqnum, 0, 0, 0, status, length, 0, 0, 0) + data


def ret_unlink(seqnum: int, status: int) -> bytes:
    """The answer to a CMD_UNLINK: ECONNRESET where a pending URB was taken back, 0 where it had been answered."""
    return _RET_UNLINK.pack(RET_UNLINK, seqnum, 0, 0, 0, status)
