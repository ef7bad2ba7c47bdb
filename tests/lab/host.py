"""A USB/IP host in a few lines, written from the protocol's description: it shares nothing with lab or product."""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import time

EPIPE, ECONNRESET = -32, -104
SECONDS = 60  # for whatever the server has to do, however busy the machine is


class Gone(Exception):
    """The server ended the connection: the device left the bus."""


class Stalled(Exception):
    """The endpoint answered with a stall."""


def connect(bus: str) -> socket.socket:
    """A connection to the first server of a DONGLE_BUS text."""
    host, port = bus.split(",")[0].removeprefix("usbip://").rsplit(":", 1)
    sock = socket.create_connection((host, int(port)), timeout=SECONDS)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def take(sock: socket.socket, size: int) -> bytes:
    """Exactly `size` bytes."""
    data = b""
    while len(data) < size:
        try:
            piece = sock.recv(size - len(data))
        except ConnectionError:
            raise Gone from None
        if not piece:
            raise Gone
        data += piece
    return data


def devlist(bus: str) -> dict[str, dict[str, object]]:
    """The devices of every server of `bus`, by bus id."""
    found: dict[str, dict[str, object]] = {}
    for part in bus.split(","):
        with connect(part) as sock:
            sock.sendall(struct.pack(">HHI", 0x0111, 0x8005, 0))
            version, code, status = struct.unpack(">HHI", take(sock, 8))
            assert (version, code, status) == (0x0111, 0x0005, 0)
            for _index in range(struct.unpack(">I", take(sock, 4))[0]):
                device = _device(take(sock, 312))
                count = device["interfaces"]
                assert isinstance(count, int)
                device["triples"] = [tuple(take(sock, 4)[:3]) for _number in range(count)]
                found[str(device["busid"])] = device
    return found


def _device(data: bytes) -> dict[str, object]:
    path, busid, busnum, devnum, speed, vid, pid, bcd, *rest = struct.unpack(">256s32sIIIHHHBBBBBB", data)
    return {
        "path": path.rstrip(b"\0").decode(), "busid": busid.rstrip(b"\0").decode(), "busnum": busnum,
        "devnum": devnum, "speed": speed, "usb": f"{vid:04x}:{pid:04x}", "bcd": bcd, "configuration": rest[3],
        "configurations": rest[4], "interfaces": rest[5],
    }  # fmt: skip


def wait_for_device(bus: str, busid: str, usb: str | None = None) -> dict[str, object]:
    """The device at `busid` once it is there (with the id `usb`)."""
    deadline = time.monotonic() + SECONDS
    while True:
        device = devlist(bus).get(busid)
        if device is not None and usb in (None, device["usb"]):
            return device
        assert time.monotonic() < deadline, f"{busid} {usb} did not come: {device}"
        time.sleep(0.01)


class Host:
    """One imported device."""

    def __init__(self, bus: str, busid: str = "1-1") -> None:
        self.sock = connect(bus)
        self.sock.sendall(struct.pack(">HHI32s", 0x0111, 0x8003, 0, busid.encode()))
        _version, code, self.status = struct.unpack(">HHI", take(self.sock, 8))
        assert code == 0x0003
        self.device = _device(take(self.sock, 312)) if self.status == 0 else {}
        self._seqnum = 0
        self._reads: set[int] = set()  # the numbers of IN transfers

    def __enter__(self) -> Host:
        return self

    def __exit__(self, *_exc: object) -> None:
        with contextlib.suppress(OSError):
            self.sock.close()

    def submit(self, ep: int, length: int, data: bytes = b"", setup: bytes = bytes(8)) -> int:
        """Put one URB on the wire; `ep` has bit 7 set for IN. Returns its number."""
        self._seqnum += 1
        if ep & 0x80:
            self._reads.add(self._seqnum)
        header = struct.pack(">IIIIIIiiii8s", 1, self._seqnum, 0x10001, ep >> 7, ep & 0x7F, 0, length, 0, 0, 0, setup)
        try:
            self.sock.sendall(header + data)
        except ConnectionError:
            raise Gone from None
        return self._seqnum

    def unlink(self, target: int) -> int:
        """Ask for URB `target` back; returns the number of this request."""
        self._seqnum += 1
        self.sock.sendall(struct.pack(">IIIIII24x", 2, self._seqnum, 0x10001, 0, 0, target))
        return self._seqnum

    def reply(self) -> tuple[int, int, int, bytes]:
        """The next answer: command (3 submit, 4 unlink), number, status, data or (for OUT) nothing."""
        command, seqnum, _dev, _dir, _ep, status, actual = struct.unpack(">IIIIIii", take(self.sock, 28))
        take(self.sock, 20)
        data = take(self.sock, actual) if command == 3 and seqnum in self._reads else b""
        return command, seqnum, status, data

    def control(
        self, kind: int, request: int, value: int = 0, index: int = 0, length: int = 0, data: bytes = b""
    ) -> bytes:
        """One control transfer; raises Stalled."""
        setup = struct.pack("<BBHHH", kind, request, value, index, length or len(data))
        in_ = bool(kind & 0x80)
        self.submit(0x80 if in_ else 0, length or len(data), b"" if in_ else data, setup)
        _command, _seqnum, status, answer = self.reply()
        if status == EPIPE:
            raise Stalled
        assert status == 0
        return answer

    def out(self, ep: int, data: bytes) -> None:
        """One bulk OUT transfer."""
        self.submit(ep, len(data), data)
        assert self.reply()[2] == 0

    def in_(self, ep: int, length: int = 512) -> bytes:
        """One bulk IN transfer; waits for data."""
        self.submit(ep | 0x80, length)
        status, data = self.reply()[2:]
        assert status == 0
        return data

    def exchange(self, out: int, data: bytes, in_: int, length: int = 512) -> bytes:
        """What IN endpoint `in_` says after `data` went to `out`; listens before it speaks, as drivers do.

        A stick that was told to restart is gone a moment after its answer, and with it whatever nobody had asked for.
        """
        asked = self.submit(in_ | 0x80, length)
        sent = self.submit(out, len(data), data)
        answers: dict[int, bytes] = {}
        while not {asked, sent} <= set(answers):
            _command, number, status, answer = self.reply()
            assert status == 0
            answers[number] = answer
        return answers[asked]

    def heard(self, ep: int, seconds: float) -> bytes:
        """What IN endpoint `ep` says within `seconds` or a little more, b"" for nothing; the URB is taken back."""
        number = self.submit(ep | 0x80, 512)
        select.select([self.sock], [], [], seconds)
        taken = self.unlink(number)
        command, _number, status, data = self.reply()
        if command == 3:  # it spoke before the URB was taken back
            assert self.reply()[:3] == (4, taken, 0)
            return data
        assert (command, status) == (4, ECONNRESET)
        return b""

    def silent(self, ep: int, seconds: float = 0.2) -> bool:
        """Whether IN endpoint `ep` has nothing to say for `seconds`."""
        return not self.heard(ep, seconds)


class At:
    """An AT dialogue over one bulk pair."""

    def __init__(self, host: Host, out: int, in_: int) -> None:
        self.host, self._out, self._in = host, out, in_

    def ask(self, command: str) -> str:
        """Send "AT" and `command`, read up to a final result code; the text without the echo."""
        text = self.host.exchange(self._out, b"AT" + command.encode() + b"\r", self._in).decode()
        while not text.endswith(("\r\nOK\r\n", "\r\nERROR\r\n", "NO CARRIER\r\n")) and "+CME ERROR" not in text:
            if "COMMAND NOT SUPPORT" in text:
                break
            text += self.host.in_(self._in).decode()
        return text.replace("AT" + command + "\r", "", 1)

    def lines(self, command: str) -> list[str]:
        """The answer's lines without blank ones."""
        return [line for line in self.ask(command).split("\r\n") if line]


def bulk_pairs(host: Host) -> dict[int, tuple[int, int]]:
    """Bulk OUT and IN endpoint addresses by interface, from the configuration descriptor."""
    total = struct.unpack("<H", host.control(0x80, 6, 0x0200, 0, 9)[2:4])[0]
    data = host.control(0x80, 6, 0x0200, 0, total)
    assert len(data) == total
    pairs: dict[int, list[int]] = {}
    number, offset = -1, 0
    while offset < total:
        size, kind = data[offset], data[offset + 1]
        assert size >= 2
        if kind == 4:
            number = data[offset + 2]
        elif kind == 5 and data[offset + 3] & 3 == 2:
            pairs.setdefault(number, []).append(data[offset + 2])
        offset += size
    assert offset == total
    return {n: (min(p), max(p)) for n, p in pairs.items() if len(p) == 2}
