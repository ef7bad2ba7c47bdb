"""What the program adds to the modem's own time for one AT command, over bulk endpoints (USB/IP) and over a tty (pty).

The modem's own time is that of the barest client on the same wire: a blocking socket or file descriptor that writes the
command and reads until OK. Both clients take turns in one process; the ratio and the difference are printed.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from as_installed import environment

COMMAND = "+CGSN"
ANSWER = b"\r\n354916067100015\r\n\r\nOK\r\n"


@contextmanager
def modem_on_a_pty() -> Iterator[str]:
    """A pty whose other side answers every line at once."""
    master, slave = os.openpty()
    tty.setraw(slave)

    def answer() -> None:
        buffer = b""
        while True:
            try:
                buffer += os.read(master, 4096)
            except OSError:
                return
            while b"\r" in buffer:
                _line, _cr, buffer = buffer.partition(b"\r")
                os.write(master, ANSWER)

    threading.Thread(target=answer, daemon=True).start()
    try:
        yield os.ttyname(slave)
    finally:
        os.close(slave)
        os.close(master)


def measured(exchange: Callable[[], None], rounds: int) -> list[float]:
    """Milliseconds of each exchange."""
    times = []
    for _round in range(rounds):
        begin = time.perf_counter()
        exchange()
        times.append((time.perf_counter() - begin) * 1000)
    return times


def report(name: str, bare: list[float], ours: list[float]) -> None:
    """Median and 99th percentile of both, and what we add."""
    (b50, b99), (o50, o99) = ((statistics.median(t), statistics.quantiles(t, n=100)[98]) for t in (bare, ours))
    print(f"{name:5} bare {b50:.3f} ms (p99 {b99:.3f})   ours {o50:.3f} ms (p99 {o99:.3f})   "
          f"ratio {o50 / b50:.2f}   added {o50 - b50:.3f} ms (p99 {o99 - b99:.3f})")  # fmt: skip


def interleaved(bare: Callable[[], None], ours: Callable[[], None], rounds: int) -> tuple[list[float], list[float]]:
    """Both in turns of twenty, so that a busy moment hits both."""
    times: tuple[list[float], list[float]] = ([], [])
    for _turn in range(rounds // 20):
        times[0].extend(measured(bare, 20))
        times[1].extend(measured(ours, 20))
    return times


def over_tty(rounds: int) -> None:
    """pyserial's tty and the engine against a bare file descriptor."""
    from dongle_cli.modem.engine import AtEngine
    from dongle_cli.transport.tty import TtyTransport

    with modem_on_a_pty() as first, modem_on_a_pty() as second:
        descriptor = os.open(first, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(descriptor)

        def bare() -> None:
            os.write(descriptor, f"AT{COMMAND}\r".encode())
            data = b""
            while b"OK\r\n" not in data:
                data += os.read(descriptor, 4096)

        engine = AtEngine(TtyTransport(second))
        report("tty", *interleaved(bare, lambda: check(engine), rounds))
        engine.transport.close()
        os.close(descriptor)


def over_bulk(rounds: int) -> None:
    """The bulk transport and the engine against bare URBs on a socket, both to the lab."""
    from bare_urbs import BareModem

    from dongle_cli.models import loader
    from dongle_cli.modem.engine import AtEngine
    from dongle_cli.transport.open import open_port
    from dongle_cli.usb.enumerate import scan

    with running_lab() as bus:
        os.environ["DONGLE_BUS"] = bus
        bare_one, our_one = scan()
        interface = loader.at_interfaces(loader.find(our_one), our_one)[0]
        out, in_ = interface.bulk_pair() or (0, 0)
        modem = BareModem(bus, bare_one.port, out=out & 0x0F, in_=in_ & 0x0F)
        engine = AtEngine(open_port(our_one, interface))
        engine.synchronise()
        report("bulk", *interleaved(lambda: modem.exchange(COMMAND), lambda: check(engine), rounds))
        engine.transport.close()
        modem.close()


def check(engine) -> None:  # type: ignore[no-untyped-def]
    """One exchange through our engine."""
    if not engine.send(COMMAND).ok:
        raise SystemExit("the modem refused")


@contextmanager
def running_lab() -> Iterator[str]:
    """A lab of two dongles in a home of its own."""
    import json

    with tempfile.TemporaryDirectory(prefix="bench-") as home:
        environment = {**os.environ, "DONGLE_HOME": home}
        command = [sys.executable, "-m", "dongle_cli", "lab"]
        start = [*command, "start", "--count", "2", "--model", "quectel-ec25", "--format", "json"]
        started = subprocess.run(start, env=environment, stdout=subprocess.PIPE, check=True)
        try:
            yield str(json.loads(started.stdout)["bus"])
        finally:
            subprocess.run([*command, "stop"], env=environment, stdout=subprocess.DEVNULL, check=True)


def main() -> None:
    """Print one line a transport."""
    environment()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2000)
    rounds: int = parser.parse_args().rounds
    sys.path.insert(0, str(Path(__file__).parent))
    over_tty(rounds)
    over_bulk(rounds)


if __name__ == "__main__":
    main()
