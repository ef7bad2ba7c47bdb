"""PDP contexts: what is defined, active, and addressed (3GPP TS 27.007 clauses 10.1.1, 10.1.10, 10.1.14, 10.1.23)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass

from dongle_cli.modem.at import split_fields
from dongle_cli.modem.parse.lines import after, at, number


@dataclass(frozen=True)
class PdpContext:
    """One defined context; `type` in the standard's words ("IP", "IPV4V6"), `apn` "" lets the network choose."""

    cid: int
    type: str
    apn: str
    active: bool | None = None


def contexts(lines: Sequence[str]) -> list[PdpContext]:
    """The contexts of a +CGDCONT? reply, in its order."""
    found = []
    for value in after(lines, "+CGDCONT"):
        fields = split_fields(value)
        cid, kind = number(at(fields, 0)), at(fields, 1).upper()
        if cid is not None and re.fullmatch(r"[A-Z0-9 .\-]+", kind):
            found.append(PdpContext(cid, kind, at(fields, 2)))
    return found


def context_ranges(lines: Sequence[str]) -> list[tuple[int, int, str]]:
    """The context numbers a modem has, from +CGDCONT=?: (lowest, highest, type) a line; of several ranges the first."""
    found = []
    for value in after(lines, "+CGDCONT"):
        fields = split_fields(value)
        match = re.fullmatch(r"\(?\s*(\d+)(?:\s*-\s*(\d+))?\s*(?:,[\d\s,\-]*)?\)?", at(fields, 0), re.ASCII)
        kind = at(fields, 1).strip('()" ').upper()
        if match and kind:
            low = int(match[1])
            found.append((low, int(match[2] or low), kind))
    return found


def active_cids(lines: Sequence[str]) -> dict[int, bool]:
    """Which contexts are active, from +CGACT?."""
    found = {}
    for value in after(lines, "+CGACT"):
        fields = split_fields(value)
        cid, state = number(at(fields, 0)), number(at(fields, 1))
        if cid is not None and state in (0, 1):
            found[cid] = bool(state)
    return found


def addresses(lines: Sequence[str]) -> dict[int, list[str]]:
    """The addresses of each context, from +CGPADDR; one without has an empty list or unspecified ones (0.0.0.0)."""
    found: dict[int, list[str]] = {}
    for value in after(lines, "+CGPADDR"):
        fields = split_fields(value)
        cid = number(at(fields, 0))
        if cid is not None:
            found[cid] = [one for one in map(address, fields[1:]) if one]
    return found


def address(value: str) -> str | None:
    """An IP address in the usual notation out of 4 or 16 dotted bytes (27.007 clause 10.1.1); None where it is none."""
    text = value.strip().strip('"')
    parts = text.split(".")
    try:
        if len(parts) == 16:
            return str(ipaddress.IPv6Address(bytes(int(part) for part in parts)))
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


@dataclass(frozen=True)
class Dynamic:
    """What the network gave an active context (+CGCONTRDP); None where it gave nothing."""

    cid: int
    bearer_id: int | None = None
    apn: str | None = None
    local_address: str | None = None
    subnet: str | None = None
    gateway_address: str | None = None
    dns_primary_address: str | None = None
    dns_secondary_address: str | None = None


def dynamic(lines: Sequence[str]) -> list[Dynamic]:
    """The lines of a +CGCONTRDP reply: dual-stack contexts have two."""
    found = []
    for value in after(lines, "+CGCONTRDP"):
        fields = split_fields(value)
        cid = number(at(fields, 0))
        if cid is None:
            continue
        rest = fields[3:]
        local, subnet = at(rest, 0), ""
        # Release 9 and later join address and mask into 8 (or 32) dotted bytes; Release 8 gave them as two fields.
        parts = local.split(".")
        if len(parts) in (8, 32):
            half = len(parts) // 2
            local, subnet, rest = ".".join(parts[:half]), ".".join(parts[half:]), rest[1:]
        elif _mask(at(rest, 1)):
            subnet, rest = rest[1], rest[2:]
        else:
            rest = rest[1:]
        gateway, first, second = (address(at(rest, index)) for index in range(3))
        found.append(
            Dynamic(
                cid,
                number(at(fields, 1)),
                at(fields, 2) or None,
                address(local),
                address(subnet),
                gateway,
                first,
                second,
            )
        )
    return found


def _mask(value: str) -> bool:
    """Whether dotted bytes are a netmask: ones, then zeros."""
    octets = [number(part) for part in value.split(".")]
    if len(octets) not in (4, 16) or any(octet is None or not 0 <= octet <= 255 for octet in octets):
        return False
    bits = "".join(f"{octet:08b}" for octet in octets)
    return "01" not in bits and bits[0] == "1"


def same_apn(asked: str | None, held: str | None) -> bool:
    """Whether a modem that holds the APN `held` has the one `asked` for.

    Case does not count, nor does the operator identifier ".mncXXX.mccXXX.gprs" that a network appends (TS 23.003 clause
    9.1); one that was asked for has to be there.
    """
    wanted, name = (asked or "").lower(), (held or "").lower()
    return name == wanted or re.sub(r"\.mnc\d{3}\.mcc\d{3}\.gprs$", "", name) == wanted
