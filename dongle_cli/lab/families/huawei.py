"""Huawei sticks with AT ports: CD-ROM first, ^-commands, and credentials in ^AUTHDATA."""

from __future__ import annotations

from dongle_cli.lab.at import Answer, AtPort, Call
from dongle_cli.lab.commands.basic import accept, answers, prints
from dongle_cli.lab.commands.contexts import auth_command
from dongle_cli.lab.commands.sim import card
from dongle_cli.lab.family import HUAWEI_ALTERNATIVE, HUAWEI_NEW, STORAGE, Family, Switching, cd_rom, ports
from dongle_cli.lab.modem import Command, Modem, Persona
from dongle_cli.lab.network import Context
from dongle_cli.lab.simcard import PIN_TRIES, PUK_TRIES

_MODEM, _PCUI, _DIAG, _NCM = (0xFF, 0x02, 0x01), (0xFF, 0x02, 0x02), (0xFF, 0x02, 0x03), (0xFF, 0x02, 0x16)


def _cpin(modem: Modem, _port: AtPort, _call: Call) -> Answer:
    """`state,,puk,pin,puk2,pin2`; while a code is asked for, the tries it has left stand in the second place."""
    sim = card(modem)
    left = {"SIM PIN": str(sim.pin_tries), "SIM PUK": str(sim.puk_tries)}.get(sim.state, "")
    return [f"^CPIN: {sim.state},{left},{sim.puk_tries},{sim.pin_tries},{PUK_TRIES},{PIN_TRIES}"]


def _curc(_modem: Modem, port: AtPort, call: Call) -> Answer:
    if call.kind == "read":
        return [f"^CURC: {int(port.unsolicited)}"]
    if call.kind == "set":
        port.unsolicited = call.number(0) != 0
    return []


def _restart(modem: Modem, _port: AtPort, _call: Call) -> Answer:
    modem.restart()
    return []


def _iccid(modem: Modem, _port: AtPort, _call: Call) -> Answer:
    return [f"^ICCID: {card(modem).iccid.ljust(20, 'F')}"]


_COMMON = {
    "^CPIN": Command(_cpin, "sim"),
    "^ICCID": Command(_iccid, "sim"),
    "^CURC": Command(_curc),
    "^RESET": Command(_restart),
    "^CARDLOCK": answers("^CARDLOCK: 2,0,0"),
    "^SYSCFG": answers("^SYSCFG: 2,0,3FFFFFFF,1,2"),
    "^CARDMODE": answers("^CARDMODE: 2"),
    "^RFSWITCH": answers("^RFSWITCH: 1,1"),
    "^DSFLOWRPT": Command(accept),
    "^NDISDUP": Command(accept),
    "^U2DIAG": answers("^U2DIAG: 0"),
    "^VERSION": prints(lambda modem: f"^VERSION:EXTS:{modem.persona.revision}"),
    "^AUTHDATA": auth_command(password_first=True, plmn=True, name="^AUTHDATA", shows="user"),
}
_SYSINFO = answers("^SYSINFO:2,3,0,5,1,,3")


FAMILIES = (
    Family(
        "huawei-e3372",
        ports(
            0x12D1, 0x1506, "HUAWEI_MOBILE", "HUAWEI_MOBILE",
            (
                (_MODEM, "at", True), (_PCUI, "at", False), (_DIAG, "diag", False), (_NCM, "inert", True),
                (STORAGE, "card", False),
            ),
        ),
        Persona(
            "huawei", "E3372", "22.200.09.01.161",
            commands={
                **_COMMON,
                "^HCSQ": answers('^HCSQ: "LTE",41,38,111,24'),
                "^SYSINFOEX": answers('^SYSINFOEX:2,3,0,1,,6,"LTE",101,"LTE"'),
                "^SYSCFGEX": answers('^SYSCFGEX: "00",3FFFFFFF,1,2,7FFFFFFFFFFFFFFF'),
                "^GETPORTMODE": answers("^GETPORTMODE: TYPE: WCDMA: huawei,MDM:0,PCUI:1,DIAG:2,NDIS:3,SD:4"),
                "^SETPORT": answers("^SETPORT: A1,A2;10,12,13,16,A2"),
            },
            lacks=("+CGAUTH", "+CPINR", "+CESQ", "+CGDEL"),
            presets=(Context(1),),
            context_tail=',"0.0.0.0",0,0,0,0',
            noise=("^RSSI:20", '^HCSQ:"LTE",41,38,111,24', "^CERSSI:0,0,0,0,255,0,-86,-10,-60,-45"),
            chatter="^RSSI:20",
        ),
        cd_rom(0x12D1, 0x14FE, "HUAWEI_MOBILE", "HUAWEI_MOBILE"),
        Switching(messages=(HUAWEI_NEW, HUAWEI_ALTERNATIVE)),
    ),
    Family(
        "huawei-ms2131",
        ports(
            0x12D1, 0x1506, "HUAWEI", "HUAWEI Mobile",
            ((_MODEM, "at", True), (_NCM, "inert", True), (_PCUI, "at", False), (STORAGE, "card", False)),
        ),
        Persona(
            "huawei", "MS2131i-8", "21.180.11.00.00", "3g",
            commands={
                **_COMMON,
                "^SYSINFO": _SYSINFO,
                "^GETPORTMODE": answers("^GETPORTMODE: TYPE: WCDMA: huawei,MDM:0,NDIS:1,PCUI:2,SD:3"),
            },
            lacks=("+CGAUTH", "+CPINR", "+CESQ", "+CEREG", "+CGDEL", "+CGCONTRDP", "^ICCID"),
            presets=(Context(1),),
            unknown="COMMAND NOT SUPPORT",
            noise=("^RSSI:20", "^BOOT:20000001,0,0,0,75", "^DSFLOWRPT:00000012,00000000,00000000"),
            chatter="^RSSI:20",
        ),
        cd_rom(0x12D1, 0x14FE, "HUAWEI", "HUAWEI Mobile"),
        Switching(messages=(HUAWEI_NEW,)),
    ),
    Family(
        "emobile-d02hw",
        ports(0x12D1, 0x1003, "HUAWEI Technologies", "HUAWEI Mobile",
              ((((0xFF, 0xFF, 0xFF)), "at", True), ((0xFF, 0xFF, 0xFF), "at", False))),
        Persona(
            "huawei", "D02HW", "11.313.02.00.42", "3g",
            commands={**_COMMON, "^SYSINFO": _SYSINFO},
            lacks=("+CGAUTH", "+CPINR", "+CESQ", "+CEREG", "+CGDEL", "+CGCONTRDP", "^ICCID"),
            presets=(Context(1),),
            unknown="COMMAND NOT SUPPORT",
            noise=("^RSSI:20", "^BOOT:20000001,0,0,0,75"),
            chatter="^RSSI:20",
        ),
        cd_rom(0x12D1, 0x1003, "HUAWEI Technologies", "HUAWEI Mobile"),
        Switching(requests=((0x00, 3, 1),)),  # SET_FEATURE, remote wakeup: never meant for that
    ),
)  # fmt: skip
