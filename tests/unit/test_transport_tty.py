"""A tty on a pseudo-terminal: prompt reads, the end of the line, and two programs that want it."""

from __future__ import annotations

import errno
import os
import pty
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from dongle_cli.errors import DongleError
from dongle_cli.transport import tty
from dongle_cli.transport.tty import TtyTransport


class Line:
    """A pseudo-terminal: `far` is the dongle's end."""

    def __init__(self) -> None:
        self.far, near = pty.openpty()
        self.name = os.ttyname(near)
        self._near = near

    def let_go(self) -> None:
        """Close the near end that kept the line open until somebody else has it."""
        if self._near >= 0:
            os.close(self._near)
            self._near = -1

    def unplug(self) -> None:
        self.let_go()
        far, self.far = self.far, -1  # first: the test may be over while a timer's thread is still closing
        if far >= 0:
            os.close(far)


@pytest.fixture
def line() -> Iterator[Line]:
    made = Line()
    made.let_go()
    yield made
    made.unplug()


def test_bytes_come_as_they_are_and_at_once(line: Line) -> None:
    port = TtyTransport(line.name)
    port.write(bytes(range(256)))
    assert os.read(line.far, 512) == bytes(range(256)), "no byte is translated"
    os.write(line.far, bytes(range(256)))
    assert port.read(5) == bytes(range(256))
    threading.Timer(0.1, os.write, (line.far, b"\r\nOK\r\n")).start()
    started = monotonic()
    assert port.read(60) == b"\r\nOK\r\n"
    assert monotonic() - started < 30
    port.close()
    port.close()


def test_silence_is_no_bytes_after_the_timeout(line: Line) -> None:
    port = TtyTransport(line.name)
    started = monotonic()
    assert port.read(0.1) == b""
    assert monotonic() - started >= 0.1
    assert port.read(0) == b""
    port.close()


def test_an_unplugged_dongle_has_vanished(line: Line) -> None:
    port = TtyTransport(line.name)
    threading.Timer(0.1, line.unplug).start()
    with pytest.raises(DongleError) as error:
        port.read(30)
    assert (error.value.code, error.value.exit_code) == ("usb.vanished", 4)
    with pytest.raises(DongleError) as error:
        port.write(b"AT\r")
    assert error.value.code == "usb.vanished"
    with pytest.raises(DongleError) as error:
        TtyTransport(line.name)
    assert error.value.code == "usb.vanished"
    port.close()  # not sooner: then the kernel may give the name to the next pseudo-terminal, of whatever program


def test_a_port_that_takes_nothing_is_given_up(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tty, "_WRITE", 0.2)
    port = TtyTransport(line.name)
    with pytest.raises(DongleError) as error:
        port.write(b"x" * 1_000_000)
    assert error.value.code == "port.failed"
    port.close()


def test_the_second_one_is_told_who_is_first(line: Line) -> None:
    hold = f"""
import sys
from dongle_cli.transport.tty import TtyTransport
port = TtyTransport({line.name!r})
print("open", flush=True)
sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        with pytest.raises(DongleError) as error:
            TtyTransport(line.name)
        other.kill()
    assert (error.value.code, error.value.exit_code) == ("port.held", 1)
    assert other.pid in [holder["pid"] for holder in error.value.details["holders"]]  # type: ignore[attr-defined]
    TtyTransport(line.name).close()


def test_a_program_that_asked_nobody_is_seen_too(line: Line) -> None:
    """Root may open what TIOCEXCL keeps from others, and minicom takes no flock: only looking helps."""
    hold = (
        f"import os, sys; os.open({line.name!r}, os.O_RDWR | os.O_NOCTTY); print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        with pytest.raises(DongleError) as error:
            TtyTransport(line.name)
        other.kill()
    assert error.value.code == "port.held"
    assert str(other.pid) in error.value.message


def test_a_port_that_is_not_there_has_vanished(tmp_path: Path) -> None:
    with pytest.raises(DongleError) as error:
        TtyTransport(str(tmp_path / "ttyUSB9"))
    assert error.value.code == "usb.vanished"


def test_a_port_of_somebody_else_is_a_matter_of_permission(line: Line, tmp_path: Path) -> None:
    TtyTransport(line.name).close()  # loads what this user may load
    path = tmp_path / "ttyUSB9"
    path.touch(mode=0o000)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        with pytest.raises(DongleError) as error:
            TtyTransport(str(path))
    finally:
        if root:
            os.seteuid(0)
    assert (error.value.code, error.value.exit_code) == ("usb.permission", 1)
    assert "setup udev" in str(error.value.hint)


@pytest.mark.parametrize("number", [errno.EPIPE, errno.EIO])
def test_only_a_stalled_dtr_request_is_overlooked(line: Line, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """The kernel's answer to TIOCMBIS is put in here; a real stick that stalls it is in the kernel tests."""
    import fcntl

    real = fcntl.ioctl
    asked: list[int] = []

    def ioctl(fd: int, request: int, *rest: object) -> object:
        import termios

        if request in (termios.TIOCMBIS, termios.TIOCMBIC):
            asked.append(request)
            raise OSError(number, os.strerror(number))
        return real(fd, request, *rest)  # type: ignore[call-overload]

    monkeypatch.setattr(fcntl, "ioctl", ioctl)
    if number == errno.EPIPE:
        port = TtyTransport(line.name)
        port.write(b"AT\r")
        assert os.read(line.far, 16) == b"AT\r"
        assert len(asked) == 2, "DTR and RTS"
        port.close()
    else:
        with pytest.raises(DongleError) as error:
            TtyTransport(line.name)
        assert error.value.code == "usb.vanished"
