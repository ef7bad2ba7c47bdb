"""Settings of the port, and who the modem is (ITU-T V.250; 3GPP TS 27.007 clauses 5, 8.2 and 9.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dongle_cli.lab.at import CONNECT_FAILED, Answer, AtPort, Call, Later, Refused
from dongle_cli.lab.modem import Command, Modem


def accept(_modem: Modem, _port: AtPort, _call: Call) -> Answer:
    """A setting that changes nothing here."""
    return []


def answers(*lines: str) -> Command:
    """A command whose answer is always the same."""
    return Command(lambda _modem, _port, _call: list(lines))


def setting(name: str, ranges: str, value: str, written: str = "") -> Command:
    """A setting that changes nothing here, but tells its ranges and its value as every modem does.

    ModemManager 1.20 crashes in its Quectel plugin where the test of +CTZU is answered with a bare OK.
    """
    lines = {"test": [f"{name}: {ranges}"], "read": [f"{name}: {value}"], "set": [written] if written else []}
    return Command(lambda _modem, _port, call: lines.get(call.kind, []))


def prints(text: Callable[[Modem], str]) -> Command:
    """A command whose one line depends on the modem alone."""
    return Command(lambda modem, _port, _call: [text(modem)])


def _echo(_modem: Modem, port: AtPort, call: Call) -> Answer:
    port.echo = call.arg(0) == "1"
    return []


def _verbose(_modem: Modem, port: AtPort, call: Call) -> Answer:
    port.verbose = call.arg(0) == "1"
    return []


def _quiet(_modem: Modem, port: AtPort, call: Call) -> Answer:
    port.quiet = call.arg(0) == "1"
    return []


def _reset(_modem: Modem, port: AtPort, _call: Call) -> Answer:
    port.reset()
    return []


def _s_register(_modem: Modem, _port: AtPort, call: Call) -> Answer:
    defaults = {"S3": "013", "S4": "010", "S5": "008", "S0": "000", "S7": "060"}
    return [defaults.get(call.name, "000")] if call.kind == "read" else []


def _cmee(_modem: Modem, port: AtPort, call: Call) -> Answer:
    if call.kind == "test":
        return ["+CMEE: (0-2)"]
    if call.kind == "read":
        return [f"+CMEE: {port.cmee}"]
    level = call.number(0, 0)
    if level > 2:
        raise Refused(50)
    port.cmee = level
    return []


def _cscs(_modem: Modem, port: AtPort, call: Call) -> Answer:
    if call.kind == "test":
        return ['+CSCS: ("IRA","GSM")']
    if call.kind == "read":
        return [f'+CSCS: "{port.charset}"']
    if call.arg(0).upper() not in ("IRA", "GSM"):
        raise Refused(50)
    port.charset = call.arg(0).upper()
    return []


def _serial_number(modem: Modem, _port: AtPort, call: Call) -> Answer:
    """+CGSN: bare IMEI; =1 the IMEI with prefix, =2 the IMEISV (3GPP TS 27.007 clause 5.4)."""
    if call.kind == "test":
        return ["+CGSN: (0-3)"]
    kind = call.number(0, 0) if call.kind == "set" else 0
    if kind == 1:
        return [f'+CGSN: "{modem.imei}"']
    if kind == 2:
        return [f'+CGSN: "{modem.imei[:14]}01"']
    if kind == 3:
        return ['+CGSN: "01"']
    return [modem.imei]


def _identify(modem: Modem, _port: AtPort, _call: Call) -> Answer:
    persona = modem.persona
    return [
        f"Manufacturer: {persona.manufacturer}", f"Model: {persona.model}", f"Revision: {persona.revision}",
        f"IMEI: {modem.imei}", f"+GCAP: {persona.gcap}",
    ]  # fmt: skip


def _functionality(modem: Modem, _port: AtPort, call: Call) -> Answer:
    if call.kind == "test":
        return ["+CFUN: (0,1,4),(0-1)"]
    if call.kind == "read":
        return [f"+CFUN: {modem.functionality}"]
    level = call.number(0, 1)
    if level not in (0, 1, 4):
        raise Refused(50)
    if call.number(1, 0) == 1:
        modem.restart()
    elif level != modem.functionality:
        modem.set_functionality(level)
    return []


def _dial(_modem: Modem, _port: AtPort, _call: Call) -> Answer:
    """A dial attempt: this bench carries no data."""
    return Later(0.2, lambda: [CONNECT_FAILED])


def _ws46(modem: Modem, _port: AtPort, call: Call) -> Answer:
    """Which radio technologies: 25 all, 28 E-UTRAN only, 22 UTRAN only (3GPP TS 27.007 clause 5.9)."""
    if call.kind == "test":
        return ["+WS46: (22,25,28)" if modem.persona.radio == "lte" else "+WS46: (22)"]
    return ["+WS46: 25" if modem.persona.radio == "lte" else "+WS46: 22"] if call.kind == "read" else []


def _command_list(modem: Modem, _port: AtPort, _call: Call) -> Answer:
    return modem.known()


COMMANDS: Mapping[str, Command] = {
    "E": Command(_echo), "V": Command(_verbose), "Q": Command(_quiet), "Z": Command(_reset), "&F": Command(_reset),
    **{name: Command(accept) for name in ("X", "&C", "&D", "&K", "&W", "&S", "&V", "H", "L", "M", "O", "B", "N")},
    **{name: Command(_s_register) for name in ("S0", "S3", "S4", "S5", "S7", "S10")},
    "D": Command(_dial),
    "I": Command(_identify),
    "+CMEE": Command(_cmee),
    "+CSCS": Command(_cscs),
    "+CLAC": Command(_command_list),
    "+CGMI": prints(lambda modem: modem.persona.manufacturer),
    "+GMI": prints(lambda modem: modem.persona.manufacturer),
    "+CGMM": prints(lambda modem: modem.persona.model),
    "+GMM": prints(lambda modem: modem.persona.model),
    "+CGMR": prints(lambda modem: modem.persona.revision),
    "+GMR": prints(lambda modem: modem.persona.revision),
    "+CGSN": Command(_serial_number),
    "+GSN": Command(_serial_number),
    "+GCAP": prints(lambda modem: f"+GCAP: {modem.persona.gcap}"),
    "+CFUN": Command(_functionality),
    "+WS46": Command(_ws46),
    "+IPR": Command(accept), "+IFC": Command(accept), "+ICF": Command(accept),
    "+CMGF": setting("+CMGF", "(0,1)", "0"),
    "+CNMI": setting("+CNMI", "(0-2),(0-3),(0,2),(0-2),(0,1)", "0,0,0,0,0"),
    "+CPMS": setting(
        "+CPMS", '("ME","SM"),("ME","SM"),("ME","SM")', '"ME",0,50,"ME",0,50,"ME",0,50', "+CPMS: 0,50,0,50,0,50",
    ),
    "+CTZU": setting("+CTZU", "(0,1)", "0"), "+CTZR": setting("+CTZR", "(0,1)", "0"),
    "+CCWA": setting("+CCWA", "(0,1)", "0"), "+CUSD": setting("+CUSD", "(0-2)", "0"),
}  # fmt: skip
