"""One imported USB/IP device: a TCP connection, and the transfers that are under way on it.

Threads may share a link. Whoever waits and finds nobody reading reads for all of them, so that a lone thread, the usual
case, gets its answer straight from the socket without a switch to another thread.
"""

from __future__ import annotations

import errno
import os
import select
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _, reason
from dongle_cli.usb import fault
from dongle_cli.usb import usbip_wire as wire

CONNECT = 5.0  # seconds for the server to accept and to answer a question about its list
_SEND = 5.0  # seconds for the server to take a request
_GOODBYE = 0.2  # seconds for the server to close its side
_TAKE_BACK = 2.0  # seconds for the server to answer a CMD_UNLINK


@dataclass
class Transfer:
    """One request under way; `status` is None until it is answered, then 0 or a negative errno."""

    seq: int
    direction: int
    length: int
    status: int | None = None
    data: bytes = b""
    actual: int = 0


@dataclass
class Stream:
    """A connected socket that gives exactly as many bytes as were asked for, or an error by a deadline."""

    sock: socket.socket
    server: str
    buffer: bytearray = field(default_factory=bytearray)
    _arriving: select.poll = field(default_factory=select.poll)

    @classmethod
    def connect(cls, host: str, port: int) -> Stream:
        """Connect to a server; DongleError `usb.bus` where none answers."""
        server = f"{host}:{port}"
        try:
            sock = socket.create_connection((host, port), timeout=CONNECT)
        except OSError as error:
            raise fault.bus(server, reason(error)) from None
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setblocking(False)
        stream = cls(sock, server)
        stream._arriving.register(sock, select.POLLIN)
        return stream

    def send(self, data: bytes) -> None:
        """Hand all of `data` over; OSError where the connection is gone or the server takes nothing."""
        deadline = monotonic() + _SEND
        view = memoryview(data)
        while view:
            try:
                view = view[self.sock.send(view) :]
            except BlockingIOError:
                room = select.poll()
                room.register(self.sock, select.POLLOUT)
                if not room.poll(max(0.0, deadline - monotonic()) * 1000):
                    raise TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT)) from None

    def fill(self, size: int, deadline: float) -> bool:
        """Whether `size` bytes are in the buffer by `deadline`; ConnectionError where the other side is gone."""
        while len(self.buffer) < size:
            if not self._arriving.poll(max(0.0, deadline - monotonic()) * 1000):
                return False
            try:
                more = self.sock.recv(65536)
            except BlockingIOError:
                continue
            if not more:
                raise ConnectionResetError(errno.ENODEV, os.strerror(errno.ENODEV))
            self.buffer += more
        return True

    def take(self, size: int) -> bytes:
        """Remove the first `size` bytes of the buffer."""
        data = bytes(self.buffer[:size])
        del self.buffer[:size]
        return data

    def exactly(self, size: int, deadline: float) -> bytes:
        """`size` bytes by `deadline`; DongleError `usb.bus` otherwise."""
        try:
            if self.fill(size, deadline):
                return self.take(size)
        except OSError:
            raise self.nonsense(_("the server closed the connection")) from None
        raise self.nonsense(_("the server does not answer"))

    def nonsense(self, reason: str) -> DongleError:
        """The error for a server that does not keep to the protocol."""
        return fault.bus(self.server, reason)


class Link:
    """An imported device; `OSError` with errno ENODEV from any transfer once the connection is gone."""

    def __init__(self, stream: Stream, device: wire.Exported) -> None:
        self.device = device
        self._stream = stream
        self._seq = 0
        self._pending: dict[int, Transfer] = {}
        self._state = threading.Condition()
        self._reading = False
        self._dead: BaseException | None = None
        self._sending = threading.Lock()

    def submit(
        self, direction: int, endpoint: int, length: int, *, setup: bytes = bytes(8), data: bytes = b""
    ) -> Transfer:
        """Start a transfer on endpoint number `endpoint` (0: control, with `setup`)."""
        with self._state:
            transfer = self._started(Transfer(0, direction, length))
        self._send(wire.submit(transfer.seq, self.device.devid, direction, endpoint, length, setup=setup, data=data))
        return transfer

    def wait(self, transfer: Transfer, deadline: float) -> bool:
        """Whether `transfer` is answered by `deadline`."""
        while True:
            with self._state:
                while transfer.status is None and self._reading and self._dead is None:
                    if not self._state.wait(max(0.0, deadline - monotonic())):
                        return transfer.status is not None
                if transfer.status is not None:
                    return True
                self._alive()
                self._reading = True
            try:
                arrived = self._read_one(deadline)
            except (OSError, DongleError) as error:
                self._broken(error)
                raise
            finally:
                with self._state:
                    self._reading = False
                    self._state.notify_all()
            if not arrived and transfer.status is None:
                return False

    def take_back(self, transfer: Transfer) -> None:
        """End `transfer` now: afterwards it has its data if these came first, or status -ECONNRESET."""
        with self._state:
            unlink = self._started(Transfer(0, wire.OUT, 0))
        self._send(wire.unlink(unlink.seq, self.device.devid, transfer.seq))
        if not self.wait(unlink, monotonic() + _TAKE_BACK):
            error = self._stream.nonsense(_("the server does not answer"))
            self._broken(error)
            raise error
        with self._state:
            if transfer.status is None:
                # Status 0 says "it was done already": a server may then still send the answer, so it stays expected.
                if unlink.status:
                    del self._pending[transfer.seq]
                transfer.status = -errno.ECONNRESET

    def close(self) -> None:
        """Let go of the device; every transfer under way ends with ENODEV.

        Waits a moment for the server to close its side too: then the device is free for whoever comes next.
        """
        if self._dead is None and not self._reading:
            with suppress(OSError):
                self._stream.sock.shutdown(socket.SHUT_WR)
                deadline = monotonic() + _GOODBYE
                while self._stream.fill(len(self._stream.buffer) + 1, deadline):
                    self._stream.buffer.clear()
        self._broken(ConnectionResetError(errno.ENODEV, os.strerror(errno.ENODEV)))

    def alive(self) -> bool:
        """Whether the connection still stands, asked of the socket itself."""
        try:
            return self._dead is None and self._stream.sock.recv(1, socket.MSG_PEEK) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False

    def _started(self, transfer: Transfer) -> Transfer:
        self._alive()
        self._seq = transfer.seq = self._seq % 0x7FFFFFFF + 1
        self._pending[transfer.seq] = transfer
        return transfer

    def _alive(self) -> None:
        if isinstance(self._dead, DongleError):
            raise self._dead
        if self._dead is not None:
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))

    def _send(self, data: bytes) -> None:
        try:
            with self._sending:
                self._stream.send(data)
        except (OSError, ValueError) as error:
            self._broken(error)
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV)) from None

    def _broken(self, error: BaseException) -> None:
        with self._state:
            if self._dead is None:
                self._dead = error
                # Closing alone does not wake a thread that waits in poll(); shutting down does.
                with suppress(OSError):  # the other side may have been faster
                    self._stream.sock.shutdown(socket.SHUT_RDWR)
                self._stream.sock.close()
            self._state.notify_all()

    def _read_one(self, deadline: float) -> bool:
        """Read one answer and give it to its transfer; False where none came by `deadline`."""
        stream = self._stream
        try:
            if not stream.fill(wire.REPLY.size, deadline):
                return False
            head = wire.REPLY.unpack_from(stream.buffer)
            command, seq, status, actual = head[0], head[1], head[5], head[6]
            transfer = self._pending.get(seq)
            if command not in (wire.RET_SUBMIT, wire.RET_UNLINK) or transfer is None:
                raise stream.nonsense(_("the server does not speak USB/IP"))
            carried = actual if command == wire.RET_SUBMIT and transfer.direction == wire.IN else 0
            if carried > transfer.length:
                raise stream.nonsense(_("the server does not speak USB/IP"))
            # Once a header is here its data is on the way: a caller's short deadline must not tear them apart.
            if carried and not stream.fill(wire.REPLY.size + carried, max(deadline, monotonic() + _TAKE_BACK)):
                raise stream.nonsense(_("the server does not answer"))
        except (OSError, ValueError) as error:
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV)) from error
        data = stream.take(wire.REPLY.size + carried)[wire.REPLY.size :]
        with self._state:
            del self._pending[seq]
            transfer.data, transfer.actual, transfer.status = data, actual, -abs(status)
        return True
