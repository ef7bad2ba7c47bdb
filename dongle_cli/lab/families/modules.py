"""Module families with commands of their own: Telit LE910 and SIMCom SIM7600."""

from __future__ import annotations

from dongle_cli.lab.at import Answer, AtPort, Call
from dongle_cli.lab.commands.basic import accept, answers, prints
from dongle_cli.lab.commands.contexts import auth_command
from dongle_cli.lab.commands.sim import card
from dongle_cli.lab.family import VENDOR, Family, ports
from dongle_cli.lab.modem import Command, Modem, Persona
from dongle_cli.lab.network import Context
from dongle_cli.lab.simcard import PIN_TRIES, PUK_TRIES


def _pct(modem: Modem, _port: AtPort, _call: Call) -> Answer:
    """The tries of the code that is asked for now; of the PIN where none is."""
    sim = card(modem)
    return [f"#PCT: {sim.puk_tries if sim.state == 'SIM PUK' else sim.pin_tries}"]


def _spic(modem: Modem, _port: AtPort, _call: Call) -> Answer:
    """PIN, PIN2, PUK, PUK2."""
    return [f"+SPIC: {card(modem).pin_tries},{PIN_TRIES},{card(modem).puk_tries},{PUK_TRIES}"]


def _restart(modem: Modem, _port: AtPort, _call: Call) -> Answer:
    modem.restart()
    return []


def _sim_status(_modem: Modem, _port: AtPort, call: Call) -> Answer:
    return ["#QSS: 0,1"] if call.kind == "read" else []


FAMILIES = (
    Family(
        "telit-le910",
        ports(
            0x1BC7, 0x1201, "Telit Wireless Solutions", "LE910C1-AP",
            (
                (VENDOR, "diag", False), ((0xFF, 0x42, 0x01), "inert", False), (VENDOR, "inert", True),
                ((0xFF, 0, 0), "gps", True), ((0xFF, 0, 0), "at", True), ((0xFF, 0, 0), "at", True),
            ),
        ),
        Persona(
            "Telit", "LE910C1-AP", "25.20.675",
            commands={
                "#CCID": Command(lambda modem, _port, _call: [f"#CCID: {card(modem).iccid}"], "sim"),
                "#PCT": Command(_pct, "sim"),
                "#PDPAUTH": auth_command(name="#PDPAUTH"),
                "#SWPKGV": prints(lambda modem: f"{modem.persona.revision}-P0F.662100"),
                "#CGMI": prints(lambda modem: f"#CGMI: {modem.persona.manufacturer}"),
                "#CGMM": prints(lambda modem: f"#CGMM: {modem.persona.model}"),
                "#CGSN": prints(lambda modem: f"#CGSN: {modem.imei}"),
                "#QSS": Command(_sim_status),
                "#REBOOT": Command(_restart),
                "#PORTCFG": answers("#PORTCFG: 0,0"),
                "#SIMDET": answers("#SIMDET: 2,1"),
            },
            gcap="+CGSM,+DS,+FCLASS,+MS",
            presets=(Context(1, "IPV4V6"),),
            noise=("#QSS: 1", '+CMTI: "SM",1', "+CEREG: 2"),
        ),
        serial="0123456789ABCDEF",
    ),
    Family(
        "simcom-7600",
        ports(
            0x1E0E, 0x9001, "SimTech, Incorporated", "SimTech, Incorporated",
            (
                (VENDOR, "diag", False), ((0xFF, 0, 0), "gps", True), ((0xFF, 0, 0), "at", True),
                ((0xFF, 0, 0), "at", True), ((0xFF, 0, 0), "diag", True), (VENDOR, "inert", True),
            ),
        ),
        Persona(
            "SIMCOM INCORPORATED", "SIMCOM_SIM7600JE", "SIM7600M22_V1.1",
            commands={
                "+CGAUTH": auth_command(password_first=True, kinds=3, shows="both"),
                "+SPIC": Command(_spic, "sim"),
                "+CICCID": Command(lambda modem, _port, _call: [f"+ICCID: {card(modem).iccid}"], "sim"),
                "+CRESET": Command(_restart),
                "+CNMP": answers("+CNMP: 2"),
                "+CPSI": answers("+CPSI: LTE,Online,440-10,0x54DB,259719544,299,EUTRAN-BAND1,100,5,5,-103,-951"),
                "+CUSBPIDSWITCH": Command(accept),
            },
            lacks=("+CPINR", "+CESQ"),
            presets=(Context(1, "IPV4V6", ""), Context(2, "IPV4V6", "ims"), Context(3, "IPV4V6", "sos")),
            context_tail=',"0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0",0,0,0,0',
            noise=('+CMTI: "ME",1', "+CEREG: 2", "+VOICEMAIL: WAITING"),
        ),
        serial="0123456789ABCDEF",
    ),
)  # fmt: skip
