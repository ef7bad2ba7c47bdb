"""The SIM: PIN state, facility locks, +CRSM and +CSIM (3GPP TS 27.007 clauses 7.4, 8.3, 8.17, 8.18)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dongle_cli.modem.at import split_fields
from dongle_cli.modem.parse.lines import after, at, number

_STATES = {"READY", "SIM PIN2", "SIM PUK2"} | {
    f"{what} {code}"
    for what in ("SIM", "PH-SIM", "PH-FSIM", "PH-NET", "PH-NETSUB", "PH-SP", "PH-CORP")
    for code in ("PIN", "PUK")
}
# How older Siemens and Cinterion firmware spells them.
_SPELLED = {"PH-NS": "PH-NETSUB", "PH-C": "PH-CORP", "PH-N": "PH-NET", "PH-S": "PH-SP"}


def pin_state(lines: Sequence[str]) -> str | None:
    """What the SIM asks for, in the standard's own words ("READY", "SIM PIN", "PH-NET PIN"); None where unclear."""
    for value in after(lines, "+CPIN", "^CPIN") or [line for line in lines if ":" not in line]:
        words = re.sub(r"\s+", " ", at(split_fields(value), 0)).strip().upper()
        words = re.sub(r"^(SIM|PH-[A-Z]+) ?(PIN|PUK) ?(2?)$", r"\1 \2\3", words)
        head, blank, tail = words.partition(" ")
        words = _SPELLED.get(head, head) + blank + tail
        if words in _STATES:
            return words
    return None


# What firmwares put in the place of a state, where the standard has a +CME ERROR (27.007 clause 9.2.1).
_TROUBLES = {
    "NOT INSERTED": 10,
    "SIM NOT INSERTED": 10,
    "SIM REMOVED": 10,
    "NOT READY": 14,
    "SIM BUSY": 14,
    "SIM FAILURE": 13,
}


def card_trouble(lines: Sequence[str]) -> tuple[str, int] | None:
    """What a +CPIN? reply says instead of a state ("NOT INSERTED"), and the +CME ERROR number that it stands for."""
    for value in after(lines, "+CPIN"):
        said = value.strip().strip('"').upper()
        if said in _TROUBLES:
            return said, _TROUBLES[said]
    return None


def facility_lock(lines: Sequence[str]) -> bool | None:
    """Whether the facility that +CLCK asked for is locked, for any class of call."""
    states = [number(at(split_fields(value), 0)) for value in after(lines, "+CLCK")]
    known = [state for state in states if state in (0, 1)]
    return any(known) if known else None


def facilities(lines: Sequence[str]) -> list[str]:
    """The facilities a modem can lock ("SC", "PN"), from its +CLCK=? reply."""
    return [name for value in after(lines, "+CLCK") for name in re.findall(r'"?\b([A-Z]{2})\b"?', value)]


def crsm(lines: Sequence[str]) -> tuple[int, int, str] | None:
    """Status words and data of a +CRSM reply: (sw1, sw2, hexadecimal digits or "")."""
    for value in after(lines, "+CRSM"):
        fields = split_fields(value)
        sw1, sw2, data = number(at(fields, 0)), number(at(fields, 1)), at(fields, 2)
        if sw1 is not None and sw2 is not None and 0 <= sw1 <= 255 and 0 <= sw2 <= 255:
            return (sw1, sw2, data.upper()) if re.fullmatch(r"[0-9A-Fa-f]*", data) else None
    return None


def csim(lines: Sequence[str]) -> tuple[str, str] | None:
    """Data and status word of a +CSIM reply as upper-case hexadecimal digits: ("0000", "63C1").

    The length field is not held against the data: firmwares count it differently.
    """
    for value in after(lines, "+CSIM"):
        match = re.fullmatch(r'(\d+)\s*,\s*("?)([0-9A-Fa-f]{4,})\2', value, re.ASCII)
        if match and len(match[3]) % 2 == 0:
            return match[3][:-4].upper(), match[3][-4:].upper()
    return None


def imsi_of_file(data: str) -> str | None:
    """The IMSI in EF_IMSI: a length, then swapped nibbles of which the first is a parity (TS 31.102 clause 4.2.2)."""
    if not re.fullmatch(r"0[1-8](?:[0-9A-Fa-f]{2}){3,8}", data):
        return None
    coded = data[2 : 2 + 2 * int(data[:2], 16)]
    digits = "".join(coded[i + 1] + coded[i] for i in range(0, len(coded), 2))[1:].rstrip("Ff")
    return digits if re.fullmatch(r"\d{6,15}", digits, re.ASCII) else None


def tries_left(sw: str) -> int | None:
    """The tries that a VERIFY status word leaves: 63Cx is x, 6983 none (ETSI TS 102 221 clause 10.2.1.5)."""
    if re.fullmatch(r"63C[0-9A-F]", sw):
        return int(sw[3], 16)
    return 0 if sw == "6983" else None
