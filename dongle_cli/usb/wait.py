"""Wait until something is plugged in again at the same port: after a mode switch, a reset, or a hand."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _
from dongle_cli.usb import claim, enumerate
from dongle_cli.usb.device import UsbDevice
from dongle_cli.usb.settled import settled
from dongle_cli.usb.uevents import watch

_LOOK = 0.05  # seconds between two looks at udev
# Seconds for udev to load drivers and name ttys once the device is there. Too short is worse than too long: a modem
# looked at before its driver is bound is claimed without one, and then the driver is in the way.
_SETTLE = 30.0


def wait_for_port(
    port: str, accept: Callable[[UsbDevice], bool], timeout: float, *, gone_first: UsbDevice | None = None
) -> UsbDevice:
    """The device at `port` that `accept` takes, within `timeout` seconds; its ttys are there and may be opened.

    With `gone_first` another one than that is awaited: the old one, still listed, is not taken for the new. DongleError
    `usb.no-return` otherwise.
    """
    started = monotonic()
    deadline = started + timeout
    bus = gone_first.bus if gone_first is not None else None
    with watch(bus.name if bus is not None else enumerate.buses()[0].name) as changes:
        seen: UsbDevice | None = None
        taken: tuple[int, float] | None = None  # generation, and until when udev may work on it
        while True:
            seen = bus.find(port) if bus is not None else enumerate.find(port)
            fresh = seen is not None and (gone_first is None or _another(seen, gone_first))
            if seen is not None and fresh and accept(seen):
                if taken is None or taken[0] != seen.generation:
                    taken = (seen.generation, monotonic() + _SETTLE)
                if settled(seen) or monotonic() >= taken[1]:
                    claim.keep(seen)
                    return seen
            elif monotonic() >= deadline:
                raise _no_return(port, gone_first, seen, timeout)
            # That udev removed its queue file is announced by nobody.
            changes.wait(_LOOK if taken is not None and fresh else deadline - monotonic())


def _another(now: UsbDevice, before: UsbDevice) -> bool:
    return (now.generation, now.vid, now.pid) != (before.generation, before.vid, before.pid)


def _no_return(port: str, before: UsbDevice | None, now: UsbDevice | None, timeout: float) -> DongleError:
    values = {
        "port": port,
        "before": before.usb if before else "?",
        "now": now.usb if now else "-",
        "seconds": round(timeout),
    }
    if now is None:
        message = _("{port}: the dongle ({before}) did not come back within {seconds} s.")
    else:
        message = _("{port}: after {seconds} s the device there is still {now}, which is not what was awaited.")
    return DongleError(
        message.format(**values),
        code="usb.no-return",
        hint=_("Unplug the dongle, wait ten seconds, plug it into the same port and run the command again."),
        port=port,
        before=before.usb if before else None,
        now=now.usb if now else None,
        seconds=timeout,
    )
