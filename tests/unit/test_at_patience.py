"""How long an answer is waited for: the dongle's time counts, not that of a full line or of a busy machine."""

from __future__ import annotations

import os
import pty
import select
import threading
import time
import tty
from collections.abc import Iterator
from contextlib import suppress

import pytest

from dongle_cli.errors import DongleError
from dongle_cli.modem import engine
from dongle_cli.modem.engine import AtEngine
from dongle_cli.transport.tty import TtyTransport

OK = b"\r\n+CSQ: 20,99\r\n\r\nOK\r\n"
PATIENCE = 60.0  # seconds: no test waits for so long, and no machine is too busy for it


class Clock:
    """The engine's time, which leaps ahead where a test says so."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead


class Far:
    """The dongle's end of a pseudo-terminal, and an engine at the other."""

    def __init__(self) -> None:
        self.far, near = pty.openpty()
        tty.setraw(near)
        self.near = TtyTransport(os.ttyname(near))
        self.engine = AtEngine(self.near, patience=PATIENCE)
        os.close(near)
        self.timers: list[threading.Timer] = []

    def fill(self) -> None:
        """Write until the line takes no more; the kernel moves what it has along a little later."""
        taken = 1
        while taken:
            taken = 0
            with suppress(BlockingIOError):
                while True:
                    taken += os.write(self.near._fd, b"\0")
            select.select([], [self.near._fd], [], 0.2)

    def heard(self, ending: bytes) -> bytes:
        """Everything the host has written, up to this ending."""
        text = b""
        while not text.endswith(ending):
            assert select.select([self.far], [], [], PATIENCE)[0], text[-40:]
            text += os.read(self.far, 4096)
        return text

    def answer(self) -> None:
        self.heard(b"AT+CSQ\r")
        os.write(self.far, OK)

    def after(self, seconds: float) -> None:
        self.timers.append(threading.Timer(seconds, self.answer))
        self.timers[-1].start()


@pytest.fixture
def far() -> Iterator[Far]:
    made = Far()
    yield made
    for timer in made.timers:
        timer.join(PATIENCE)
    made.near.close()
    os.close(made.far)


def test_the_wait_begins_when_the_command_is_out(far: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, write = Clock(), far.near.write

    def congested(data: bytes) -> None:
        write(data)
        clock.ahead += 2 * PATIENCE  # it took longer than one waits for an answer

    monkeypatch.setattr(engine, "time", clock)
    monkeypatch.setattr(far.near, "write", congested)
    monkeypatch.setattr("dongle_cli.transport.tty._WRITE", PATIENCE)
    far.fill()
    far.after(0.2)
    assert far.engine.send("+CSQ").lines == ("+CSQ: 20,99",)


def test_an_answer_that_is_there_counts_however_late_one_looks(far: Far) -> None:
    far.after(0)
    assert far.engine.send("+CSQ").ok  # nothing on the line is old any more
    os.write(far.far, OK)
    assert select.select([far.near._fd], [], [], PATIENCE)[0]  # the kernel takes its time to carry it over
    assert far.engine.send("+CSQ", timeout=1e-9).lines == ("+CSQ: 20,99",)


def test_silence_ends_at_the_deadline_all_the_same(far: Far) -> None:
    with pytest.raises(DongleError) as caught:
        far.engine.send("+CSQ", timeout=0.2)
    assert caught.value.code == "at.silent"
