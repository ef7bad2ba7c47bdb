"""The modem's state: functionality, attach, operator, last refusal, own numbers, clock (3GPP TS 27.007)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dongle_cli.modem.at import split_fields
from dongle_cli.modem.parse.lines import after, at, number


def functionality(lines: Sequence[str]) -> int | None:
    """The functionality level of +CFUN?: 0 minimum, 1 full, 4 radio off, others the maker's (clause 8.2)."""
    for value in after(lines, "+CFUN"):
        return number(at(split_fields(value), 0))
    return None


def functionality_levels(lines: Sequence[str]) -> list[int]:
    """The levels that +CFUN=? offers."""
    return [level for value in after(lines, "+CFUN")[:1] for level in numbers(at(split_fields(value), 0))]


def attached(lines: Sequence[str]) -> bool | None:
    """Whether the packet domain is attached (+CGATT?, clause 10.1.9)."""
    for value in after(lines, "+CGATT"):
        state = number(at(split_fields(value), 0))
        return bool(state) if state in (0, 1) else None
    return None


@dataclass(frozen=True)
class Operator:
    """The answer of +COPS? (clause 7.3): selection `mode`, name `format` (2: numeric), `act` as in +CREG."""

    mode: int
    format: int | None = None
    name: str | None = None
    act: int | None = None


def operator(lines: Sequence[str]) -> Operator | None:
    """The selected operator; a mode alone where none is."""
    for value in after(lines, "+COPS"):
        fields = split_fields(value)
        mode = number(at(fields, 0))
        if mode is not None:
            return Operator(mode, number(at(fields, 1)), at(fields, 2) or None, number(at(fields, 3)))
    return None


def operator_id(code: str) -> tuple[int, int, bool] | None:
    """MCC, MNC and whether the MNC has three digits, of a numeric operator (ITU-T E.212); MCCs begin with 2 to 9."""
    if not re.fullmatch(r"[2-9]\d{4,5}", code, re.ASCII):
        return None
    return int(code[:3]), int(code[3:]), len(code) == 6


def ceer(lines: Sequence[str]) -> tuple[str, int | None]:
    """The words of +CEER (clause 6.10), which have no grammar, and a session cause where it names one ("SM34")."""
    text = " ".join(after(lines, "+CEER")).strip().strip('"')
    if mobility_cause(text) is not None:
        return text, None
    return text, _numbered(text, r"\b(?:E?SM|PDP)[ _]?#?(\d{1,3})\b") or _numbered(
        text, r"(?:cause|#)\s*[:=#]?\s*(\d{1,3})\b"
    )


def mobility_cause(text: str) -> int | None:
    """The cause of mobility management that the words of +CEER name: "EMM 15", "GMM #7"."""
    return _numbered(text, r"\b(?:[EG]?MM)(?:[ _]cause)?[ _:]*#?(\d{1,3})\b")


def _numbered(text: str, pattern: str) -> int | None:
    match = re.search(pattern, text, re.IGNORECASE | re.ASCII)
    return int(match[1]) if match else None


def own_numbers(lines: Sequence[str]) -> list[str]:
    """The subscriber's numbers of a +CNUM reply (clause 7.1)."""
    found = [at(split_fields(value), 1) for value in after(lines, "+CNUM")]
    return [one for one in found if re.fullmatch(r"\+?[0-9*#]+", one, re.ASCII)]


def numbers(text: str) -> list[int]:
    """The numbers that a test reply's list or range names: "(0,1,4-6)" gives [0, 1, 4, 5, 6]."""
    found: set[int] = set()
    for low, high in re.findall(r"(\d{1,9})(?:\s*-\s*(\d{1,9}))?", text, re.ASCII):
        first, last = int(low), int(high or low)
        if last - first <= 1024:
            found.update(range(first, last + 1))
    return sorted(found)
