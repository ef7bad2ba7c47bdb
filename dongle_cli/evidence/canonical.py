"""Canonical JSON (RFC 8785): the same facts are always the same bytes, so that a digest of them means something."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from pathlib import PurePath

from dongle_cli.identity import Iccid, Imei, Imsi
from dongle_cli.secrets import MASK, Secret

Plain = None | bool | int | float | str | list["Plain"] | dict[str, "Plain"]

_EXACT = 2**53  # beyond it a JSON number no longer survives a reader with IEEE 754 doubles (RFC 8785 clause 3.2.2.3)


def plain(value: object) -> Plain:
    """`value` as JSON types only: secrets and IMSI masked, dataclasses as objects; TypeError where there is no way."""
    match value:
        case Secret():
            return MASK
        case Imsi():
            return value.masked
        case Imei() | Iccid() | PurePath():
            return str(value)
        case Enum():
            return plain(value.value)
        case None | bool() | int() | str():
            return value
        case float():
            if not math.isfinite(value):
                raise TypeError("JSON has no word for infinity or not-a-number")
            return value
        case datetime() | date():
            return value.isoformat()
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case set() | frozenset():
            return [plain(item) for item in sorted(value, key=str)]
        case bytes():
            return value.hex()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value) if not f.name.startswith("_")}
    raise TypeError(f"no JSON form for {type(value).__name__}")


def canonical(value: object) -> bytes:
    """The canonical bytes of `value`: UTF-8, keys in UTF-16 order, no blanks, ECMAScript numbers (RFC 8785)."""
    return _write(plain(value)).encode("utf-8")


def digest(data: bytes) -> str:
    """The SHA-256 of `data` in lower-case hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def _write(value: Plain) -> str:
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(f"{_text(key)}:{_write(value[key])}" for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_write, value)) + "]"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, str):
        return _text(value)
    return _number(value)


def _text(text: str) -> str:
    # A lone surrogate (an undecodable byte of a file name) has no UTF-8 form: write it visibly instead.
    return json.dumps(text.encode("utf-8", "backslashreplace").decode("utf-8"), ensure_ascii=False)


def _number(value: int | float) -> str:
    """`value` as ECMAScript's Number::toString writes it (ECMA-262 clause 6.1.6.1.20)."""
    if isinstance(value, int):
        if abs(value) > _EXACT:
            raise TypeError("an integer beyond 2**53 must be written as text")
        return str(value)
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _e, exponent = f"{abs(value)!r}".lower().partition("e")
    whole, _dot, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len((whole + fraction).lstrip("0")))
    digits = digits.rstrip("0")
    count = len(digits)
    if count <= point <= 21:
        return sign + digits + "0" * (point - count)
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    tail = "." + digits[1:] if count > 1 else ""
    return f"{sign}{digits[0]}{tail}e{'+' if point > 0 else '-'}{abs(point - 1)}"
