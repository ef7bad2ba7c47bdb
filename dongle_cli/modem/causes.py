"""Why a modem or a network said no: the standards' numbers and their words, kept in causes.toml.

The words stay as the standards have them in every language: with the number, they are what a carrier's help desk
searches for.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files


@cache
def _table(name: str) -> dict[int, str]:
    data = tomllib.loads(files("dongle_cli.modem").joinpath("causes.toml").read_text(encoding="utf-8"))
    return {int(number): words for number, words in data[name].items()}


def cme_meaning(number: int) -> str | None:
    """The words for a `+CME ERROR` number (3GPP TS 27.007 clause 9.2), None for a vendor's own."""
    return _table("cme").get(number)


def cms_meaning(number: int) -> str | None:
    """The words for a `+CMS ERROR` number (TS 27.005 clause 3.2.5; below 300 a cause of TS 24.011)."""
    return _table("cms").get(number)


@cache
def _numbers() -> dict[str, int]:
    return {_squeezed(words): number for number, words in reversed(_table("cme").items())}


def _squeezed(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def cme_number(text: str) -> int | None:
    """The number of a `+CME ERROR` given in words (+CMEE=2), whatever its blanks, hyphens and capitals."""
    return _numbers().get(_squeezed(text))


def emm_meaning(cause: int) -> str | None:
    """The words for a reject cause of mobility management (TS 24.301 annex A, TS 24.008 annex G)."""
    return _table("emm").get(cause)


def esm_meaning(cause: int) -> str | None:
    """The words for a cause of session management (TS 24.301 annex B, TS 24.008 clause 10.5.6.6)."""
    return _table("esm").get(cause)


def sw_meaning(sw: str) -> str | None:
    """The words for a card's status word in four hexadecimal digits (ETSI TS 102 221 clause 10.2.1)."""
    return _table("sw").get(int(sw, 16))


def network_cause(cause: int, *, session: bool = False) -> str | None:
    """The words for a network's cause: mobility management first, as a registration's reject cause is one of those.

    `session`: session management first, for a context that was refused.
    """
    first, second = (esm_meaning, emm_meaning) if session else (emm_meaning, esm_meaning)
    return first(cause) or second(cause)


def network_number(text: str) -> int | None:
    """The number of a network's cause that a modem gives in the standard's words ("ESM_FAILURE")."""
    wanted = _squeezed(text)
    for table in ("emm", "esm"):
        for number, words in _table(table).items():
            if _squeezed(words) == wanted:
                return number
    return None


# +CME ERROR numbers that repeat a cause of the network, hundred higher (27.007 clauses 9.2.2.1 and 9.2.2.2), and those
# that repeat one under another number.
_CME_MOBILITY = frozenset((*range(102, 120), 122))
_CME_SESSION = frozenset(range(126, 135))
_CME_RENUMBERED = {125: (25, None)} | {
    cme: (None, cause)
    for cme, cause in {149: 29, 171: 49, 177: 8, 178: 65, 179: 66, 191: 39, 192: 50, 193: 51, 194: 52, 196: 57}.items()
}


def network_causes_of_cme(number: int | None) -> tuple[int | None, int | None]:
    """The causes of mobility and of session management that a `+CME ERROR` number stands for, None where it is none."""
    if number is None:
        return None, None
    if number in _CME_MOBILITY:
        return number - 100, None
    if number in _CME_SESSION:
        return None, number - 100
    return _CME_RENUMBERED.get(number, (None, None))


def told_apart(reject_cause: int | None) -> tuple[int | None, int | None]:
    """A registration's reject cause as (mobility, session): some firmwares put the session's cause there."""
    if reject_cause is None or emm_meaning(reject_cause) or not esm_meaning(reject_cause):
        return reject_cause, None
    return None, reject_cause


def in_words(text: str) -> tuple[int | None, int | None]:
    """The causes of mobility and session management that a modem names in the standard's words (EMM_CAUSE_…)."""
    named = re.match(r"(E?SM|[EG]?MM)_CAUSE_(\w+)", text)
    number = network_number(named[2]) if named else None
    return (None, number) if named and named[1].endswith("SM") else (number, None)
