"""The radio side: registration with its reject cause, attach, signal."""

from __future__ import annotations

import time
from dataclasses import dataclass

from dongle_cli.modem import parse
from dongle_cli.modem.modem import Modem

HOME, SEARCHING, DENIED, ROAMING = 1, 2, 3, 5  # <stat>, 27.007 clause 7.2
_DOMAINS = ("+CEREG", "+CGREG", "+CREG")  # EPS first, then GPRS, then circuit-switched
_POLL = 2.0  # seconds; for firmwares that never report a change of registration by themselves


@dataclass(frozen=True)
class Refusal:
    """Why the network refused: the cause of 24.301/24.008 if it said one, and the modem's own words from +CEER."""

    cause: int | None
    esm_cause: int | None
    text: str | None


def report_registration(modem: Modem) -> None:
    """Ask for registration reports with the reject cause (n=3, 27.007 clause 10.1.22), or the most that is given."""
    for domain in _DOMAINS:
        for mode in (3, 2, 1):
            if modem.accepts(f"{domain}={mode}"):
                break


def read_registration(modem: Modem) -> parse.Registration | None:
    """The most telling registration of the three domains; None where none answers."""
    best: parse.Registration | None = None
    for domain in _DOMAINS:
        found = [r for r in parse.registration(modem.query(f"{domain}?")) if not r.urc]
        for registration in found:
            if best is None or _telling(registration) > _telling(best):
                best = registration
        if best is not None and best.stat in (HOME, ROAMING, DENIED):
            return best
    return best


def _telling(registration: parse.Registration) -> int:
    return {HOME: 4, ROAMING: 4, DENIED: 3, SEARCHING: 2}.get(registration.stat, 0)


def read_signal(modem: Modem) -> parse.Signal | None:
    """Signal strength by the dialect's first reader that is not refused."""
    return modem.first(
        modem.dialect.signal, lambda command, lines: parse.signal(command.split("=")[0].rstrip("?"), lines)
    )


def radio_on(modem: Modem) -> None:
    """Full functionality: some sticks come up with the radio off (27.007 clause 8.2)."""
    if parse.functionality(modem.query("+CFUN?")) not in (1, None):
        modem.engine.ask("+CFUN=1")


def attach_again(modem: Modem, timeout: float) -> None:
    """Detach and attach: changed contexts and credentials take effect at the next attach only.

    A network's refusal is no error here; the registration tells it.
    """
    if modem.accepts("+CGATT=0"):
        modem.engine.send("+CGATT=1", timeout=max(timeout, 5.0))
    else:
        modem.engine.send("+CFUN=4")
        modem.engine.send("+CFUN=1")


def on_its_way(modem: Modem) -> bool:
    """Whether the modem is registered, or searching by itself; otherwise nothing happens until it is told to attach."""
    registration = read_registration(modem)
    return registration is not None and registration.stat in (HOME, ROAMING, SEARCHING)


def wait_registered(modem: Modem, timeout: float) -> parse.Registration | None:
    """The registration as soon as it is home, roaming or denied, or the last one seen after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        registration = read_registration(modem)
        left = deadline - time.monotonic()
        if left <= 0 or (registration is not None and registration.stat in (HOME, ROAMING, DENIED)):
            return registration
        modem.engine.listen(min(left, _POLL))


def read_refusal(modem: Modem, registration: parse.Registration | None) -> Refusal:
    """Why the network refused, from the registration and from the extended error report (27.007 clause 6.10)."""
    cause = registration.reject_cause if registration and registration.cause_type in (0, None) else None
    text, number = parse.ceer(modem.query("+CEER"))
    # +CEER often repeats the mobility cause; a session cause is another number.
    return Refusal(cause, number if number != cause else None, text or None)


def activate(modem: Modem, cid: int) -> bool | None:
    """Whether context `cid` is active, activated now where it was not; None where that is left to the PC."""
    if parse.active_cids(modem.query("+CGACT?")).get(cid):
        return True
    reply = modem.engine.send(f"+CGACT=1,{cid}")
    if reply.ok:
        return True
    number = reply.final.number if reply.final else None
    # 3 not allowed, 4 not supported, 50 bad parameters, 100 unknown: the command is refused, not the subscription.
    return None if number in (None, 3, 4, 50, 100) else False
