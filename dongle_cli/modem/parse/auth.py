"""Authentication of contexts, in each family's own words (3GPP TS 27.007 clause 10.1.31 and vendors' commands)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from dongle_cli.modem.at import raw_fields, split_fields
from dongle_cli.modem.parse.lines import after, at, number
from dongle_cli.secrets import Secret

Order = Literal["user-password", "password-user", "unknown"]


@dataclass(frozen=True)
class ContextAuth:
    """How one context proves who it is; `password_shown` says that the firmware prints it."""

    cid: int
    type: str  # "none", "pap", "chap", "mschapv2", "auto" (either of PAP and CHAP), "unknown"
    user: str | None
    password: Secret | None
    password_shown: bool


_TYPES = {0: "none", 1: "pap", 2: "chap", 3: "auto"}


@dataclass(frozen=True)
class _Layout:
    """Where the fields stand; `first` and `second` hold user and password in the order that the dialect says."""

    type: int
    first: int
    second: int
    cid: int | None = 0


_LAYOUTS: dict[str, _Layout] = {
    "+CGAUTH": _Layout(1, 2, 3),
    "^AUTHDATA": _Layout(1, 3, 4),
    "$QCPDPP": _Layout(1, 2, 3),
    "#PDPAUTH": _Layout(1, 2, 3),
    "^SGAUTH": _Layout(1, 2, 3),
    "+MGAUTH": _Layout(1, 2, 3),
    "+UAUTHREQ": _Layout(1, 2, 3),
    "+XGAUTH": _Layout(1, 2, 3),
    "%IPDPCFG": _Layout(2, 3, 4),
    "*EIAAUW": _Layout(1, 2, 3),
}


def context_auth(reader: str, lines: Sequence[str], order: Order = "user-password", cid: int = 0) -> list[ContextAuth]:
    """The authentication of each context in the reply to `reader` ("+CGAUTH"); `cid` for replies that do not repeat it.

    With `order` "unknown" two strings cannot be told apart: the user is None and both are kept as shown password.
    """
    reader = reader.upper()
    values = after(lines, reader)
    if reader == "+QICSGP":
        found = [_quectel(value, order, cid) for value in values]
    elif reader in _LAYOUTS:
        found = [_line(value, _LAYOUTS[reader], order) for value in values]
    else:
        return []
    return [one for one in found if one is not None]


def _line(value: str, layout: _Layout, order: Order) -> ContextAuth | None:
    fields = split_fields(value)
    cid, kind = number(at(fields, 0)), number(at(fields, layout.type))
    if cid is None or kind is None:
        return None
    first, second = at(fields, layout.first), at(fields, layout.second)
    if layout.first == 3 and len(fields) == 4 and not re.fullmatch(r"|[0-9]{5,6}", at(fields, 2)):
        first, second = at(fields, 2), at(fields, 3)  # ^AUTHDATA without its network code
    elif layout.first == 3 and len(fields) == 3:
        first, second = at(fields, 2), ""
    return _auth(cid, kind, first, second, order)


def _quectel(value: str, order: Order, cid: int) -> ContextAuth | None:
    """`<context type>,"apn","user","password",<auth>`, on some firmwares with the cid in front."""
    raw, fields = raw_fields(value), split_fields(value)
    if len(fields) > 1 and number(raw[1]) is not None and not raw[1].startswith('"'):
        cid, fields = number(fields[0]) or cid, fields[1:]
    kind = number(at(fields, 4))
    if kind is None:
        return None
    return _auth(cid, kind, at(fields, 2), at(fields, 3), order)


def _auth(cid: int, kind: int, first: str, second: str, order: Order) -> ContextAuth | None:
    name = _TYPES.get(kind, "unknown")
    if order == "unknown" and first and second:
        return ContextAuth(cid, name, None, Secret(second), True)
    # A lone string is the user name: firmwares that keep the password back leave that field out, whatever the order.
    user, password = (second, first) if order == "password-user" and second else (first, second)
    return ContextAuth(cid, name, user or None, Secret(password) if password else None, bool(password))
