"""Faults to order: what a virtual dongle does wrong, named as `NAME[=ARG][@N]` with N the dongle's number from 1."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _


@dataclass(frozen=True)
class Faults:
    """What one dongle does wrong; the empty value is a dongle that behaves."""

    drop: int = 0  # leaves the bus at this AT command and comes back
    gone: int = 0  # leaves the bus at this AT command for good
    storage_again: int = 0  # so many times it comes back as storage after a switch or a reset
    noise: bool = False  # unsolicited lines between command and answer
    pieces: bool = False  # answers in transfers of one byte
    slow: float = 0.0  # seconds that every answer takes
    deaf: int = 0  # from this AT command on it never answers
    half: int = 0  # from this AT command on every answer stops in the middle
    hold: int = 0  # carries out this AT command, does not answer it, and is deaf until it is released
    no_dtr: bool = False  # stalls SET_CONTROL_LINE_STATE
    truncate: bool = False  # acknowledges APN, user and password, and stores them cut short
    forget: bool = False  # loses at the next power cycle what it acknowledged
    swapped_auth: bool = False  # takes user and password in the other order than its family
    same_imei: bool = False  # carries the first dongle's IMEI
    wrong_imei: bool = False  # carries another IMEI than the SIM list says
    busy: int = 0  # so many SIM commands are answered with +CME ERROR: 14
    pin_locked: bool = False  # the SIM wants its PIN
    puk_locked: bool = False  # the SIM wants its PUK
    pin_tries: int = 3  # PIN tries that are left
    no_sim: bool = False
    reject: int = 0  # the network refuses with this cause
    refuse: tuple[str, ...] = ()  # these commands are answered with ERROR


# Faults whose argument may be left out, and what it then is; the others stand alone or need theirs.
_DEFAULT = {"storage-again": "1", "deaf": "1", "half": "1", "busy": "2", "slow": "1"}
_NUMBERS = ("drop", "gone", "hold", "storage-again", "deaf", "half", "busy", "pin-tries", "reject")
_FLAGS = (
    "noise", "pieces", "no-dtr", "truncate", "forget", "swapped-auth", "same-imei", "wrong-imei", "pin-locked",
    "puk-locked", "no-sim",
)  # fmt: skip
NAMES = tuple(sorted((*_NUMBERS, *_FLAGS, "slow", "refuse")))


def order(texts: Iterable[str], count: int) -> list[Faults]:
    """The faults of `count` dongles; DongleError `usage.fault` where a text is none."""
    result = [Faults() for _number in range(count)]
    for text in texts:
        name, value, number = _parse(text)
        if number is not None and not 1 <= number <= count:
            raise DongleError(
                _("Fault {text}: there is no dongle {number}, only 1 to {count}.").format(
                    text=text, number=number, count=count
                ),
                code="usage.fault",
            )
        for index in range(count) if number is None else [number - 1]:
            result[index] = _with(result[index], name, value)
    return result


def _with(faults: Faults, name: str, value: str) -> Faults:
    field = name.replace("-", "_")
    if name == "refuse":
        return replace(faults, refuse=(*faults.refuse, value.upper()))
    if name == "slow":
        return replace(faults, slow=float(value))
    return replace(faults, **{field: int(value) if name in _NUMBERS else True})  # type: ignore[arg-type]


def _parse(text: str) -> tuple[str, str, int | None]:
    match = re.fullmatch(r"([a-z-]+)(?:=(.*?))?(?:@([0-9]+))?", text)
    if match is None or match[1] not in NAMES:
        raise DongleError(
            _("There is no fault {text}.").format(text=text),
            code="usage.fault",
            hint=_("Known faults: {names}.").format(names=", ".join(NAMES)),
        )
    name, value = match[1], match[2] if match[2] is not None else _DEFAULT.get(match[1], "")
    shape = {"slow": r"[0-9]{1,4}(\.[0-9]+)?", "refuse": r"[+^#$%*!][A-Za-z0-9]+"}.get(
        name, r"[0-9]{1,6}" if name in _NUMBERS else ""
    )
    if not re.fullmatch(shape, value):
        raise DongleError(
            _("Fault {name} does not take {value!r}.").format(name=name, value=value),
            code="usage.fault",
            hint=_("A fault is NAME[=ARGUMENT][@DONGLE], for example drop=7@2."),
        )
    return name, value, int(match[3]) if match[3] else None
