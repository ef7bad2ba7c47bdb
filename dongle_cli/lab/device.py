"""A virtual USB device: standard requests, endpoints that wait for data, and the functions behind them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Protocol

from dongle_cli.lab.face import CONFIG, DEVICE, QUALIFIER, STRING, Face
from dongle_cli.lab.wire import ECONNRESET, EPIPE, Setup, ret_submit, ret_unlink

_STANDARD = 0x00
# bRequest (USB 2.0 table 9-4).
GET_STATUS, CLEAR_FEATURE, SET_FEATURE, GET_DESCRIPTOR = 0, 1, 3, 6
GET_CONFIGURATION, SET_CONFIGURATION, GET_INTERFACE, SET_INTERFACE = 8, 9, 10, 11
# What a port nobody reads may pile up, as a real UART's buffer runs over.
_BACKLOG = 65536


class Pipe:
    """An IN endpoint: URBs wait here for data, or data for URBs. `piece` caps the bytes that one URB gets."""

    def __init__(self, device: Device, piece: int | None = None) -> None:
        self._device = device
        self._piece = piece
        self._waiting: deque[tuple[int, int]] = deque()
        self._chunks: deque[bytes] = deque()
        self._held = 0
        self.on_read: Callable[[], None] | None = None

    @property
    def awaited(self) -> bool:
        """Whether the host is waiting for data right now."""
        return bool(self._waiting)

    def write(self, data: bytes) -> None:
        """Send `data` as one transfer (split where a URB is smaller); b"" is a zero-length packet."""
        if self._held + len(data) > _BACKLOG:
            return
        self._chunks.append(data)
        self._held += len(data)
        self._flush()

    def read(self, seqnum: int, length: int) -> None:
        """The host asks for up to `length` bytes."""
        self._waiting.append((seqnum, length))
        self._flush()
        if self.on_read is not None and self._waiting:
            self.on_read()

    def take_back(self, seqnum: int) -> bool:
        """Whether URB `seqnum` was still waiting; it no longer is."""
        for item in self._waiting:
            if item[0] == seqnum:
                self._waiting.remove(item)
                return True
        return False

    def forget(self) -> None:
        """A new host: what the last one waited for, and did not fetch, is gone."""
        self._waiting.clear()
        self._chunks.clear()
        self._held = 0

    def _flush(self) -> None:
        while self._waiting and self._chunks:
            seqnum, length = self._waiting.popleft()
            chunk = self._chunks.popleft()
            limit = length if self._piece is None else min(length, self._piece)
            if len(chunk) > limit:
                self._chunks.appendleft(chunk[limit:])
                chunk = chunk[:limit]
            self._held -= len(chunk)
            self._device.send(ret_submit(seqnum, 0, chunk))


class Function(Protocol):
    """What lives behind an interface."""

    def receive(self, data: bytes) -> None:
        """Bytes from the host's bulk OUT endpoint."""

    def control(self, setup: Setup, data: bytes) -> bytes | None:
        """The answer to a class or vendor request to this interface; None stalls it."""

    def close(self) -> None:
        """The device is leaving the bus: end timers."""


Build = Callable[["Device", int], Mapping[int, Function]]
Intercept = Callable[[Setup], bool]


class Device:
    """One device on the bus in one mode; `build` makes the functions of a configuration by interface number."""

    def __init__(self, face: Face, build: Build, configuration: int = 1, piece: int | None = None) -> None:
        self.face = face
        self._build = build
        self._piece = piece
        self.configuration = configuration
        self.host: Callable[[bytes], None] | None = None
        self.intercept: Intercept | None = None  # sees every control request first; True: accepted, nothing more to do
        self.pipes: dict[int, Pipe] = {}
        self._receivers: dict[int, Function | None] = {}
        self._functions: Mapping[int, Function] = {}
        self._alternates: dict[int, int] = {}
        self._configure(configuration)

    def send(self, data: bytes) -> None:
        """Put finished URBs on the wire, if a host still listens."""
        if self.host is not None:
            self.host(data)

    def close(self) -> None:
        """End everything that lives behind this device."""
        self.host = None
        for function in self._functions.values():
            function.close()

    def attach(self, host: Callable[[bytes], None]) -> None:
        """A host imports this device."""
        for pipe in self.pipes.values():
            pipe.forget()
        self.host = host

    def submit(self, seqnum: int, is_in: bool, ep: int, length: int, setup: bytes, data: bytes) -> None:
        """Carry out one URB; IN transfers without data stay pending."""
        if ep == 0:
            request = Setup.parse(setup)
            reply = self._control(request, data)
            if reply is None:
                self.send(ret_submit(seqnum, EPIPE))
            elif is_in:
                self.send(ret_submit(seqnum, 0, reply[: min(length, request.length)]))
            else:
                self.send(ret_submit(seqnum, 0, actual=len(data)))
        elif is_in:
            pipe = self.pipes.get(0x80 | ep)
            if pipe is None:
                self.send(ret_submit(seqnum, EPIPE))
            else:
                pipe.read(seqnum, length)
        elif ep not in self._receivers:
            self.send(ret_submit(seqnum, EPIPE))
        else:
            self.send(ret_submit(seqnum, 0, actual=len(data)))
            function = self._receivers[ep]
            if function is not None:
                function.receive(data)

    def unlink(self, seqnum: int, target: int) -> None:
        """Take back URB `target`: reset if it was pending, 0 if it had been answered already."""
        pending = any(pipe.take_back(target) for pipe in self.pipes.values())
        self.send(ret_unlink(seqnum, ECONNRESET if pending else 0))

    def _configure(self, value: int) -> None:
        for function in self._functions.values():
            function.close()
        self.configuration = value
        self._alternates = {}
        interfaces = self.face.configurations[value - 1]
        self.pipes = {
            e.address: Pipe(self, self._piece if i.role == "at" else None)
            for i in interfaces
            for e in i.endpoints
            if e.address & 0x80
        }
        self._functions = self._build(self, value)
        self._receivers = {
            e.address: self._functions.get(i.number) for i in interfaces for e in i.endpoints if not e.address & 0x80
        }

    def _control(self, setup: Setup, data: bytes) -> bytes | None:
        if self.intercept is not None and self.intercept(setup):
            return b""
        if setup.request_type & 0x60 == _STANDARD:
            return self._standard(setup)
        if setup.request_type & 0x1F == 1:  # to an interface
            function = self._functions.get(setup.index & 0xFF)
            return None if function is None else function.control(setup, data)
        return None

    def _standard(self, setup: Setup) -> bytes | None:
        """Clause 9.4; features are accepted and have no effect: nothing here suspends or halts."""
        request = setup.request
        if request == GET_DESCRIPTOR and setup.request_type == 0x80:
            return self._descriptor(setup.value >> 8, setup.value & 0xFF)
        if request == GET_STATUS:
            return b"\0\0"
        if request in (CLEAR_FEATURE, SET_FEATURE):
            return b""
        if request == GET_CONFIGURATION:
            return bytes([self.configuration])
        if request == SET_CONFIGURATION:
            wanted = setup.value & 0xFF
            if wanted > len(self.face.configurations):
                return None
            if wanted and wanted != self.configuration:
                self._configure(wanted)
            return b""
        if request == GET_INTERFACE:
            return bytes([self._alternates.get(setup.index, 0)])
        if request == SET_INTERFACE:
            settings = {(i.number, i.alternate) for i in self.face.configurations[self.configuration - 1]}
            if (setup.index, setup.value) not in settings:
                return None
            self._alternates[setup.index] = setup.value
            return b""
        return None

    def _descriptor(self, kind: int, index: int) -> bytes | None:
        if kind == DEVICE:
            return self.face.device_descriptor()
        if kind == CONFIG and index < len(self.face.configurations):
            return self.face.config_descriptor(index)
        if kind == STRING:
            return self.face.string(index)
        if kind == QUALIFIER:
            return self.face.qualifier()
        return None
