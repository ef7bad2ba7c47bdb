"""PDP contexts and their authentication: read from two commands, written by whichever command the family takes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dongle_cli.models.model import AuthOrder
from dongle_cli.modem import parse
from dongle_cli.modem.at import Reply, quote
from dongle_cli.modem.modem import Modem
from dongle_cli.secrets import Secret

# Types as the commands number them. "auto" (either of PAP and CHAP) is no profile's, but a dongle's that is put back.
AUTH_TYPES = {"none": 0, "pap": 1, "chap": 2, "auto": 3}
_QICSGP_TYPES = {"IP": 1, "IPV6": 2, "IPV4V6": 3}


@dataclass(frozen=True)
class AuthWriter:
    """How a family writes PDP authentication: `template` has the fields cid, auth, first, second, apn and type."""

    template: str
    read: str | None  # the read form, with {cid} where it asks for one context
    order: AuthOrder  # of {first} and {second}
    none: str | None = None  # how "no authentication" is written; None: the template with empty strings


# First the standard, then each family's own. The order is the manuals'; a model's dialect may say otherwise.
WRITERS: dict[str, AuthWriter] = {
    "+CGAUTH": AuthWriter("+CGAUTH={cid},{auth},{first},{second}", "+CGAUTH?", "user-password", "+CGAUTH={cid},0"),
    "^AUTHDATA": AuthWriter(
        '^AUTHDATA={cid},{auth},"",{first},{second}', "^AUTHDATA?", "unknown", '^AUTHDATA={cid},0,"","",""'
    ),
    "+QICSGP": AuthWriter("+QICSGP={cid},{type},{apn},{first},{second},{auth}", "+QICSGP={cid}", "user-password"),
    "$QCPDPP": AuthWriter("$QCPDPP={cid},{auth},{first},{second}", "$QCPDPP?", "password-user", "$QCPDPP={cid},0"),
    "#PDPAUTH": AuthWriter("#PDPAUTH={cid},{auth},{first},{second}", "#PDPAUTH?", "user-password", "#PDPAUTH={cid},0"),
    "%IPDPCFG": AuthWriter("%IPDPCFG={cid},0,{auth},{first},{second}", "%IPDPCFG?", "user-password"),
    "*EIAAUW": AuthWriter("*EIAAUW={cid},1,{first},{second}", None, "user-password"),
    "+UAUTHREQ": AuthWriter("+UAUTHREQ={cid},{auth},{first},{second}", None, "user-password", "+UAUTHREQ={cid},0"),
    "^SGAUTH": AuthWriter("^SGAUTH={cid},{auth},{first},{second}", "^SGAUTH?", "password-user", "^SGAUTH={cid},0"),
    "+XGAUTH": AuthWriter("+XGAUTH={cid},{auth},{first},{second}", None, "user-password"),
    "+MGAUTH": AuthWriter("+MGAUTH={cid},{auth},{first},{second}", None, "user-password"),
}


@dataclass(frozen=True)
class ContextState:
    """One context as the dongle holds it; `auth`, `user` and mostly `password` are None where they cannot be read."""

    cid: int
    type: str
    apn: str
    auth: str | None = None
    user: str | None = None
    password: Secret | None = None

    def as_json(self) -> dict[str, object]:
        """The contract's keys; never the password."""
        return {"cid": self.cid, "type": self.type, "apn": self.apn, "auth": self.auth, "user": self.user}


def auth_order(modem: Modem, writer: str) -> AuthOrder:
    """Which of user and password `writer` takes first on this model."""
    own = modem.dialect.auth_order if modem.dialect.auth[:1] == (writer,) else None
    return own or WRITERS[writer].order


def read_contexts(modem: Modem) -> list[ContextState]:
    """Every defined context with what can be read of its authentication (27.007 clauses 10.1.1 and 10.1.31)."""
    reply = modem.engine.ask("+CGDCONT?")
    contexts = parse.contexts(reply.lines)
    auths = _read_auths(modem, [context.cid for context in contexts])
    states = []
    for context in contexts:
        auth = auths.get(context.cid)
        password = auth.password if auth else None
        states.append(
            ContextState(
                context.cid,
                context.type,
                context.apn,
                auth.type if auth else None,
                auth.user if auth else None,
                None if password is None or not password.reveal().strip("*") else password,  # a firmware's mask
            )
        )
    return states


def _read_auths(modem: Modem, cids: list[int]) -> dict[int, parse.ContextAuth]:
    """Authentication by cid from the first readable command that this firmware does not refuse."""
    for name in (modem.auth_writer,) if modem.auth_writer else modem.dialect.auth:
        read = WRITERS[name].read
        if read is None:
            continue
        found: dict[int, parse.ContextAuth] = {}
        understood = False
        for command in [read.format(cid=cid) for cid in cids] if "{cid}" in read else [read]:
            reply = modem.engine.send(command)
            if not reply.ok:
                continue  # of one context: +QICSGP knows no context 0
            understood = True
            asked = int(command.rpartition("=")[2]) if "{cid}" in read else None
            for auth in parse.context_auth(name, reply.lines, auth_order(modem, name)):
                if auth_order(modem, name) == "unknown" and auth.password_shown:
                    auth = replace(auth, user=None, password=None)  # two strings, and nobody knows which is which
                found[asked if asked is not None else auth.cid] = auth
        if understood:
            return found
    return {}


def write_context(modem: Modem, cid: int, type_: str, apn: str) -> Reply:
    """Define a context (27.007 clause 10.1.1)."""
    return _while_inactive(modem, cid, f"+CGDCONT={cid},{quote(type_)},{quote(apn)}")


def delete_context(modem: Modem, cid: int) -> Reply:
    """Remove a context: by +CGDEL, and where that is refused by the bare form (27.007 clauses 10.1.36 and 10.1.1)."""
    reply = modem.engine.send(f"+CGDEL={cid}")
    return reply if reply.ok else _while_inactive(modem, cid, f"+CGDCONT={cid}")


def _while_inactive(modem: Modem, cid: int, command: str) -> Reply:
    """The reply to `command`, sent again without the context in use where it is refused because of that.

    Many firmwares leave a context alone while it is active, and an LTE modem keeps its last one as long as it is
    attached (27.007 clauses 10.1.10 and 10.1.9).
    """
    reply = modem.engine.send(command)
    if reply.ok or not parse.active_cids(modem.query("+CGACT?")).get(cid):
        return reply
    for release in (f"+CGACT=0,{cid}", "+CGATT=0"):
        if modem.accepts(release):
            reply = modem.engine.send(command)
        if reply.ok:
            break
    return reply


def write_auth(modem: Modem, context: ContextState, order: AuthOrder | None = None) -> Reply:
    """Write the authentication that `context` asks for with the first command that is not refused.

    `order` overrides the model's order of user and password. `modem.auth_writer` says afterwards which command it was.
    """
    names = (modem.auth_writer,) if modem.auth_writer else modem.dialect.auth
    replies = (
        (name, modem.engine.send(command)) for name in names for command in auth_commands(modem, name, context, order)
    )
    for name, reply in replies:
        if reply.ok:
            modem.auth_writer = name
            break
    return reply


def auth_commands(modem: Modem, name: str, context: ContextState, order: AuthOrder | None = None) -> list[str]:
    """The command lines with which `name` writes the authentication of `context`, the next for a refused one."""
    writer = WRITERS[name]
    auth = context.auth or "none"
    none = [writer.none.format(cid=context.cid)] if auth == "none" and writer.none is not None else []
    user = quote(context.user or "")
    password = quote(context.password.reveal() if context.password else "")
    # "unknown" begins with the password, as Huawei's own software does; the attach decides.
    user_first = (order or auth_order(modem, name)) == "user-password"
    whole = writer.template.format(
        cid=context.cid,
        auth=AUTH_TYPES[auth],
        first=user if user_first else password,
        second=password if user_first else user,
        apn=quote(context.apn),
        type=_QICSGP_TYPES.get(context.type, 1),  # others (PPP) are none that a profile may ask for
    )
    return list(dict.fromkeys([*none, whole]))  # some firmwares want the empty strings all the same
