"""Unsolicited result codes: which lines nobody asked for (3GPP TS 27.007 and 27.005, and what vendors add)."""

from __future__ import annotations

import re
from collections.abc import Sequence

REGISTRATION = ("+CREG", "+CGREG", "+CEREG", "+C5GREG")

# Lines with a name and a colon. A name that the command itself asks for is an answer, not one of these.
# fmt: off
_NAMED = frozenset((
    "!SCACT", "#CEEV", "#PSNT", "#QSS", "#STN", "$NWNDISSTAT", "%IPDPACT", "%NOTIFYEV", "%NWSTATE", "%STATCM",
    "*E2NAP", "*E2REG", "*ECAV", "*EMRDY", "*EMWI", "*ERINFO", "*ESTKSMENU", "*PSUTTZ", "*STKI", "+C5GREG", "+CALV",
    "+CBM", "+CBMI", "+CCWA", "+CDIP", "+CDS", "+CDSI", "+CEREG", "+CESQ", "+CFUN", "+CGEV", "+CGNSS", "+CGREG",
    "+CIEV", "+CIND", "+CIREPH", "+CIREPI", "+CLIP", "+CMT", "+CMTI", "+CNEM1", "+CNEMIU", "+COLP", "+CPIN", "+CPSI",
    "+CREG", "+CRING", "+CSCON", "+CSIMINIT", "+CSQ", "+CSSI", "+CSSU", "+CTZDST", "+CTZE", "+CTZEU", "+CTZR",
    "+CTZV", "+CUSATP", "+CUSD", "+DSFLOWRPT", "+EUSIM", "+GTEV", "+MIPCALL", "+MSTK", "+NITZ", "+PSUTTZ", "+QIND",
    "+QIURC", "+QNETDEVSTATUS", "+QNTP", "+QPING", "+QSIMSTAT", "+QUSIM", "+SIM", "+SIMCARD", "+STIN", "+UCALLSTAT",
    "+WIND", "+XCALLSTAT", "+XCELLINFO", "+XCIEV", "+XLEMA", "+XREG", "+XSIM", "+ZDONR", "+ZEND", "+ZMSRI", "+ZMTRI",
    "+ZPASR", "+ZPSTM", "+ZURDY", "+ZUSIMR", "^ACTIVEBAND", "^ANLEVEL", "^BOOT", "^CEND", "^CONF", "^CONN", "^CPIN",
    "^CRSSI", "^CSNR", "^DCONNSTAT", "^DDTMF", "^DEND", "^DSFLOWRPT", "^EARST", "^EONS", "^HCSQ", "^HRSSILVL",
    "^LCCDATA", "^LTERSRP", "^MODE", "^NDISEND", "^NDISSTAT", "^NWTIME", "^ORIG", "^PDPREL", "^RESET", "^RFSWITCH",
    "^RSSI", "^RSSILVL", "^SBC", "^SCKS", "^SIMREFRESH", "^SIMST", "^SIND", "^SISR", "^SISW", "^SLCC", "^SMMEMFULL",
    "^SRVST", "^STIN", "^SYSSTART", "^THERM", "^WAKEUPIN", "_OSIGC", "_OSIGQ", "_OSSYS", "_OUWCTI", "_OWCTI",
))
# fmt: on
_UBLOX = re.compile(r"\+UU[A-Z0-9]+\s*:")
# Lines that stand alone.
# fmt: off
_BARE = frozenset((
    "*ATREADY", "+CRING", "+PACSP0", "+PACSP1", "+SIM READY", "APP RDY", "CALL READY", "ISIMAID", "MODEM:STARTUP",
    "NORMAL POWER DOWN", "PB DONE", "POWERED DOWN", "RDY", "RING", "RRCSTATE", "SMS DONE", "SMS READY", "START",
    "VOLTE READY", "^EARST", "^RESUME", "^SYSLOADING", "^SYSSTART",
))
# fmt: on
_TWO_LINES = ("+CMT", "+CDS", "+CBM")  # a header, then the message: TS 27.005 clause 3.4.1
_NAME = re.compile(r"([+^*$#%!_][A-Z0-9_]+)\s*:", re.IGNORECASE)


def name_of(line: str) -> str | None:
    """The name before the colon of an information line or unsolicited result code ("+CREG"), upper case."""
    match = _NAME.match(line.strip())
    return match[1].upper() if match else None


def is_unsolicited(line: str) -> bool:
    """Whether modems send such a line without being asked."""
    name = name_of(line)
    return name in _NAMED if name else line.strip().upper() in _BARE


def sort(asked: Sequence[str], lines: Sequence[str]) -> tuple[list[str], list[str]]:
    """`lines` as (answer, unsolicited) for the commands `asked` ("+CREG?", "+CSQ"), order kept."""
    own = {name.rstrip("=?") for name in asked}
    answer: list[str] = []
    unsolicited: list[str] = []
    follows = False
    for line in lines:
        name = name_of(line)
        if follows and name is None:
            unsolicited.append(line)
            follows = False
            continue
        follows = False
        if name in REGISTRATION and name in own:
            (answer if (name + "?" in asked and is_answer(line)) or name + "=?" in asked else unsolicited).append(line)
        elif name not in own and (is_unsolicited(line) or _UBLOX.match(line)):
            unsolicited.append(line)
            follows = name in _TWO_LINES
        else:
            answer.append(line)
    return answer, unsolicited


def is_answer(line: str) -> bool:
    """Whether a registration line answers a read command (`<n>,<stat>…`) and is not a report (`<stat>[,<lac>,<ci>…`).

    The prefix is the same (TS 27.007 clauses 7.2, 10.1.20, 10.1.22, 10.1.47), so the shape of the fields decides:
    area and cell codes are hexadecimal strings that come in pairs, an area code has at most four digits (six in 5G),
    an access technology is a small decimal number.
    """
    fields = [part.strip() for part in line.partition(":")[2].split(",")]
    if len(fields) < 2 or not _small(fields[0], 7) or not _small(fields[1], 11):
        return False
    if len(fields) == 2 or fields[2].startswith('"') or not _report(fields):
        return True  # in a report the area code would stand where a bare small number does
    area = re.sub("^0x", "", fields[2], flags=re.IGNORECASE)
    if len(area) > (6 if name_of(line) == "+C5GREG" else 4):
        return False
    # A zero-padded second field is an area code, unless this modem pads every number.
    return len(fields[1]) < 3 or len(fields[0]) > 2


def _small(value: str, largest: int) -> bool:
    return bool(re.fullmatch(r"0*[0-9]{1,2}", value)) and int(value) <= largest


def _report(fields: list[str]) -> bool:
    """Whether the fields make sense as `<stat>,<lac>,<ci>[,<AcT>…]`, or with <rac> before <ci> as Release 8 has it."""
    if not re.fullmatch(r"(0[xX])?[0-9A-Fa-f]+", fields[2]):
        return False
    return len(fields) == 3 or fields[3] == "" or _small(fields[3], 15) or (len(fields) > 4 and _small(fields[4], 15))
