"""The SIM card behind the modem: PIN and PUK, counters, identity files (3GPP TS 27.007 clauses 7.4, 7.5 and 8)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from dongle_cli.lab.at import Answer, AtPort, Call, Refused
from dongle_cli.lab.modem import Command, Modem
from dongle_cli.lab.simcard import PIN_TRIES, PUK_TRIES, SimCard

# Transparent files that can be read, by file identifier (ETSI TS 102 221 clause 13, 3GPP TS 31.102 clause 4.2).
_FILES: Mapping[int, Callable[[SimCard], str]] = {
    0x2FE2: SimCard.swapped_iccid,
    0x6F07: SimCard.swapped_imsi,
    0x6FAD: lambda _card: "00000002",  # EF_AD: normal operation, two digits of network code
}
_FREE = (0x2FE2,)  # readable without a PIN
_PIN = re.compile(r"[0-9]{4,8}")


def card(modem: Modem) -> SimCard:
    """The card, or the refusal that there is none."""
    if modem.sim is None:
        raise Refused(10)
    return modem.sim


def _cpin(modem: Modem, _port: AtPort, call: Call) -> Answer:
    sim = card(modem)
    if call.kind == "test":
        return []
    if call.kind == "read":
        return [f"+CPIN: {sim.state}"]
    before = sim.state
    if before == "READY":
        raise Refused(3)
    if before == "SIM PIN":
        if not _PIN.fullmatch(call.arg(0)):
            raise Refused(50)
        if not sim.verify(call.arg(0)):
            raise Refused(16)
    else:
        if not re.fullmatch(r"[0-9]{8}", call.arg(0)) or not _PIN.fullmatch(call.arg(1)):
            raise Refused(12 if len(call.args) < 2 else 50)
        if not sim.unblock(call.arg(0), call.arg(1)):
            raise Refused(16)
    modem.start_attach()
    return []


def _clck(modem: Modem, _port: AtPort, call: Call) -> Answer:
    if call.kind == "test":
        return ['+CLCK: ("SC","FD","PN","PS")']
    facility, mode = call.arg(0).upper(), call.number(1)
    if facility != "SC":
        if facility in ("FD", "PN", "PS", "PF", "PU", "PP", "PC") and mode == 2:
            return ["+CLCK: 0"]
        raise Refused(4)
    sim = card(modem)
    if mode == 2:
        return [f"+CLCK: {int(sim.pin_enabled)}"]
    if mode not in (0, 1) or not _PIN.fullmatch(call.arg(2)):
        raise Refused(50)
    _show_pin(sim, call.arg(2))
    sim.pin_enabled = bool(mode)
    return []


def _cpwd(modem: Modem, _port: AtPort, call: Call) -> Answer:
    if call.kind == "test":
        return ['+CPWD: ("SC",8),("P2",8)']
    sim = card(modem)
    if call.arg(0).upper() != "SC":
        raise Refused(4)
    if not sim.pin_enabled:
        raise Refused(3)  # a PIN can only be changed while it is asked for
    if not _PIN.fullmatch(call.arg(1)) or not _PIN.fullmatch(call.arg(2)):
        raise Refused(50)
    _show_pin(sim, call.arg(1))
    sim.pin = call.arg(2)
    return []


def _show_pin(sim: SimCard, pin: str) -> None:
    if sim.pin_tries == 0:
        raise Refused(12)
    if not sim.verify(pin):
        raise Refused(16 if sim.pin_tries else 12)


def _cpinr(modem: Modem, _port: AtPort, call: Call) -> Answer:
    sim = card(modem)
    left = {
        "SIM PIN": (sim.pin_tries, PIN_TRIES), "SIM PUK": (sim.puk_tries, PUK_TRIES),
        "SIM PIN2": (PIN_TRIES, PIN_TRIES), "SIM PUK2": (PUK_TRIES, PUK_TRIES),
    }  # fmt: skip
    wanted = call.arg(0).upper()
    if wanted and wanted not in left:
        raise Refused(50)
    return [f"+CPINR: {name},{tries},{full}" for name, (tries, full) in left.items() if wanted in ("", name)]


def _cimi(modem: Modem, _port: AtPort, call: Call) -> Answer:
    return [] if call.kind == "test" else [card(modem).imsi]


def _crsm(modem: Modem, _port: AtPort, call: Call) -> Answer:
    """Restricted SIM access: READ BINARY (176) and STATUS (242); other files are "not found" (SW 6A82)."""
    sim = card(modem)
    if call.kind == "test":
        return []
    instruction, file = call.number(0), call.number(1, 0)
    if instruction == 242:
        return ["+CRSM: 144,0"]
    if instruction not in (176, 178, 192):
        return ["+CRSM: 109,0"]
    if instruction != 176 or file not in _FILES:
        return ["+CRSM: 106,130"]
    if file not in _FREE and sim.state != "READY":
        return ["+CRSM: 105,130"]  # 6982: security status not satisfied
    content = _FILES[file](sim)[call.number(3, 0) * 2 :]
    length = call.number(4, 0) or len(content) // 2
    if length * 2 > len(content):
        return [f"+CRSM: 108,{len(content) // 2}"]
    return [f'+CRSM: 144,0,"{content[: length * 2]}"']


def _csim(modem: Modem, _port: AtPort, call: Call) -> Answer:
    """Generic SIM access: an empty VERIFY tells the tries that are left (ETSI TS 102 221 clause 11.1.9)."""
    sim = card(modem)
    if call.kind == "test":
        return []
    if len(call.args) == 1 and call.arg(0) in ("0", "1"):
        return []  # Telit: give the card back to the modem, or keep it
    apdu = call.arg(1).upper()
    if call.number(0) != len(apdu) or not re.fullmatch(r"([0-9A-F]{2}){4,}", apdu):
        raise Refused(50)
    reply = _apdu(modem, sim, apdu)
    return [f'+CSIM: {len(reply)},"{reply}"']


def _apdu(modem: Modem, sim: SimCard, apdu: str) -> str:
    instruction, p2, body = apdu[2:4], apdu[6:8], apdu[10:]
    if instruction == "20" and not body:
        tries = {"01": sim.pin_tries, "81": PIN_TRIES}.get(p2)
        return "6A88" if tries is None else f"63C{tries:X}" if tries else "6983"
    if instruction == "2C" and not body:
        tries = {"00": sim.puk_tries, "01": sim.puk_tries, "81": PUK_TRIES}.get(p2)
        return "6A88" if tries is None else f"63C{tries:X}" if tries else "6983"
    if instruction == "A4" and re.fullmatch(r"[0-9A-F]{4}", body[:4]):
        file = int(body[:4], 16)
        modem.selected_file = file if file in _FILES else None
        return "9000" if file in _FILES or file in (0x3F00, 0x7FFF, 0x7F20) else "6A82"
    if instruction == "B0":
        if modem.selected_file is None:
            return "6986"
        if modem.selected_file not in _FREE and sim.state != "READY":
            return "6982"
        content = _FILES[modem.selected_file](sim)
        length = int(apdu[8:10] or "0", 16) or len(content) // 2
        return content[: length * 2] + "9000" if length * 2 <= len(content) else f"6C{len(content) // 2:02X}"
    return "6D00"


def _cnum(modem: Modem, _port: AtPort, _call: Call) -> Answer:
    return [f'+CNUM: "","{card(modem).msisdn}",129']


COMMANDS: Mapping[str, Command] = {
    "+CPIN": Command(_cpin, "sim"),
    "+CPINR": Command(_cpinr, "sim"),
    "+CLCK": Command(_clck, "pin"),
    "+CPWD": Command(_cpwd, "pin"),
    "+CIMI": Command(_cimi, "pin"),
    "+CRSM": Command(_crsm, "sim"),
    "+CSIM": Command(_csim, "sim"),
    "+CNUM": Command(_cnum, "pin"),
}
