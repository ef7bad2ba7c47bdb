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
