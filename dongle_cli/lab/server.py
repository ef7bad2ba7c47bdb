"""The lab's server process: `python -m dongle_cli.lab.server`, its order as one JSON object on standard input."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _, reason
from dongle_cli.lab import daemon
from dongle_cli.lab.bench import Bench, Order
from dongle_cli.lab.control import Control
from dongle_cli.lab.sims import VirtualSim


async def serve(order: dict[str, Any], ready: int) -> None:
    """Run the lab until it is told to stop. Tells descriptor `ready` one JSON line once it can be used."""
    bench = Bench(
        Order(
            sims=tuple(VirtualSim(**row) for row in order["sims"]),
            models=tuple(order["models"]),
            faults=tuple(order["faults"]),
            delay=order["delay"],
            absence=order["absence"],
            pin=order["pin"],
        )
    )
    try:
        addresses = await bench.open(order["host"], order["port"])
    except OSError as error:
        # asyncio puts a sentence of its own into strerror; the number says it in the C library's words.
        why = error if error.errno is None or error.errno < 0 else OSError(error.errno, os.strerror(error.errno))
        raise DongleError(
            _("The lab cannot serve at {address}: {reason}.").format(
                address=f"{order['host']}:{order['port']}", reason=reason(why)
            ),
            code="lab.start",
            hint=_("Choose another address with --listen; port 0 takes a free one."),
        ) from None
    summary: dict[str, object] = {
        "schema": 1,
        "bus": ",".join(f"usbip://{address}" for address in addresses),
        "profile": order["profile"],
        "sims": order["table"],
        "pid": os.getpid(),
    }
    control = Control(bench, summary)
    path = Path(order["socket"])
    path.unlink(missing_ok=True)
    server = await control.open(path)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, control.stopped.set)
    daemon.tell(ready, {**summary, "dongles": bench.status()})
    try:
        await control.stopped.wait()
    finally:
        bench.close()
        path.unlink(missing_ok=True)  # before it is closed: from then on another lab's may stand there
        server.close()
        control.gone.set()


def main() -> None:
    """Read the order, serve, and say on the ready pipe what went wrong before that."""
    order, ready = daemon.order()
    try:
        asyncio.run(serve(order, ready))
    except (DongleError, OSError) as error:
        known = error if isinstance(error, DongleError) else DongleError(str(error), code="lab.start")
        try:
            daemon.tell(ready, known.as_json())
        except OSError:  # it had been ready: the pipe is closed
            print(known.message, file=sys.stderr)


if __name__ == "__main__":
    main()
