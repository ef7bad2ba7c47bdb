"""Registration: +CREG, +CGREG, +CEREG, +C5GREG (3GPP TS 27.007 clauses 7.2, 10.1.20, 10.1.22, 10.1.47)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dongle_cli.modem import urc as unsolicited
from dongle_cli.modem.at import unquote
from dongle_cli.modem.parse.lines import at, number


@dataclass(frozen=True)
class Registration:
    """One registration line. `lac` is the field of +CREG and +CGREG, `tac` that of +CEREG and +C5GREG; None: not sent.

    `cause_type` 0: `reject_cause` is one of TS 24.008 annex G or TS 24.301 annex A; 1: the manufacturer's own.
    """

    domain: str  # "+CEREG"
    urc: bool
    stat: int
    n: int | None = None
    act: int | None = None
    lac: int | None = None
    tac: int | None = None
    ci: int | None = None
    cause_type: int | None = None
    reject_cause: int | None = None
    rac: int | None = None
    csg_stat: int | None = None
    csg_info: str | None = None
    active_time: str | None = None  # timer octets as the modem wrote them, "00100100" (TS 24.008 clause 10.5.7)
    periodic_time: str | None = None
    ready_timer: str | None = None
    nssai: str | None = None


# The fields behind <ci> and <AcT>, per command. CSG fields and timers share their places: n says which they are.
_TAIL = {
    "+CREG": ("cause_type", "reject_cause", "csg_stat", "csg_info"),
    "+CGREG": ("rac", "cause_type", "reject_cause", "active_time", "periodic_time", "ready_timer"),
    "+CEREG": ("cause_type", "reject_cause", "active_time", "periodic_time"),
    "+C5GREG": ("nssai_length", "nssai", "cause_type", "reject_cause"),
}
_WORDS = ("csg_info", "active_time", "periodic_time", "ready_timer", "nssai")


def registration(lines: Sequence[str]) -> list[Registration]:
    """Every registration line among `lines`, answers and reports, in their order."""
    found = (_line(line) for line in lines if unsolicited.name_of(line) in unsolicited.REGISTRATION)
    return [one for one in found if one is not None]


def _line(line: str) -> Registration | None:
    domain = unsolicited.name_of(line) or ""
    # Every comma separates: lost quotes would hide one, and no field of these may hold one.
    fields = [unquote(part) for part in line.partition(":")[2].split(",")]
    urc = not unsolicited.is_answer(line)
    n = None if urc else number(fields.pop(0))
    stat = number(at(fields, 0))
    if stat is None or not 0 <= stat <= 11 or (urc and len(fields) == 2 and len(fields[1]) <= 2):
        return None  # two small numbers are an answer, and this one's <stat> is none
    area, rest = number(at(fields, 1), 16), list(fields[2:])
    values: dict[str, int | str | None] = {}
    # Release 8 put the routing area code between area and cell: two digits, then a cell, then the technology.
    if len(rest) >= 3 and 0 < len(rest[0]) <= 2 and len(rest[1]) > 2 and number(rest[2]) is not None:
        values["rac"] = number(rest.pop(0), 16)
    act = number(at(rest, 1))
    for name, value in zip(_tail(domain, rest), rest[2:], strict=False):
        values[name] = (value or None) if name in _WORDS else number(value, 16 if name == "rac" else 10)
    values.pop("nssai_length", None)
    place = "tac" if domain in ("+CEREG", "+C5GREG") else "lac"
    return Registration(
        domain,
        urc,
        stat,
        n=n,
        act=act if act is not None and 0 <= act <= 15 else None,
        ci=number(at(rest, 0), 16),
        **{place: area, **values},  # type: ignore[arg-type]
    )


def _tail(domain: str, rest: Sequence[str]) -> tuple[str, ...]:
    """The names of the fields behind <AcT>; a technology that is no number means that firmware's own fields follow."""
    if at(rest, 1) and number(at(rest, 1)) is None:
        return ()
    if domain == "+CGREG" and len(rest) == 4 and rest[2] in ("0", "1"):
        return _TAIL[domain][1:]  # <rac> has two digits: this firmware leaves it out
    return _TAIL[domain]
