"""Quectel EC25: no CD-ROM, four serial functions and QMI; +QICSGP keeps the credentials."""

from __future__ import annotations

from dongle_cli.lab.at import Answer, AtPort, Call, Refused
from dongle_cli.lab.commands.basic import accept, answers, prints, setting
from dongle_cli.lab.commands.contexts import auth_command, cut, defined, store_auth
from dongle_cli.lab.commands.sim import card
from dongle_cli.lab.family import VENDOR, Family, ports
from dongle_cli.lab.modem import Command, Modem, Persona
from dongle_cli.lab.network import CHAP, NONE, Context
from dongle_cli.lab.simcard import PIN_TRIES, PUK_TRIES

_TYPES = {1: "IP", 2: "IPV6", 3: "IPV4V6"}


def _qicsgp(modem: Modem, _port: AtPort, call: Call) -> Answer:
    """`=<cid>,<1 v4|2 v6|3 both>,apn,user,password,<auth>`; `=<cid>` reads, and prints the password."""
    if call.kind == "test":
        return ["+QICSGP: (1-16),(1-3),<APN>,<username>,<password>,(0-3)"]
    cid = call.number(0)
    if not 1 <= cid <= modem.persona.largest_cid:
        raise Refused(50)
    if len(call.args) == 1:
        c = defined(modem, cid)
        kind = next((number for number, name in _TYPES.items() if name == c.type), 1)
        return [f'+QICSGP: {kind},"{c.apn}","{c.user}","{c.password}",{c.auth}']
    kind, auth = call.number(1), call.number(5, 0)
    if kind not in _TYPES or auth > 3:
        raise Refused(50)
    context = modem.memory.setdefault(cid, Context(cid))
    context.type, context.apn = _TYPES[kind], cut(modem, call.arg(2))
    store_auth(modem, context, min(auth, CHAP) if auth != NONE else NONE, call.arg(3), call.arg(4))
    return []


def _qpinc(modem: Modem, _port: AtPort, call: Call) -> Answer:
    sim = card(modem)
    lines = {"SC": f'+QPINC: "SC",{sim.pin_tries},{sim.puk_tries}', "P2": f'+QPINC: "P2",{PIN_TRIES},{PUK_TRIES}'}
    if call.kind == "test":
        return ['+QPINC: ("SC","P2")']
    if call.kind == "read":
        return list(lines.values())
    if call.arg(0).upper() not in lines:
        raise Refused(50)
    return [lines[call.arg(0).upper()]]


def _qccid(modem: Modem, _port: AtPort, _call: Call) -> Answer:
    return [f"+QCCID: {card(modem).iccid.ljust(20, 'F')}"]


FAMILIES = (
    Family(
        "quectel-ec25",
        ports(
            0x2C7C, 0x0125, "Quectel", "EC25-J",
            (
                (VENDOR, "diag", False),
                ((0xFF, 0, 0), "gps", True),
                ((0xFF, 0, 0), "at", True),
                ((0xFF, 0, 0), "at", True),
                (VENDOR, "inert", True),
            ),
        ),
        Persona(
            "Quectel", "EC25", "EC25JFAR06A05M4G",
            commands={
                "+QICSGP": Command(_qicsgp),
                "+QPINC": Command(_qpinc, "sim"),
                "+QCCID": Command(_qccid, "sim"),
                "+CGAUTH": auth_command(kinds=3),
                "+QGMR": prints(lambda modem: modem.persona.revision + "_01.001.01.001"),
                "+QCFG": Command(accept),
                "+CTZU": setting("+CTZU", "(0,1,3)", "3"),
                "+QGPS": setting("+QGPS", "(1-4),(1-255),(1-1000),(0-1000),(1-65535)", "0"),
                "+QURCCFG": answers('+QURCCFG: "urcport","usbat"'),
                "+QINDCFG": Command(accept),
            },
            lacks=("+CPINR", "+CGDEL"),
            presets=(Context(1, "IPV4V6"), Context(2, "IPV4V6", "ims"), Context(3, "IPV4V6", "sos")),
            context_tail=',"0.0.0.0",0,0,0,0',
            noise=('+QIND: "csq",20,99', '+CMTI: "ME",1', "+CEREG: 2"),
        ),
    ),
)  # fmt: skip
