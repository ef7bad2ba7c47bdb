"""From the name of a command to the values in its answer, under the standard's own names: what `decode` looks up."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from dongle_cli.modem import causes, parse
from dongle_cli.modem.at import split_fields
from dongle_cli.modem.parse.lines import after, at, number, pack
from dongle_cli.secrets import redact

Values = dict[str, object]


@dataclass(frozen=True)
class Asked:
    """One command of a line ("+CGAUTH", "?", "") and the information lines that answer it."""

    name: str
    form: str  # "?", "=?", "=" or ""
    parameters: list[str]
    lines: Sequence[str]


@dataclass(frozen=True)
class Reader:
    """How one command's answer is read; `needed`: lines without a value are no answer; `words`: it takes any words."""

    read: Callable[[Asked], Values]
    needed: bool = True
    words: bool = False


def values_of(asked: Asked) -> tuple[Values, Reader | None]:
    """The values in an answer, and how they were read; no reader where the command is not known."""
    reader = READERS.get(asked.name + asked.form) or (READERS.get(asked.name) if asked.form != "=?" else None)
    if reader and reader.words:  # whatever stands there is shown, so nothing secret may stand there
        asked = replace(asked, lines=[redact(line, order="unknown") for line in asked.lines])
    return (reader.read(asked) if reader else {}), reader


def _one(key: str, parser: Callable[[Sequence[str]], object]) -> Callable[[Asked], Values]:
    return lambda asked: pack(**{key: parser(asked.lines)})


def _some(key: str, parser: Callable[[Sequence[str]], Sequence[object]]) -> Callable[[Asked], Values]:
    """Lists are there only where the modem said something: an empty one would look like an answer."""
    return lambda asked: {key: found} if (found := parser(asked.lines)) else {}


def _imei(asked: Asked) -> Values:
    if at(asked.parameters, 0) in ("0", "3"):  # <snt>: serial number, software version
        return pack(**{"serial" if asked.parameters[0] == "0" else "svn": parse.text(asked.lines)})
    found = parse.imei(asked.lines)
    if found:
        return {"imeisv" if len(found) == 16 else "imei": found}
    if asked.name != "+GSN":
        return {}
    return pack(esn=parse.esn(asked.lines), meid=parse.meid(asked.lines))  # a CDMA device: TIA IS-707 has +GSN alone


def _information(asked: Asked) -> Values:
    found: Values = dict(parse.information(asked.lines))
    return found or pack(text=parse.text(asked.lines))


def _lock(asked: Asked) -> Values:
    if trouble := parse.card_trouble(asked.lines):
        said, cause = trouble
        return {"sim": said, "cause": cause} | pack(meaning=causes.cme_meaning(cause))
    return pack(lock=parse.pin_state(asked.lines))


def _counters(asked: Asked) -> Values:
    code = at(asked.parameters, 0).upper() or None
    left = number(at(after(asked.lines, asked.name), 0))
    if code in ("SC", "P2") and left is not None and left <= 3:  # more than three is a PUK's counter
        code = "SIM PIN" if code == "SC" else "SIM PIN2"
    found = parse.pin_retries(asked.name, asked.lines, code)
    # A number for "the code that is asked for now" has no name of its own.
    return pack(pin_retries=found, tries=None if found else left)


def _huawei_pin(asked: Asked) -> Values:
    return _lock(asked) | _counters(asked)


def _facility(asked: Asked) -> Values:
    locked = parse.facility_lock(asked.lines)
    return {} if locked is None else pack(facility=at(asked.parameters, 0).upper() or None, locked=locked)


def registration_values(found: parse.Registration) -> Values:
    """One registration line as values; `meaning` explains a reject cause that the network gave."""
    meaning = causes.network_cause(found.reject_cause) if found.reject_cause and found.cause_type in (0, None) else None
    values = {name: getattr(found, name) for name in _REGISTRATION}
    return {"domain": found.domain, "urc": found.urc} | pack(**values, meaning=meaning)


_REGISTRATION = (
    "n", "stat", "act", "lac", "tac", "ci", "rac", "cause_type",
    "reject_cause", "csg_stat", "csg_info", "active_time", "periodic_time", "ready_timer", "nssai",
)  # fmt: skip


def _registration(asked: Asked) -> Values:
    found = [registration_values(one) for one in parse.registration(asked.lines)]
    if not found:
        return {}
    return found[0] | ({"registrations": found} if len(found) > 1 else {})


def _contexts(asked: Asked) -> Values:
    found = parse.contexts(asked.lines)
    return {"contexts": [{"cid": one.cid, "type": one.type, "apn": one.apn} for one in found]} if found else {}


def _ranges(asked: Asked) -> Values:
    found = parse.context_ranges(asked.lines)
    return {"ranges": [{"min_cid": low, "max_cid": high, "type": kind} for low, high, kind in found]} if found else {}


def _active(asked: Asked) -> Values:
    found = parse.active_cids(asked.lines)
    return {"contexts": [{"cid": cid, "active": active} for cid, active in found.items()]} if found else {}


def _addresses(asked: Asked) -> Values:
    found = parse.addresses(asked.lines)
    return {"contexts": [{"cid": cid, "addresses": given} for cid, given in found.items()]} if found else {}


def _dynamic(asked: Asked) -> Values:
    found = [pack(**vars(one)) for one in parse.dynamic(asked.lines)]
    return {"contexts": found} if found else {}


# Who prints the password first; the standard puts the user first. "unknown": firmwares of one family differ.
_ORDERS: dict[str, parse.Order] = {"$QCPDPP": "password-user", "^SGAUTH": "password-user", "^AUTHDATA": "unknown"}


def _auth(asked: Asked) -> Values:
    order = _ORDERS.get(asked.name, "user-password")
    cid = number(at(asked.parameters, 0)) if asked.form == "=" else None
    found = []
    for one in parse.context_auth(asked.name, asked.lines, order, cid or 0):
        known = pack(cid=one.cid or None, auth=one.type, user=one.user)
        found.append(known | ({"password_shown": True} if one.password_shown else {"password_shown": False}))
    if asked.name == "+QICSGP" and found:
        for entry, value in zip(found, after(asked.lines, "+QICSGP"), strict=False):
            fields = split_fields(value)
            fields = fields[1:] if len(fields) >= 6 else fields
            kind = {1: "IP", 2: "IPV6", 3: "IPV4V6"}.get(number(at(fields, 0)) or 0)
            entry |= pack(type=kind, apn=at(fields, 1))
    if not found:
        return {}
    return {"contexts": found} | ({"password_shown": True} if any(one["password_shown"] for one in found) else {})


def _tidy(value: float | None) -> float | int | None:
    return int(value) if value is not None and value == int(value) else value


def _signal(asked: Asked) -> Values:
    found = parse.signal(asked.name, asked.lines)
    if found is None:
        return {}
    raw = split_fields(at(after(asked.lines, asked.name), 0))
    names = {
        "+CSQ": ("rssi", "ber"),
        "+CESQ": ("rxlev", "ber", "rscp", "ecn0", "rsrq", "rsrp"),
        "^HCSQ": ("system", "value1", "value2", "value3", "value4", "value5"),
        "+QCSQ": ("system", "value1", "value2", "value3", "value4"),
        "+XCESQ": ("n", "rxlev", "ber", "rscp", "ecn0", "rsrq", "rsrp", "rssnr"),
        "^SMONI": ("system",),
        "+QENG": ("-", "state", "system"),
    }[asked.name]
    sent = {
        name: value if name in ("system", "state") else number(value) for name, value in zip(names, raw, strict=False)
    }
    return pack(**sent) | pack(**{name: _tidy(value) for name, value in vars(found).items()})


def _crsm(asked: Asked) -> Values:
    found = parse.crsm(asked.lines)
    if found is None:
        return {}
    sw1, sw2, data = found
    sw = f"{sw1:02X}{sw2:02X}"
    values = {"sw": sw, "sw1": sw1, "sw2": sw2} | pack(data=data or None, meaning=_unusual(sw))
    # READ BINARY of EF_ICCID, file 2FE2 (ETSI TS 102 221 clause 13.2), and of EF_IMSI, 6F07 (TS 31.102 clause 4.2.2)
    if asked.parameters[:2] == ["176", "12258"]:
        values |= pack(iccid=parse.iccid([data]))
    elif asked.parameters[:2] == ["176", "28423"]:
        values |= pack(imsi=parse.imsi_of_file(data))
    return values


def _unusual(sw: str) -> str | None:
    """What a status word means, where it is not simply success."""
    return None if sw == "9000" else causes.sw_meaning(sw)


def _csim(asked: Asked) -> Values:
    found = parse.csim(asked.lines)
    if found is None:
        return {}
    data, sw = found
    left = parse.tries_left(sw)
    apdu = at(asked.parameters, 1).upper()
    which = {"01": "SIM PIN", "81": "SIM PIN2"}.get(apdu[6:8], "SIM PIN" if not apdu else None)
    counters = {which: left} if which and left is not None and apdu[2:4] in ("20", "") else None
    return pack(sw=sw, data=data or None, tries=left, pin_retries=counters, meaning=_unusual(sw))


def _scan(asked: Asked) -> Values:
    found = parse.operators(asked.lines)
    return {"operators": [pack(**vars(one)) for one in found]} if found else {}


def _packet_event(asked: Asked) -> Values:
    found: list[Values] = [
        pack(event=one.event, cid=one.cid) | {"parameters": list(one.parameters)}
        for one in parse.packet_events(asked.lines)
    ]
    return found[0] | ({"events": found} if len(found) > 1 else {}) if found else {}


def _clock(asked: Asked) -> Values:
    time = parse.clock(asked.lines)
    return pack(time=time.isoformat()) if time else {}


def _simple(asked: Asked) -> Values:
    return parse.simple(asked.name, asked.lines)


def _operator(asked: Asked) -> Values:
    found = parse.operator(asked.lines)
    return pack(mode=found.mode, format=found.format, operator=found.name, act=found.act) if found else {}


def _ceer(asked: Asked) -> Values:
    text, session = parse.ceer(asked.lines)
    if session is not None:
        return {"text": text} | pack(cause=session, meaning=causes.network_cause(session, session=True))
    cause = parse.mobility_cause(text) or causes.network_number(re.sub(r"^E?[SM]MM?_CAUSE_", "", text))
    return {"text": text} | pack(cause=cause, meaning=causes.network_cause(cause) if cause else None)


def _ports(asked: Asked) -> Values:
    return {"ports": [vars(port) for port in parse.port_modes(asked.lines)]}


def _radio(asked: Asked) -> Values:
    if asked.form == "=?":
        options = parse.radio_options(asked.lines)
        if options is None:
            return {}
        modes = [pack(code=mode.code, allowed=list(mode.allowed), preferred=mode.preferred) for mode in options.modes]
        return {"modes": modes, "bands": options.bands, "lte_bands": options.lte_bands}
    setting = parse.radio_setting(asked.lines)
    return pack(**vars(setting)) if setting else {}


_MAKER = Reader(_one("manufacturer", parse.text), words=True)
_MODEL = Reader(_one("model", parse.text), words=True)
_FIRMWARE = Reader(_one("firmware", parse.text), words=True)
_IMEI = Reader(_imei, words=True)
_ICCID = Reader(_one("iccid", parse.iccid))
_IMSI = Reader(_one("imsi", parse.imsi))
_INFORMATION = Reader(_information, words=True)
_COUNTERS = Reader(_counters)
_AUTH = Reader(_auth, needed=False)
_REGISTERED = Reader(_registration)
_STRENGTH = Reader(_signal)

# "+NAME" reads every form of the command but the test form; "+NAME=?" and others with a form read that one.
READERS: dict[str, Reader] = {
    **dict.fromkeys(("+CGMI", "+GMI"), _MAKER),
    **dict.fromkeys(("+CGMM", "+GMM", "#CGMM"), _MODEL),
    **dict.fromkeys(("+CGMR", "+GMR", "#CGMR", "+QGMR", "#SWPKGV"), _FIRMWARE),
    **dict.fromkeys(("+CGSN", "+GSN", "#CGSN"), _IMEI),
    **dict.fromkeys(("+CIMI", "#CIMI"), _IMSI),
    **dict.fromkeys(
        ("+CCID", "#CCID", "+ICCID", "^ICCID", "+QCCID", "!ICCID", "^SCID", "+ZGETICCID", "+ZICCID", "ICCID"), _ICCID
    ),
    **dict.fromkeys(("I", "I0", "I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I9"), _INFORMATION),
    "+CPIN": Reader(_lock),
    "^CPIN": Reader(_huawei_pin),
    **dict.fromkeys(
        (
            "+CPINR", "+QPINC", "+ZPINPUK", "#PCT", "+SPIC", "+CPINC", "+XPINCNT", "+UPINCNT", "*EPIN", "%PINNUM",
            "_OERCN", "$NWPINR", "+CPNNUM", "+PNNM", "^SPIC", "+EPINC",
        ),
        _COUNTERS,
    ),
    "+ZPINPUK=?": _COUNTERS,  # ZTE answers the test form with the counters
    "+CLCK": Reader(_facility),
    "+CLCK=?": Reader(_some("facilities", parse.facilities)),
    **dict.fromkeys(("+CREG", "+CGREG", "+CEREG", "+C5GREG"), _REGISTERED),
    "+CGDCONT": Reader(_contexts, needed=False),
    "+CGDCONT=?": Reader(_ranges),
    "+CGACT": Reader(_active, needed=False),
    "+CGPADDR": Reader(_addresses, needed=False),
    "+CGCONTRDP": Reader(_dynamic, needed=False),
    **dict.fromkeys(
        (
            "+CGAUTH", "^AUTHDATA", "+QICSGP", "$QCPDPP", "#PDPAUTH", "^SGAUTH", "%IPDPCFG", "+UAUTHREQ", "+XGAUTH",
            "+MGAUTH", "*EIAAUW",
        ),
        _AUTH,
    ),
    **dict.fromkeys(("+CSQ", "+CESQ", "^HCSQ", "+QCSQ", "+XCESQ", "^SMONI", "+QENG"), _STRENGTH),
    **dict.fromkeys(parse.LAYOUTS, Reader(_simple, needed=False, words=True)),
    "+COPS=?": Reader(_scan),
    "+CGEV": Reader(_packet_event),
    **dict.fromkeys(("+CCLK", "^NWTIME", "^TIME", "+QLTS"), Reader(_clock)),
    "+CFUN": Reader(_one("functionality", parse.functionality)),
    "+CFUN=?": Reader(_some("functionality_levels", parse.functionality_levels)),
    "+CGATT": Reader(_one("attached", parse.attached)),
    "+COPS": Reader(_operator),
    "+CRSM": Reader(_crsm),
    "+CSIM": Reader(_csim),
    "+CEER": Reader(_ceer, needed=False, words=True),
    "^GETPORTMODE": Reader(_ports),
    **dict.fromkeys(("^SYSCFGEX", "^SYSCFGEX=?"), Reader(_radio)),
    "+CNUM": Reader(_some("numbers", parse.own_numbers), needed=False),
}  # fmt: skip
