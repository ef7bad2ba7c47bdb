"""The radio side: registration with its reject cause, attach, signal."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from dongle_cli.modem import causes, parse
from dongle_cli.modem.at import Reply
from dongle_cli.modem.modem import Modem

HOME, SEARCHING, DENIED, ROAMING = 1, 2, 3, 5  # <stat>, 27.007 clause 7.2
_DOMAINS = ("+CEREG", "+CGREG", "+CREG")  # EPS first, then GPRS, then circuit-switched
_POLL = 2.0  # seconds; for firmwares that never report a change of registration by themselves


@dataclass(frozen=True)
class Refusal:
    """Why the network refused: the causes of mobility (24.301 annex A, 24.008 annex G) and of session management
    (annexes B and I) where it gave them, and the modem's own words from +CEER."""

    cause: int | None = None
    esm_cause: int | None = None
    text: str | None = None

    @property
    def named(self) -> bool:
        """Whether the network gave a cause."""
        return self.cause is not None or self.esm_cause is not None


@dataclass(frozen=True)
class Activation:
    """Whether a context is active, None where that is left to the PC; where it was refused, what the answer says."""

    active: bool | None
    refusal: Refusal = field(default_factory=Refusal)


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


def attach_again(modem: Modem, timeout: float) -> Refusal:
    """Detach and attach: changed contexts and credentials take effect at the next attach only.

    A network's refusal is no error here: the registration tells it, and the answer of some modems, which is returned.
    """
    if modem.accepts("+CGATT=0"):
        return _refusal_in(modem.engine.send("+CGATT=1", timeout=max(timeout, 5.0)))
    modem.engine.send("+CFUN=4")
    return _refusal_in(modem.engine.send("+CFUN=1"))


def _refusal_in(reply: Reply) -> Refusal:
    """The network's cause that a refused command repeats (27.007 clause 9.2.2)."""
    failed = reply.final is not None and not reply.final.ok and reply.final.word == "+CME ERROR"
    return Refusal(*causes.network_causes_of_cme(reply.final.number)) if failed and reply.final else Refusal()


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


def read_refusal(modem: Modem, registration: parse.Registration | None, said: Refusal | None = None) -> Refusal:
    """Why the network refused: from the registration, from `said` (what the refused command answered) and from the
    extended error report (27.007 clause 6.10), which may be about something that happened before."""
    said = said or Refusal()
    reported = registration.reject_cause if registration and registration.cause_type in (0, None) else None
    text, number = parse.ceer(modem.query("+CEER"))
    cause, esm_cause = causes.told_apart(reported)
    from_words = causes.in_words(text)
    cause = _first(cause, said.cause, parse.mobility_cause(text), from_words[0])
    # +CEER often repeats the mobility cause; a session cause is another number.
    esm_cause = _first(esm_cause, said.esm_cause, number if number != cause else None, from_words[1])
    return Refusal(cause, esm_cause, text or None)


def _first(*values: int | None) -> int | None:
    return next((value for value in values if value is not None), None)


def activate(modem: Modem, cid: int) -> Activation:
    """Context `cid` as it is after it was activated, where it was not active."""
    if parse.active_cids(modem.query("+CGACT?")).get(cid):
        return Activation(True)
    reply = modem.engine.send(f"+CGACT=1,{cid}")
    if reply.ok:
        return Activation(True)
    number = reply.final.number if reply.final else None
    # 3 not allowed, 4 not supported, 50 bad parameters, 100 unknown: the command is refused, not the subscription.
    return Activation(None) if number in (None, 3, 4, 50, 100) else Activation(False, _refusal_in(reply))
