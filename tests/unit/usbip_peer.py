"""A USB/IP server spoken byte by byte, to answer a client as no good server would."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable

from dongle_cli.usb.usbip import UsbipBus

LIST = struct.pack(">HHI", 0x0111, 0x0005, 0)
IMPORTED = struct.pack(">HHI", 0x0111, 0x0003, 0)
DEVICE = (
    b"/sys/devices/x".ljust(256, b"\0")
    + b"1-1".ljust(32, b"\0")
    + struct.pack(">IIIHHHBBBBBB", 1, 5, 3, 0x2C7C, 0x0125, 0x0318, 0, 0, 0, 1, 1, 1)
)
LISTED = LIST + struct.pack(">I", 1) + DEVICE + bytes([255, 255, 255, 0])
DEVICE_DESCRIPTOR = struct.pack("<BBHBBBBHHHBBBB", 18, 1, 0x0200, 0, 0, 0, 64, 0x2C7C, 0x0125, 0x0318, 0, 0, 0, 1)
CONFIGURATION = (
    struct.pack("<BBHBBBBB", 9, 2, 32, 1, 1, 0, 0x80, 250)
    + struct.pack("<BBBBBBBBB", 9, 4, 0, 0, 2, 255, 255, 255, 0)
    + struct.pack("<BBBBHB", 7, 5, 0x81, 2, 512, 0)
    + struct.pack("<BBBBHB", 7, 5, 0x01, 2, 512, 0)
)
Serve = Callable[["Peer"], None]


class Peer:
    """One accepted connection, spoken byte by byte."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock

    def take(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            more = self.sock.recv(size - len(data))
            if not more:
                raise ConnectionResetError
            data += more
        return data

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def urb(self) -> tuple[int, int, int, int, int, bytes]:
        """Command, sequence number, direction, endpoint, length (or the number taken back), setup or data."""
        head = struct.unpack(">IIIII", self.take(20))
        if head[0] == 2:
            (victim,) = struct.unpack(">I24x", self.take(28))
            return head[0], head[1], head[3], head[4], victim, b""
        _flags, length, _start, _packets, _interval, setup = struct.unpack(">IIIII8s", self.take(28))
        data = self.take(length) if head[3] == 0 else b""
        return head[0], head[1], head[3], head[4], length, setup if head[4] == 0 else data

    def answer(self, seq: int, data: bytes = b"", *, status: int = 0, actual: int | None = None) -> None:
        size = len(data) if actual is None else actual
        self.send(struct.pack(">IIIIIiIIII8x", 3, seq, 0, 0, 0, status, size, 0, 0, 0) + data)

    def taken_back(self, seq: int, status: int) -> None:
        self.send(struct.pack(">IIIIIi24x", 4, seq, 0, 0, 0, status))

    def descriptors(self, configurations: int = 1) -> None:
        """Answer what a host asks of every new device: GET_DESCRIPTOR, once and then twice a configuration."""
        whole = [CONFIGURATION[:5] + bytes([value]) + CONFIGURATION[6:] for value in range(1, configurations + 1)]
        answers = [DEVICE_DESCRIPTOR[:-1] + bytes([configurations])]
        for wanted in answers + [part for one in whole for part in (one[:9], one)]:
            _command, seq, _direction, _endpoint, length, _setup = self.urb()
            self.answer(seq, wanted[:length])


class Server:
    """Plays one role after the other, one a connection; the last one is played again and again."""

    def __init__(self) -> None:
        self.roles: list[Serve] = []
        self.sock = socket.create_server(("127.0.0.1", 0))
        self.port = self.sock.getsockname()[1]
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        while True:
            try:
                accepted, _address = self.sock.accept()
            except OSError:
                return
            role = self.roles.pop(0) if len(self.roles) > 1 else self.roles[0]
            threading.Thread(target=self._play, args=(role, accepted), daemon=True).start()

    @staticmethod
    def _play(role: Serve, accepted: socket.socket) -> None:
        with accepted:
            try:
                role(Peer(accepted))
            except OSError:
                return

    def bus(self, *roles: Serve) -> UsbipBus:
        self.roles = list(roles)
        return UsbipBus("127.0.0.1", self.port)


def listing(peer: Peer) -> None:
    peer.take(8)
    peer.send(LISTED)


def importing(peer: Peer) -> None:
    assert peer.take(40)[8:].rstrip(b"\0") == b"1-1"
    peer.send(IMPORTED + DEVICE)


def described(peer: Peer) -> None:
    importing(peer)
    peer.descriptors()
    peer.sock.recv(1)


def saying(data: bytes, after: int = 0) -> Serve:
    def role(peer: Peer) -> None:
        peer.take(after)
        peer.send(data)

    return role
