"""PDP contexts and their credentials (3GPP TS 27.007 clauses 10.1.1, 10.1.31, 10.1.10, 10.1.14, 10.1.23)."""

from __future__ import annotations

from collections.abc import Mapping

from dongle_cli.lab.at import Answer, AtPort, Call, Refused
from dongle_cli.lab.modem import Command, Modem
from dongle_cli.lab.network import CHAP, NONE, Context

_TYPES = ("IP", "IPV6", "IPV4V6", "PPP")
_ADDRESS = "10.64.{high}.{low}"


def cut(modem: Modem, text: str) -> str:
    """`text` as this modem stores it: a faulty one cuts it short."""
    return text[: len(text) * 2 // 3] if modem.faults.truncate else text


def store_auth(modem: Modem, context: Context, auth: int, user: str, password: str) -> None:
    """Keep credentials beside a context; a modem with the fault takes them in the other order."""
    if modem.faults.swapped_auth:
        user, password = password, user
    context.auth = auth
    context.user, context.password = ("", "") if auth == NONE else (cut(modem, user), cut(modem, password))


def defined(modem: Modem, cid: int) -> Context:
    """Context `cid`, or the refusal that it is not defined."""
    if cid not in modem.memory:
        raise Refused(50)
    return modem.memory[cid]


def _cgdcont(modem: Modem, _port: AtPort, call: Call) -> Answer:
    persona = modem.persona
    if call.kind == "test":
        return [f'+CGDCONT: (1-{persona.largest_cid}),"{kind}",,,(0-2),(0-4)' for kind in _TYPES]
    if call.kind != "set":
        return [
            f'+CGDCONT: {c.cid},"{c.type}","{c.apn}"{persona.context_tail}'
            for c in sorted(modem.memory.values(), key=lambda c: c.cid)
        ]
    cid = call.number(0)
    if not 1 <= cid <= persona.largest_cid:
        raise Refused(50)
    if len(call.args) == 1:
        modem.memory.pop(cid, None)
        return []
    kind = call.arg(1).upper()
    if kind not in _TYPES or len(call.arg(2)) > 100:
        raise Refused(50)
    context = modem.memory.setdefault(cid, Context(cid))
    context.type, context.apn = kind, cut(modem, call.arg(2))
    return []


def _cgdel(modem: Modem, _port: AtPort, call: Call) -> Answer:
    if call.kind == "test":
        return []
    cid = call.number(0)
    defined(modem, cid)
    del modem.memory[cid]
    return []


def auth_command(
    *, password_first: bool = False, plmn: bool = False, define: bool = False, kinds: int = CHAP,
    shows: str = "user", name: str = "+CGAUTH",
) -> Command:  # fmt: skip
    """A family's credentials command: `name=<cid>,<type>[,plmn],<a>,<b>`; `shows` is what reading it prints."""

    def order(user: str, password: str) -> tuple[str, str]:
        return (password, user) if password_first else (user, password)

    def run(modem: Modem, _port: AtPort, call: Call) -> Answer:
        if call.kind == "test":
            return [f"{name}: (1-{modem.persona.largest_cid}),(0-{kinds}),(0-127),(0-64)"]
        if call.kind != "set":
            return [_line(context) for _cid, context in sorted(modem.memory.items())]
        cid, auth = call.number(0), call.number(1)
        if auth > kinds or not 1 <= cid <= modem.persona.largest_cid:
            raise Refused(50)
        context = modem.memory.setdefault(cid, Context(cid)) if define else defined(modem, cid)
        first = 3 if plmn else 2
        user, password = order(call.arg(first), call.arg(first + 1))
        if auth != NONE and not (user and password):
            raise Refused(50)
        store_auth(modem, context, min(auth, CHAP), user, password)
        return []

    def _line(context: Context) -> str:
        head = f"{name}: {context.cid},{context.auth}"
        if context.auth == NONE or shows == "type":
            return head
        if plmn:
            head += ',""'
        if shows == "both":
            return head + "".join(f',"{text}"' for text in order(context.user, context.password))
        return head + f',"{context.user}"'

    return Command(run)


def _active(modem: Modem, cid: int) -> bool:
    return modem.radio.attached and cid in modem.radio.active


def _cgact(modem: Modem, _port: AtPort, call: Call) -> Answer:
    if call.kind == "test":
        return ["+CGACT: (0,1)"]
    if call.kind != "set":
        return [f"+CGACT: {cid},{int(_active(modem, cid))}" for cid in sorted(modem.memory)]
    state, cids = call.number(0), [int(arg) for arg in call.args[1:] if arg.isdecimal()] or sorted(modem.memory)
    for cid in cids:
        context = defined(modem, cid)
        if state == 0:
            modem.radio.active.discard(cid)
            continue
        if not modem.radio.attached or modem.sim is None:
            raise Refused(30)
        if _active(modem, cid):
            continue
        verdict = modem.network.connect(modem.sim.imsi, context)
        if not verdict.admitted:
            modem.radio.verdict = verdict
            raise Refused({29: 149, 33: 133}.get(verdict.esm or 0, 148))
        modem.radio.active.add(cid)
    return []


def _address(modem: Modem, cid: int) -> str:
    number = modem.dongle.number * 16 + cid
    return _ADDRESS.format(high=number >> 8, low=number & 0xFF)


def _cgpaddr(modem: Modem, _port: AtPort, call: Call) -> Answer:
    if call.kind == "test":
        return [f"+CGPADDR: ({','.join(map(str, sorted(modem.memory)))})"]
    wanted = [int(arg) for arg in call.args if arg.isdecimal()] or sorted(modem.memory)
    known = [cid for cid in wanted if cid in modem.memory]
    return [f'+CGPADDR: {cid},"{_address(modem, cid)}"' if _active(modem, cid) else f"+CGPADDR: {cid}" for cid in known]


def _cgcontrdp(modem: Modem, _port: AtPort, call: Call) -> Answer:
    if call.kind == "test":
        return [f"+CGCONTRDP: ({','.join(map(str, sorted(modem.radio.active)))})"]
    wanted = [call.number(0)] if call.arg(0) else sorted(modem.memory)
    lines = []
    for cid in wanted:
        if _active(modem, cid) and cid in modem.memory:
            apn = f"{modem.memory[cid].apn}.mnc010.mcc440.gprs"
            address = _address(modem, cid)
            lines.append(f'+CGCONTRDP: {cid},5,"{apn}","{address}.255.255.255.255","","10.64.255.1","10.64.255.2"')
    return lines


COMMANDS: Mapping[str, Command] = {
    "+CGDCONT": Command(_cgdcont),
    "+CGDEL": Command(_cgdel),
    "+CGAUTH": auth_command(),
    "+CGACT": Command(_cgact),
    "+CGPADDR": Command(_cgpaddr),
    "+CGCONTRDP": Command(_cgcontrdp),
}
