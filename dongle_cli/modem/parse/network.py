"""What the network has to offer and to report: operator scan, packet-domain events, time of day (3GPP TS 27.007)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from dongle_cli.modem.at import split_fields
from dongle_cli.modem.parse.lines import after, at, number


@dataclass(frozen=True)
class Offer:
    """One operator of a +COPS=? scan; `stat` 0 unknown, 1 available, 2 current, 3 forbidden; `act` as in +CREG."""

    stat: int
    long: str | None
    short: str | None
    numeric: str | None
    act: int | None


_OFFER = re.compile(r'\(\s*(\d)\s*((?:,\s*(?:"[^"]*"|[^",()]*)\s*){2,4})\)')


def operators(lines: Sequence[str]) -> list[Offer]:
    """The operators of a +COPS=? reply (clause 7.3); the lists of modes and formats at its end are none."""
    found = []
    for value in after(lines, "+COPS"):
        for stat, rest in _OFFER.findall(value):
            fields = split_fields(rest)[1:]
            numeric = next((field for field in fields if re.fullmatch(r"\d{5,6}", field, re.ASCII)), None)
            if numeric or any(field and not field.isdecimal() for field in fields):
                act = number(at(fields, 3))
                found.append(Offer(int(stat), at(fields, 0) or None, at(fields, 1) or None, numeric, act))
    return found


@dataclass(frozen=True)
class PacketEvent:
    """One +CGEV report (clause 10.1.19): its words ("NW PDN DEACT"), the context it is about, and what else it says."""

    event: str
    cid: int | None
    parameters: tuple[str, ...]


def packet_events(lines: Sequence[str]) -> list[PacketEvent]:
    """The +CGEV reports among `lines`."""
    found = []
    for value in after(lines, "+CGEV"):
        match = re.match(r"((?:NW|ME)\s+CLASS\s+\S+|REJECT|[A-Z][A-Z ]*[A-Z])\s*:?\s*(.*)", value)
        if not match:
            continue
        event, given = " ".join(match[1].split()), [field for field in split_fields(match[2]) if field]
        # A secondary context names its primary first; an address in front means the report of Release 98.
        about = (
            1 if re.fullmatch(r"(NW|ME) (DE)?ACT", event) and len(given) == 3 and number(given[0]) is not None else 0
        )
        if given and number(given[0]) is None:
            about = 2
        found.append(PacketEvent(event, number(at(given, about)), tuple(given)))
    return found


def clock(lines: Sequence[str]) -> datetime | None:
    """The time of +CCLK?, ^NWTIME? or +QLTS, with its zone where given: quarters of an hour from UTC (clause 8.15)."""
    for line in lines:
        match = re.search(
            r"(\d{2,4})/(\d{1,2})/(\d{1,2}),(\d{1,2}):(\d{1,2}):(\d{1,2})\s*([+-]\d{1,3})?", line, re.ASCII
        )
        if match:
            year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
            quarters = int(match[7]) if match[7] else None
            zone = None if quarters is None or abs(quarters) > 56 else timezone(timedelta(minutes=15 * quarters))
            try:
                return datetime(year + 2000 if year < 100 else year, month, day, hour, minute, second, tzinfo=zone)
            except ValueError:
                return None
    return None
