"""The SIM card: whether it is locked, how many tries are left, and the three commands that spend one.

Which PIN may be sent, and when, is decided in `provision`; a wrong PIN in any of +CPIN, +CPWD and +CLCK costs a try.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from dongle_cli.modem import parse
from dongle_cli.modem.at import Reply, quote
from dongle_cli.modem.modem import Modem
from dongle_cli.secrets import Secret

READY = "READY"
USABLE = frozenset({READY, "SIM PIN2", "SIM PUK2"})  # the second code guards phone book and charges, not the network
PIN = "SIM PIN"
PUK = "SIM PUK"
# VERIFY with an empty body asks for the counter and does not lower it (ETSI TS 102 221 clause 11.1.9).
_CSIM_COUNTER = '+CSIM=10,"0020000100"'
_NOT_INSERTED = (("+CME ERROR", 10), ("+CMS ERROR", 310))  # 27.007 clause 9.2.1, 27.005 clause 3.2.5
_COMES_UP = 5.0  # seconds that a card may need after power-on before it counts as absent
_AGAIN = 0.5  # seconds between two questions; a +CPIN: or +QIND: that comes by itself ends the wait


@dataclass(frozen=True)
class SimState:
    """`state` in the standard's words ("READY", "SIM PIN"), None where unreadable; `retries` by code name."""

    state: str | None
    absent: bool = False
    pin_enabled: bool | None = None
    retries: dict[str, int | None] = field(default_factory=dict)

    @property
    def pin_retries(self) -> int | None:
        """PIN tries left, None where they could not be read."""
        return self.retries.get(PIN)

    @property
    def puk_retries(self) -> int | None:
        """PUK tries left, None where they could not be read."""
        return self.retries.get(PUK)


def read_state(modem: Modem) -> SimState:
    """Lock state, PIN switch and counters (27.007 clauses 8.3, 7.4 and 8.65)."""
    reply = _settled(modem)
    if not reply.ok or _absent(reply):
        return SimState(None, absent=_absent(reply))
    state = parse.pin_state(reply.lines)
    enabled = parse.facility_lock(modem.query('+CLCK="SC",2'))
    # A card that asks for its PIN has it switched on, whatever +CLCK answers meanwhile.
    return SimState(state, pin_enabled=True if state in (PIN, PUK) else enabled, retries=read_retries(modem, state))


def _settled(modem: Modem) -> Reply:
    """The reply to +CPIN? once the card has come up: just after power-on a dongle says that there is none."""
    started = time.monotonic()
    while True:
        reply = modem.engine.send("+CPIN?")
        waking = _absent(reply) or (reply.ok and parse.pin_state(reply.lines) is None)
        if not waking or time.monotonic() - started > _COMES_UP:
            return reply
        modem.engine.listen(_AGAIN)


def _absent(reply: Reply) -> bool:
    """Whether there is no card: as an error, or as some firmwares do in the place of the state."""
    if reply.ok:
        said = parse.card_trouble(reply.lines)
        return said is not None and ("+CME ERROR", said[1]) in _NOT_INSERTED
    return reply.final is not None and (reply.final.word, reply.final.number) in _NOT_INSERTED


def read_retries(modem: Modem, state: str | None = None) -> dict[str, int | None]:
    """Tries left by code name, from the first of the dialect's readers that knows the PIN's; {} where none does."""
    for command in modem.dialect.pin_retries:
        reader = command.split("=")[0].rstrip("?")
        lines = modem.query(_CSIM_COUNTER if command == "+CSIM" else command)
        counters = parse.pin_retries(reader, lines, state) if lines else None
        if counters and counters.get(PIN) is not None:
            return counters
    return {}


def enter_pin(modem: Modem, pin: Secret) -> Reply:
    """Send the PIN once (27.007 clause 8.3)."""
    return modem.engine.send(f"+CPIN={quote(pin.reveal())}", once=True)


def disable_pin(modem: Modem, pin: Secret) -> Reply:
    """Switch the PIN request off (27.007 clause 7.4)."""
    return modem.engine.send(f'+CLCK="SC",0,{quote(pin.reveal())}', once=True)


def change_pin(modem: Modem, old: Secret, new: Secret) -> Reply:
    """Replace the PIN; the request must be switched on (27.007 clause 7.5)."""
    return modem.engine.send(f'+CPWD="SC",{quote(old.reveal())},{quote(new.reveal())}', once=True)
