"""Registration, attach and signal (3GPP TS 27.007 clauses 7.2, 7.3, 8.5, 8.69, 10.1.9, 10.1.20, 10.1.22)."""

from __future__ import annotations

from collections.abc import Mapping

from dongle_cli.lab.at import Answer, AtPort, Call, Later, Refused
from dongle_cli.lab.modem import ATTACH_SECONDS, Command, Modem
from dongle_cli.lab.network import CAUSE_WORDS


def _report(name: str, largest: int = 3) -> Command:
    """+CREG, +CGREG and +CEREG: <n> is set for this port alone."""

    def run(modem: Modem, port: AtPort, call: Call) -> Answer:
        if call.kind == "test":
            return [f"{name}: (0-{largest})"]
        if call.kind == "read":
            n = port.report.get(name, 0)
            return [f"{name}: {n},{modem.registration_fields(name, n)}"]
        n = call.number(0, 0)
        if n > largest:
            raise Refused(50)
        port.report[name] = n
        return []

    return Command(run)


def _cgatt(modem: Modem, _port: AtPort, call: Call) -> Answer:
    if call.kind == "test":
        return ["+CGATT: (0,1)"]
    if call.kind != "set":
        return [f"+CGATT: {int(modem.radio.attached)}"]
    if call.number(0) == 0:
        modem.detach()
        return []
    if modem.functionality != 1:
        raise Refused(3)
    if modem.radio.attached:
        return []
    modem.start_attach()
    return Later(ATTACH_SECONDS * 2, lambda: _attached(modem))


def _attached(modem: Modem) -> Answer:
    if not modem.radio.attached:
        raise Refused({7: 107, 8: 107}.get(modem.radio.verdict.emm or 0, 148))
    return []


def _cops(modem: Modem, _port: AtPort, call: Call) -> Answer:
    network = modem.network
    act = 7 if modem.persona.radio == "lte" else 2
    if call.kind == "test":
        return [f'+COPS: (2,"{network.name}","CLOSED","{network.plmn}",{act}),,(0-4),(0-2)']
    if call.kind == "read":
        if not modem.radio.attached:
            return ["+COPS: 0"]
        name = {0: network.name, 1: "CLOSED"}.get(modem.operator_format, network.plmn)
        return [f'+COPS: 0,{modem.operator_format},"{name}",{act}']
    mode = call.number(0, 0)
    if mode == 3:
        modem.operator_format = min(call.number(1, 0), 2)
    elif mode == 2:
        modem.detach()
    elif mode in (0, 1, 4):
        if modem.ready() and not modem.radio.attached:
            modem.start_attach()
    else:
        raise Refused(50)
    return []


def _csq(modem: Modem, _port: AtPort, call: Call) -> Answer:
    if call.kind == "test":
        return ["+CSQ: (0-31,99),(0-7,99)"]
    return ["+CSQ: 20,99" if modem.functionality == 1 else "+CSQ: 99,99"]


def _cesq(modem: Modem, _port: AtPort, call: Call) -> Answer:
    if call.kind == "test":
        return ["+CESQ: (0-63,99),(0-7,99),(0-96,255),(0-49,255),(0-34,255),(0-97,255)"]
    return ["+CESQ: 99,99,255,255,20,46" if modem.functionality == 1 else "+CESQ: 99,99,255,255,255,255"]


def _ceer(modem: Modem, _port: AtPort, call: Call) -> Answer:
    if call.kind == "test":
        return []
    verdict = modem.radio.verdict
    cause = verdict.esm or verdict.emm
    if cause is None:
        return ["+CEER: No cause information available"]
    words = CAUSE_WORDS.get(cause, "Unspecified")
    if verdict.esm is None:
        return [f"+CEER: EMM cause {cause} ({words})"]
    return [modem.persona.cause_words.format(esm=cause, words=words)]


COMMANDS: Mapping[str, Command] = {
    "+CREG": _report("+CREG"),
    "+CGREG": _report("+CGREG"),
    "+CEREG": _report("+CEREG"),
    "+CGATT": Command(_cgatt, "pin"),
    "+COPS": Command(_cops, "pin"),
    "+CSQ": Command(_csq),
    "+CESQ": Command(_cesq),
    "+CEER": Command(_ceer),
}
