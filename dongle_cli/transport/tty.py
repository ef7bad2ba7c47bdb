"""An AT port as a serial tty, held for us alone."""

from __future__ import annotations

import errno
import fcntl
import os
import select
import termios
from functools import cache
from time import monotonic
from typing import TYPE_CHECKING, Any

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _
from dongle_cli.usb import fault
from dongle_cli.usb.holders import holders

if TYPE_CHECKING:
    import serial

_WRITE = 5.0  # seconds
_BAUD = 115200  # a USB modem ignores it, a real UART behind one does not


class TtyTransport:
    """A tty at 115200 8N1 without flow control."""

    def __init__(self, path: str) -> None:
        self.name = path
        self._serial: serial.Serial | None = None
        self._serial = self._open()
        self._fd: int = self._serial.fileno()
        self._arriving = select.poll()
        self._arriving.register(self._fd, select.POLLIN)

    def write(self, data: bytes) -> None:
        """Send all of `data` within 5 s."""
        self._opened()
        deadline = monotonic() + _WRITE
        room = select.poll()
        room.register(self._fd, select.POLLOUT)
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._fd, view) :]
            except BlockingIOError:
                if not room.poll(max(0.0, deadline - monotonic()) * 1000):
                    raise fault.failed(self.name, _("it takes no more bytes")) from None
            except OSError as error:
                raise self._error(error) from None

    def read(self, timeout: float) -> bytes:
        """At least one byte as soon as there is one, or b"" after `timeout` seconds of silence."""
        self._opened()
        if not self._arriving.poll(max(0.0, timeout) * 1000):
            return b""
        try:
            data = os.read(self._fd, 4096)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise self._error(error) from None
        if not data:  # ready, and nothing to read: the terminal was hung up
            raise fault.vanished(self.name)
        return data

    def close(self) -> None:
        """Let go of the port; calling it twice is harmless."""
        if self._serial is not None:
            opened, self._serial = self._serial, None
            opened.close()

    def _open(self) -> serial.Serial:
        try:
            opened: serial.Serial = _serial_class()(self.name, _BAUD, timeout=0, exclusive=True)
        except (OSError, termios.error) as error:
            raise self._error(error) from None
        try:
            # flock keeps out those who ask for it; TIOCEXCL everybody but root.
            fcntl.ioctl(opened.fileno(), termios.TIOCEXCL)
            # Root is let in where TIOCEXCL keeps others out, so it has to look.
            others = [(pid, program) for pid, program in holders(self.name) if pid != os.getpid()]
            if others:
                raise fault.held(self.name, others)
        except OSError as error:
            opened.close()
            raise self._error(error) from None
        except DongleError:
            opened.close()
            raise
        return opened

    def _opened(self) -> None:
        if self._serial is None:
            raise fault.failed(self.name, _("it is closed"))

    def _error(self, error: Exception) -> DongleError:
        number = error.errno if isinstance(error, OSError) else error.args[0] if error.args else None
        if number == errno.EIO or number is None:  # how a tty whose device is gone fails; pyserial drops the number
            return fault.vanished(self.name)
        if number in (errno.EBUSY, errno.EAGAIN):
            return fault.held(self.name, holders(self.name))
        return fault.from_os(OSError(number, os.strerror(number)), self.name)


@cache
def _serial_class() -> Any:
    import serial

    class Port(serial.Serial):
        """Some dongles stall the request to raise DTR or RTS; their ports work all the same."""

        def _update_dtr_state(self) -> None:
            _unless_stalled(super()._update_dtr_state)  # type: ignore[misc]

        def _update_rts_state(self) -> None:
            _unless_stalled(super()._update_rts_state)  # type: ignore[misc]

    return Port


def _unless_stalled(ask: Any) -> None:
    try:
        ask()
    except OSError as error:
        if error.errno != errno.EPIPE:
            raise
