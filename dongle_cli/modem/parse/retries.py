"""How many tries a SIM leaves: 3GPP TS 27.007 clause 8.65 (+CPINR) came late, so every family has its own command."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from dongle_cli.modem.at import split_fields
from dongle_cli.modem.parse import sim
from dongle_cli.modem.parse.lines import after, at, number, plain

Counters = dict[str, int | None]

PIN, PUK, PIN2, PUK2 = CODES = ("SIM PIN", "SIM PUK", "SIM PIN2", "SIM PUK2")

# Readers that answer with bare numbers in a fixed order.
_ORDERS: dict[str, tuple[str, ...]] = {
    "+ZPINPUK": (PIN, PUK),  # ZTE
    "+CPINC": (PIN, PIN2, PUK, PUK2),  # Sierra
    "+XPINCNT": (PIN, PIN2, PUK, PUK2),  # Intel XMM
    "+UPINCNT": (PIN, PIN2, PUK, PUK2),  # u-blox
    "*EPIN": (PIN, PUK, PIN2, PUK2),  # Ericsson
    "%PINNUM": (PIN, PUK, PIN2, PUK2),  # Icera
    "_OERCN": (PIN, PUK),  # Option
    "+PNNM": (PIN, PUK),  # Alcatel X220
    "+EPINC": (PIN, PIN2, PUK, PUK2),  # MediaTek
}
# Readers that answer with one number, for the code that the SIM asks for now.
_CURRENT = ("#PCT", "^SPIC", "+CPINR")
_HIGHEST = 15  # the counter is a nibble of the status word (ETSI TS 102 221 clause 10.2.1.5)


def pin_retries(reader: str, lines: Sequence[str], state: str | None = None) -> Counters | None:
    """Tries left by code ("SIM PIN", "SIM PUK", "SIM PIN2", "SIM PUK2"), None where the reply does not say.

    `reader` is the command name ("+CPINR", "^CPIN"), without AT and without `?` or `=`. `state` is what +CPIN? says:
    a number without a name belongs to that code, and to nobody where the state is unknown or READY.
    """
    reader = reader.upper()
    if reader in _ORDERS:
        return _in_order(reader, lines)
    found = _READERS[reader](lines) if reader in _READERS else None
    if not found and reader in _CURRENT:
        found = _current(reader, lines, state)
    return found or None


def _count(value: str | None) -> int | None:
    count = number(value)
    return count if count is not None and 0 <= count <= _HIGHEST else None


def _in_order(reader: str, lines: Sequence[str]) -> Counters | None:
    for value in after(lines, reader) or plain(lines):
        # Some firmwares name the counters all the same: "PIN1=3; PUK1=10".
        if named := _named(value):
            return named
        fields = split_fields(value)
        counts = [_count(field) for field in fields]
        if len(counts) >= 2 and any(count is not None for count in counts):
            return dict(zip(_ORDERS[reader], counts, strict=False))
    return None


def _cpinr(lines: Sequence[str]) -> Counters:
    found: Counters = {}
    for value in after(lines, "+CPINR"):
        fields = split_fields(value)
        count = _count(at(fields, 1))
        if at(fields, 0).upper() in CODES and count is not None:
            found[fields[0].upper()] = count
    return found


def _huawei(lines: Sequence[str]) -> Counters:
    """`state,[times],puk,pin,puk2,pin2`; short form `SIM PIN,2`."""
    for value in after(lines, "^CPIN"):
        fields = split_fields(value)
        found: Counters = dict(zip((PUK, PIN, PUK2, PIN2), map(_count, fields[2:]), strict=False))
        asked, times = sim.pin_state(["+CPIN: " + at(fields, 0)]), _count(at(fields, 1))
        if asked in CODES and times is not None and found.get(asked) is None:
            found[asked] = times
        if found:
            return found
    return {}


def _quectel(lines: Sequence[str]) -> Counters:
    found: Counters = {}
    for value in after(lines, "+QPINC"):
        fields = split_fields(value)
        codes = {"SC": (PIN, PUK), "P2": (PIN2, PUK2)}.get(at(fields, 0).upper())
        if codes:
            found |= zip(codes, (_count(at(fields, 1)), _count(at(fields, 2))), strict=True)
    return found


def _simcom(lines: Sequence[str]) -> Counters:
    """`pin,?,?,puk2`: sources contradict each other about the middle two (pin2,puk or puk,pin2).

    A PUK starts at ten and a PIN at three (ETSI TS 102 221 clause 9.5.1), so a value above three tells which one it is.
    """
    for value in after(lines, "+SPIC"):
        counts = [_count(field) for field in split_fields(value)]
        if len(counts) == 4:
            pin, second, third, puk2 = counts
            puk = pin2 = None
            if second is not None and third is not None and (second > 3) != (third > 3):
                puk, pin2 = max(second, third), min(second, third)
            elif second is not None and second == third:
                puk = pin2 = second
            return {PIN: pin, PUK: puk, PIN2: pin2, PUK2: puk2}
    return {}


def _csim(lines: Sequence[str]) -> Counters:
    answer = sim.csim(lines)
    left = sim.tries_left(answer[1]) if answer else None
    return {} if left is None else {PIN: left}


def _novatel(lines: Sequence[str]) -> Counters:
    for value in after(lines, "$NWPINR"):
        match = re.match(r"(PIN|PUK)\s*([12]?)\s*,\s*(\d+)", value, re.IGNORECASE | re.ASCII)
        if match:
            return {f"SIM {match[1].upper()}{'2' if match[2] == '2' else ''}": _count(match[3])}
    return {}


def _named(value: str) -> Counters:
    """`PIN1=3; PUK1=10; PIN2=3; PUK2=10`."""
    pairs = re.findall(r"(PIN|PUK)\s*([12]?)\s*[=:]\s*(\d+)", value, re.IGNORECASE | re.ASCII)
    return {f"SIM {kind.upper()}{'2' if which == '2' else ''}": _count(left) for kind, which, left in pairs}


def _longcheer(lines: Sequence[str]) -> Counters:
    return _named(" ; ".join(plain(lines)))


def _current(reader: str, lines: Sequence[str], state: str | None) -> Counters:
    if reader == "^SPIC" and state == "READY":
        state = PIN  # Cinterion: nothing is asked for, so the number is that of the code which would be
    for value in after(lines, reader):
        left = _count(value)
        if left is not None and state in CODES:
            return {state: left}
    return {}


_READERS: dict[str, Callable[[Sequence[str]], Counters]] = {
    "+CPINR": _cpinr,
    "^CPIN": _huawei,
    "+QPINC": _quectel,
    "+SPIC": _simcom,
    "+CSIM": _csim,
    "$NWPINR": _novatel,
    "+CPNNUM": _longcheer,
    "#PCT": lambda lines: {},
    "^SPIC": lambda lines: {},
}
