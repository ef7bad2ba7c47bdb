"""One TCP connection of a USB/IP host: list, import, then URBs until somebody leaves."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

from dongle_cli.lab import wire

if TYPE_CHECKING:
    from dongle_cli.lab.device import Device


class Slot(Protocol):
    """A place on the bus where a device may be plugged in; `busid` stays, `devnum` changes with every plug."""

    busid: str
    busnum: int
    devnum: int
    device: Device | None
    link: Link | None


class Slots(Protocol):
    """What one listener serves."""

    def slots(self) -> Iterable[Slot]:
        """Every slot of this listener, plugged or not."""


class Link(asyncio.Protocol):
    """The device side of one connection. Malformed input closes it; nothing it receives can end the server."""

    def __init__(self, bus: Slots) -> None:
        self._bus = bus
        self._buffer = bytearray()
        self._slot: Slot | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Small answers go out at once."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - a TCP server makes nothing else
        self._transport = transport
        sock = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def eof_received(self) -> None:
        """The host let go: the device is free at once, for a host that imports it again the next moment."""
        self._release()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is over, also where it broke."""
        self._release()
        self._transport = None

    def _release(self) -> None:
        slot, self._slot = self._slot, None
        if slot is not None and slot.link is self:
            slot.link = None
            if slot.device is not None:
                slot.device.host = None

    def close(self) -> None:
        """The device left the bus, or the host talks nonsense: its connection ends."""
        self._release()
        if self._transport is not None:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        """Bytes from the host."""
        self._buffer += data
        while self._transport is not None and not self._transport.is_closing():
            taken = self._urb() if self._slot is not None else self._operation()
            if taken == 0:
                return
            del self._buffer[:taken]

    def _send(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def _operation(self) -> int:
        """Carry out one OP request; returns the bytes it took, 0 where it is not complete yet."""
        header = wire.OP_HEADER
        if len(self._buffer) < header.size:
            return 0
        version, code, _status = header.unpack_from(self._buffer)
        if version >> 8 != wire.VERSION >> 8 or code not in (wire.OP_REQ_DEVLIST, wire.OP_REQ_IMPORT):
            self.close()
            return 0
        if code == wire.OP_REQ_DEVLIST:
            self._list()
            return header.size
        size = header.size + wire.BUSID_SIZE
        if len(self._buffer) < size:
            return 0
        busid = bytes(self._buffer[header.size : size]).split(b"\0", 1)[0].decode("ascii", "replace")
        self._import(busid)
        return size

    def _list(self) -> None:
        present = [(slot, slot.device) for slot in self._bus.slots() if slot.device is not None]
        reply = wire.OP_HEADER.pack(wire.VERSION, wire.OP_REP_DEVLIST, wire.ST_OK) + len(present).to_bytes(4, "big")
        for slot, device in present:
            triples = {i.number: i.triple for i in reversed(device.face.configurations[device.configuration - 1])}
            reply += _describe(slot, device) + b"".join(bytes([*triples[n], 0]) for n in sorted(triples))
        self._send(reply)

    def _import(self, busid: str) -> None:
        slot = next((slot for slot in self._bus.slots() if slot.busid == busid), None)
        device = None if slot is None else slot.device
        if slot is None or device is None:
            self._send(wire.OP_HEADER.pack(wire.VERSION, wire.OP_REP_IMPORT, wire.ST_NODEV))
        elif slot.link is not None:
            self._send(wire.OP_HEADER.pack(wire.VERSION, wire.OP_REP_IMPORT, wire.ST_DEV_BUSY))
        else:
            slot.link, self._slot = self, slot
            device.attach(self._send)
            self._send(wire.OP_HEADER.pack(wire.VERSION, wire.OP_REP_IMPORT, wire.ST_OK) + _describe(slot, device))

    def _urb(self) -> int:
        """Carry out one URB command; returns the bytes it took."""
        buffer, size = self._buffer, wire.SUBMIT.size
        if len(buffer) < size:
            return 0
        command, seqnum, _devid, direction, ep, flags, length, _start, _packets, _interval, setup = (
            wire.SUBMIT.unpack_from(buffer)
        )
        device = self._slot.device if self._slot is not None else None
        if device is None or command not in (wire.CMD_SUBMIT, wire.CMD_UNLINK) or ep > 15:
            self.close()
            return 0
        if command == wire.CMD_UNLINK:
            device.unlink(seqnum, flags)  # the field after the header names the URB that is taken back
            return size
        if not 0 <= length <= wire.LARGEST_TRANSFER:
            self.close()
            return 0
        data = b""
        if direction == 0 and length:
            if len(buffer) < size + length:
                return 0
            data = bytes(buffer[size : size + length])
        device.submit(seqnum, direction != 0, ep, length, setup, data)
        return size + len(data)


def _describe(slot: Slot, device: Device) -> bytes:
    face = device.face
    interfaces = {i.number for i in face.configurations[device.configuration - 1]}
    return wire.OP_DEVICE.pack(
        f"/sys/devices/lab/usb{slot.busnum}/{slot.busid}".encode(), slot.busid.encode(), slot.busnum, slot.devnum,
        wire.SPEED_HIGH, face.vid, face.pid, face.bcd_device, *face.class_triple,
        device.configuration, len(face.configurations), len(interfaces),
    )  # fmt: skip
