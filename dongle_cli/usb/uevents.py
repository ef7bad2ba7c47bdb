"""The kernel's own announcements that a device came, went or got a driver: so that nobody has to ask in a loop."""

from __future__ import annotations

import select
import socket
import sys
import time
from types import TracebackType

_NETLINK_KOBJECT_UEVENT = 15  # linux/netlink.h
_GROUPS = 1 | 2  # multicast groups: the kernel's messages, and udev's own, which it sends when its rules have run
_LOOK_AGAIN = 0.5  # seconds; a flooded socket drops messages (netlink(7), ENOBUFS), so look now and then anyway


class Uevents:
    """A subscription; open it before looking at the devices, or what happens in between is missed."""

    def __init__(self) -> None:
        kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC
        self._socket = socket.socket(socket.AF_NETLINK, kind, _NETLINK_KOBJECT_UEVENT)
        self._socket.setblocking(False)
        self._socket.bind((0, _GROUPS))
        self._poll = select.poll()
        self._poll.register(self._socket, select.POLLIN)

    def __enter__(self) -> Uevents:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def wait(self, seconds: float) -> None:
        """Return after the next announcement, or after `seconds`, or after half a second to be safe."""
        if self._poll.poll(max(0.0, min(seconds, _LOOK_AGAIN)) * 1000):
            try:
                while self._socket.recv(65536):
                    pass
            except OSError:
                pass  # BlockingIOError: all read; ENOBUFS: some were dropped, and looking again is all there is to do


class Polling:
    """For buses that announce nothing, USB/IP above all: every 50 ms is often enough for a person."""

    def __enter__(self) -> Polling:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def wait(self, seconds: float) -> None:
        """Return after 50 ms, or after `seconds` if that is sooner."""
        time.sleep(max(0.0, min(seconds, 0.05)))


def watch(bus: str) -> Uevents | Polling:
    """What to wait with for changes on the bus of that name."""
    return Uevents() if bus == "libusb" and sys.platform == "linux" else Polling()
