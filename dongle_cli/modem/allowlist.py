"""Which AT commands only read, and which are never sent whatever anybody asks."""

from __future__ import annotations

import re

# Action commands without parameters that answer and change nothing.
# fmt: off
_ACTIONS = frozenset((
    "!GSTATUS", "!ICCID", "#CCID", "#CGMM", "#CGMR", "#CGSN", "#CIMI", "#PCT", "#RFSTS", "#SWPKGV", "&V", "+CCID",
    "+CEER", "+CESQ", "+CGCONTRDP", "+CGEQOSRDP", "+CGMI", "+CGMM", "+CGMR", "+CGPADDR", "+CGSCONTRDP", "+CGSN",
    "+CGTFTRDP", "+CICCID", "+CIMI", "+CIND", "+CLAC", "+CNUM", "+CPAS", "+CPINR", "+CPNNUM", "+CPOS", "+CSQ",
    "+EPINC", "+GCAP", "+GMI", "+GMM", "+GMR", "+GSN", "+ICCID", "+QCCID", "+QCSQ", "+QGMR", "+QNWINFO", "+SPIC",
    "+UPINCNT", "+XPINCNT", "+ZGETICCID", "I", "I0", "I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I9", "\\S",
    "^CHIPTEMP", "^FHVER", "^GETPORTMODE", "^SCID", "^SMONI", "^SYSINFO", "^SYSINFOEX", "^VERSION",
))
# fmt: on
# Commands with parameters that read all the same: name and what the parameters may be.
_READINGS = {
    "+CGSN": r"[0-3]",
    "+CPINR": r'"?SIM (PIN|PUK)2?"?|"?[A-Z0-9 -]+"?',
    "+CLCK": r'"[A-Z]{2}"\s*,\s*2(\s*,\s*,?\s*\d*)?',
    "+CGPADDR": r"\d+(\s*,\s*\d+)*",
    "+CGCONTRDP": r"\d*",
    "+CGAUTH": r"(?!)",
    "+QICSGP": r"\d+",
    "+QPINC": r'"(SC|P2)"',
    "^SPIC": r'"?[A-Z0-9]{2}"?',
    "+QENG": r'"(servingcell|neighbourcell)"',
    "+QCFG": r'"[A-Za-z0-9_/]+"',
    "+CRSM": r"(176|178|192|242)(\s*,.*)?",  # READ BINARY, READ RECORD, GET RESPONSE, STATUS (clause 8.18)
    "^VERSION": r'"?\w*"?',
}
# Never sent: they write an IMEI, a factory lock or the memory that holds them, or lead where only the factory gets out.
# fmt: off
_FORBIDDEN_NAMES = (
    r"\+EGMR", r"\+SIMEI", r"\+WIMEI", r"\+KIMEI", r"\+SPIMEI", r"\+MODIMEI", r"\+ZIMEI", r"\+GTSN=(?!0|\?)",
    r"\+LCTSN=(?!0|\?)", r"\$QCIMEI", r"\*MRD", r"\+IMEI=", "#IMEI", "%IMEI",
    r"\^IMEISET", r"\^CIMEI", "!NVIMEI", "!NVENCRYPTIMEI", r"\+CGSN=(?!\?|[0-3](?:;|$))", r"\+GSN=(?!\?|[0-3](?:;|$))",
    r"\^NVWR", r"\^NVRST", r"\^NVBACKUP", r"\^NVRESTORE", "!NVPLMN", "!NVW", r"\+NVWRITE", r"\+QNVW", r"\+QNVFW",
    r"\+ZNVWR", r"\$QCNVW", r"\$NV", r"\^INFORBU", r"\^PHYNUM=", r"\^SIMLOCK=", r"\^CARDLOCK=", r"\^CARDUNLOCK",
    r"\^DATALOCK=", r"\^NLOCK", r"\^SECUBOOT", r"\*EPERSO", r"\*ESIMLOCK", "#SIMLOCK", "%SIMLOCK", r"\+ESMLCK=",
    r"\+ESIMLOCK", r"\+ESLBLOB", r"\+XLCK", r"\+XSIMLOCK", r'\+ZCDRUN="?E',
)
# fmt: on
_FORBIDDEN = re.compile("|".join(_FORBIDDEN_NAMES))
_FACTORY_LOCKS = re.compile(r'\+CLCK="?(PF|PN|PU|PP|PC)"?,(?!2\b)|\+CPWD="?(PF|PN|PU|PP|PC)"?,')


def reading(command: str) -> bool:
    """Whether every command of the line only reads: test and read forms, and actions that answer without an effect."""
    body = re.sub(r"^\s*AT", "", command, flags=re.IGNORECASE)
    parts = [part.strip() for part in re.findall(r'(?:[^;"]|"[^"]*"?)+', body)]
    if forbidden(command) or not command.isascii() or re.search(r"[\x00-\x1f\x7f]", command):
        return False
    if not body.strip():  # AT alone is answered, and does nothing (V.250 clause 5.2.1)
        return True
    return bool(parts) and all(_reads(part) for part in parts)


def _reads(part: str) -> bool:
    if re.fullmatch(r"[+^*$#%!_][A-Za-z][A-Za-z0-9_]*\s*=?\s*\?", part):
        return True
    if part.upper() in _ACTIONS:
        return True
    match = re.fullmatch(r"([+^*$#%!_][A-Za-z][A-Za-z0-9_]*)\s*=\s*(.*)", part)
    pattern = _READINGS.get(match[1].upper()) if match else None
    return bool(match and pattern and re.fullmatch(pattern, match[2].strip(), re.IGNORECASE))


def forbidden(command: str) -> bool:
    """Whether any command of the line writes an IMEI, a factory lock or factory memory, however it is spelled."""
    squeezed = re.sub(r"\s", "", command).upper()
    return bool(_FORBIDDEN.search(squeezed) or _FACTORY_LOCKS.search(squeezed))
