"""The barest USB/IP client that can hold an AT dialogue: one socket, one URB out, one URB in; for comparison only."""

from __future__ import annotations

import socket
import struct
from urllib.parse import urlsplit


class BareModem:
    """One AT port: the endpoint numbers `out` and `in_` of a device at a USB/IP server."""

    def __init__(self, bus: str, port: str, *, out: int, in_: int) -> None:
        place = urlsplit(bus)
        self.sock = socket.create_connection((place.hostname, place.port), timeout=5)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.sendall(struct.pack(">HHI32s", 0x0111, 0x8003, 0, port.encode()))
        reply = self._exactly(8)
        if struct.unpack(">HHI", reply)[2]:
            raise SystemExit("the server does not give the dongle")
        device = self._exactly(312)
        self.devid = struct.unpack(">I", device[288:292])[0] << 16 | struct.unpack(">I", device[292:296])[0]
        self.out, self.in_, self.seq = out, in_, 0

    def exchange(self, command: str) -> bytes:
        """Send a command and read until OK."""
        self._urb(0, self.out, f"AT{command}\r".encode(), 0)
        data = b""
        while b"OK\r\n" not in data:
            data += self._urb(1, self.in_, b"", 512)
        return data

    def close(self) -> None:
        """Let go of the dongle."""
        self.sock.close()

    def _urb(self, direction: int, endpoint: int, data: bytes, length: int) -> bytes:
        self.seq += 1
        size = length if direction else len(data)
        self.sock.sendall(
            struct.pack(">IIIIIIiiii8s", 1, self.seq, self.devid, direction, endpoint, 0, size, 0, 0, 0, bytes(8))
            + data
        )
        header = self._exactly(48)
        actual = struct.unpack(">i", header[24:28])[0]
        return self._exactly(actual) if direction else b""

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            data += self.sock.recv(size - len(data))
        return data
