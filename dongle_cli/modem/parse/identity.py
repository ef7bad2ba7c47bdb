"""Who a dongle and its SIM are: IMEI, ICCID, IMSI, maker, model, firmware (3GPP TS 27.007 clause 5)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dongle_cli.modem.parse.lines import plain
from dongle_cli.modem.urc import name_of


def imei(lines: Sequence[str]) -> str | None:
    """The IMEI (15 digits) or IMEISV (16) of a +CGSN, +GSN or ATI reply; a serial number may stand beside it."""
    for line in plain(lines):
        text = re.sub(r"^\s*(?:IMEI|IMEISV)\s*[:=]\s*", "", line, flags=re.IGNORECASE)
        match = re.match(r'"?(\d{15,16})"?\s*(?:$|[,;\s])', text, re.ASCII)
        if match:
            return match[1]
    return None


def esn(lines: Sequence[str]) -> str | None:
    """The ESN of a CDMA device, 8 hexadecimal digits (TIA/EIA-41)."""
    for line in plain(lines):
        pieces = re.split(r"[\s:,]+", line)
        for piece in reversed(pieces):
            bare = re.fullmatch(r"(0[xX])?([0-9A-Fa-f]{7,8})", piece)
            if bare and (bare[1] or len(bare[2]) == 8):
                return bare[2].upper().rjust(8, "0")
    return None


def meid(lines: Sequence[str]) -> str | None:
    """The MEID of a CDMA device, 14 hexadecimal digits of which the first is A to F (3GPP2 S.R0048)."""
    for line in plain(lines):
        match = re.search(r"(?<![0-9A-Fa-f])(?:0[xX])?(?:00)?([A-Fa-f][0-9A-Fa-f]{13})(?![0-9A-Fa-f])", line)
        if match:
            return match[1].upper()
    return None


def iccid(lines: Sequence[str]) -> str | None:
    """The ICCID, 18 to 20 characters from "89" on, also out of one that came nibble-swapped as in EF_ICCID."""
    for line in plain(lines):
        text = re.sub(r"^(?:[+^]?[A-Z]*CCID|SIM ID)\s*[:=]\s*", "", line, flags=re.IGNORECASE)
        raw = text.strip().strip('"').strip().upper()
        if raw.startswith("98") and len(raw) % 2 == 0:
            raw = "".join(raw[i + 1] + raw[i] for i in range(0, len(raw), 2))
        raw = raw.rstrip("F") if len(raw) - len(raw.rstrip("F")) <= 2 else raw
        if re.fullmatch(r"89[0-9A-F]{16,18}", raw):
            return raw
    return None


def imsi(lines: Sequence[str]) -> str | None:
    """The IMSI, 6 to 15 digits (TS 27.007 clause 5.6)."""
    for line in plain(lines):
        text = line.strip().strip('"').strip()
        if re.fullmatch(r"\d{6,15}", text, re.ASCII):
            return text
    return None


def text(lines: Sequence[str]) -> str | None:
    """Maker, model or firmware as the modem words it, without name and quotes; several lines are joined by a blank.

    Where some lines have no name, those with one are reports that came in between.
    """
    unnamed = [line for line in lines if line.strip() and name_of(line) is None]
    words = [line.strip().strip('"').strip() for line in plain(unnamed or lines)]
    return " ".join(word for word in words if word) or None


_INFORMATION = (
    "manufacturer", "model", "revision", "svn", "imei", "imeisv", "esn", "meid", "gcap", "hw_version", "serial_number",
    "firmware", "prl", "iccid",
)  # fmt: skip


def information(lines: Sequence[str]) -> dict[str, str]:
    """The fields of an ATI reply under their own names in lower case: manufacturer, model, revision, imei, gcap."""
    found: dict[str, str] = {}
    for line in lines:
        match = re.match(r"\s*\+?([A-Za-z][A-Za-z /]*?)\s*:\s*(.*)", line)
        name = re.sub(r"[ /]+", "_", match[1].strip().lower()) if match else ""
        if match and name in _INFORMATION and match[2].strip():
            found.setdefault(name, match[2].strip())
    return found
