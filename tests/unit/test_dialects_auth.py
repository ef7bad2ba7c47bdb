"""Contexts and their credentials in every family's words, as the makers' manuals have them."""

from __future__ import annotations

from pathlib import Path

import pytest
from at_wire import modem, says

from dongle_cli.models import loader
from dongle_cli.models.parse import parse
from dongle_cli.modem import context as contexts
from dongle_cli.modem.context import ContextState
from dongle_cli.secrets import Secret

CHAP = ContextState(1, "IP", "closed.example", "chap", "u", Secret("p"))
PAP6 = ContextState(2, "IPV4V6", "closed.example", "pap", "u", Secret("p"))
NONE = ContextState(1, "IP", "closed.example", "none")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No model files but the ones that came with the program."""
    monkeypatch.setenv("DONGLE_HOME", str(tmp_path))


# Model; what is sent first for user u and password p with CHAP, and what where that command is not known.
FAMILIES = [
    ("generic", ['+CGAUTH=1,2,"u","p"']),
    ("abit-ak020", ['+CGAUTH=1,2,"u","p"']),
    ("huawei-e3372", ['^AUTHDATA=1,2,"","p","u"', '+CGAUTH=1,2,"u","p"']),
    ("huawei-ms2131", ['^AUTHDATA=1,2,"","p","u"', '+CGAUTH=1,2,"u","p"']),
    ("brovi-e3372-325", ['^AUTHDATA=1,2,"","p","u"', '+CGAUTH=1,2,"u","p"']),
    ("quectel-ec25", ['+CGAUTH=1,2,"u","p"', '+QICSGP=1,1,"closed.example","u","p",2']),
    ("quectel-bg96", ['+CGAUTH=1,2,"u","p"', '+QICSGP=1,1,"closed.example","u","p",2']),
    ("simcom-sim7600", ['+CGAUTH=1,2,"p","u"']),
    ("telit-le910", ['#PDPAUTH=1,2,"u","p"', '+CGAUTH=1,2,"u","p"']),
    ("sierra-mc73xx", ['+CGAUTH=1,2,"u","p"', '$QCPDPP=1,2,"p","u"']),
    ("longcheer", ['+CGAUTH=1,2,"u","p"', '$QCPDPP=1,2,"p","u"']),
    ("fujisoft-fs040u", ['+CGAUTH=1,2,"u","p"', '$QCPDPP=1,2,"p","u"']),
    ("fujisoft-fs01bu", ['+CGAUTH=1,2,"u","p"', '$QCPDPP=1,2,"p","u"']),
    ("ncxx-ux302nc", ['+CGAUTH=1,2,"u","p"', '$QCPDPP=1,2,"p","u"']),
    ("lg-l02c", ['+CGAUTH=1,2,"u","p"', '$QCPDPP=1,2,"p","u"']),
    ("lg-l03d", ['+CGAUTH=1,2,"u","p"', '$QCPDPP=1,2,"p","u"']),
    ("lg-l03f", ['+CGAUTH=1,2,"u","p"', '$QCPDPP=1,2,"p","u"']),
    ("zte-0117", ['+CGAUTH=1,2,"u","p"', '$QCPDPP=1,2,"p","u"']),
    ("zte-1428", ['+CGAUTH=1,2,"u","p"', '$QCPDPP=1,2,"p","u"']),
    ("cinterion", ['^SGAUTH=1,2,"p","u"', '+CGAUTH=1,2,"u","p"']),
    ("ericsson-mbm", ['*EIAAUW=1,1,"u","p"', '+CGAUTH=1,2,"u","p"']),
    ("u-blox", ['+UAUTHREQ=1,2,"u","p"', '+CGAUTH=1,2,"u","p"']),
    ("intel-xmm", ['+XGAUTH=1,2,"u","p"', '+CGAUTH=1,2,"u","p"']),
    ("fibocom", ['+CGAUTH=1,2,"u","p"', '+MGAUTH=1,2,"u","p"']),
    ("meig-slm750", ['+CGAUTH=1,2,"u","p"', '^AUTHDATA=1,2,"","p","u"']),
]


@pytest.mark.parametrize(("name", "commands"), FAMILIES)
def test_credentials_are_written_in_the_familys_words_and_then_in_the_next_ones(name: str, commands: list[str]) -> None:
    for taken in range(len(commands)):
        dongle, wire = modem({commands[taken]: "OK"}, name)
        assert contexts.write_auth(dongle, CHAP).ok
        assert wire.sent == commands[: taken + 1]
        assert dongle.auth_writer == commands[taken].partition("=")[0]
    dongle, wire = modem({}, name)
    assert not contexts.write_auth(dongle, CHAP).ok
    assert wire.sent == commands


def test_every_family_that_has_an_at_port_is_in_the_table() -> None:
    of_its_own = {m.id for m in loader.load() if m.control == "at"} - {
        "dlink-dwm157", "emobile-d02hw", "emobile-d12lc", "lg-l02a", "softbank-c02lc", "zte-2003",
    }  # fmt: skip
    assert of_its_own == {name for name, _commands in FAMILIES}


@pytest.mark.parametrize(
    ("writer", "forms"),
    [
        ("+CGAUTH", ["+CGAUTH=1,0", '+CGAUTH=1,0,"",""']),
        ("^AUTHDATA", ['^AUTHDATA=1,0,"","",""']),
        ("+QICSGP", ['+QICSGP=1,1,"closed.example","","",0']),
        ("$QCPDPP", ["$QCPDPP=1,0", '$QCPDPP=1,0,"",""']),
        ("#PDPAUTH", ["#PDPAUTH=1,0", '#PDPAUTH=1,0,"",""']),
        ("%IPDPCFG", ['%IPDPCFG=1,0,0,"",""']),
        ("*EIAAUW", ['*EIAAUW=1,1,"",""']),
        ("+UAUTHREQ", ["+UAUTHREQ=1,0", '+UAUTHREQ=1,0,"",""']),
        ("^SGAUTH", ["^SGAUTH=1,0", '^SGAUTH=1,0,"",""']),
        ("+XGAUTH", ['+XGAUTH=1,0,"",""']),
        ("+MGAUTH", ['+MGAUTH=1,0,"",""']),
    ],
)
def test_no_authentication_is_written_short_and_where_that_is_refused_with_empty_strings(
    writer: str, forms: list[str]
) -> None:
    dongle, _wire = modem({})
    assert contexts.auth_commands(dongle, writer, NONE) == forms


def test_every_writer_is_in_one_of_the_tables() -> None:
    assert {command.partition("=")[0] for _name, commands in FAMILIES for command in commands} == {
        *contexts.WRITERS
    } - {"%IPDPCFG"}


def test_quectels_own_command_names_the_type_of_the_context() -> None:
    dongle, _wire = modem({})
    assert contexts.auth_commands(dongle, "+QICSGP", PAP6) == ['+QICSGP=2,3,"closed.example","u","p",1']
    six = ContextState(2, "IPV6", "a", "chap", "u", Secret("p"))
    assert contexts.auth_commands(dongle, "+QICSGP", six) == ['+QICSGP=2,2,"a","u","p",2']


def test_the_order_of_a_writer_is_its_manuals_unless_the_model_says_otherwise() -> None:
    head = 'name = "N"\nvendor = "V"\nsource = "S"\n'
    plain = parse(head + '[dialect]\nauth = ["^SGAUTH"]\n', file="n.toml")
    said = parse(head + '[dialect]\nauth_order = "user-password"\nauth = ["^SGAUTH"]\n', file="n.toml")
    like = parse(head + 'like = "n"\n[dialect]\nauth = ["+CGAUTH"]\n', file="m.toml", known={"n": said})
    for model, first, order in [
        (plain, "^SGAUTH", "password-user"),
        (said, "^SGAUTH", "user-password"),
        (like, "+CGAUTH", "user-password"),
    ]:
        dongle, _wire = modem({})
        dongle.model = model
        assert contexts.auth_order(dongle, first) == order


DEFINED = '+CGDCONT: 1,"IP","a"\nOK'


def read(name: str, answers: dict[str, str]) -> list[ContextState]:
    dongle, _wire = modem({"+CGDCONT?": DEFINED, **answers}, name)
    return contexts.read_contexts(dongle)


@pytest.mark.parametrize(
    ("name", "answers", "auth", "user", "password"),
    [
        ("generic", {"+CGAUTH?": "OK"}, None, None, None),
        ("generic", {}, None, None, None),
        ("generic", {"+CGAUTH?": "+CGAUTH: 0,0\nOK"}, None, None, None),
        ("generic", {"+CGAUTH?": "+CGAUTH: 0,0\n+CGAUTH: 1,0\nOK"}, "none", None, None),
        ("generic", {"+CGAUTH?": '+CGAUTH: 1,2,"sora","sora"\nOK'}, "chap", "sora", "sora"),
        ("generic", {"+CGAUTH?": "+CGAUTH: 1,2,sora\nOK"}, "chap", "sora", None),
        ("generic", {"+CGAUTH?": '+CGAUTH: 1,2,"sora",""\nOK'}, "chap", "sora", None),
        ("generic", {"+CGAUTH?": '+CGAUTH: 1,2,"sora","********"\nOK'}, "chap", "sora", None),
        ("generic", {"+CGAUTH?": "+CGAUTH: 1,1\nOK"}, "pap", None, None),
        ("generic", {"+CGAUTH?": '+CGAUTH: 1,3,"sora"\nOK'}, "auto", "sora", None),
        ("simcom-sim7600", {"+CGAUTH?": '+CGAUTH: 1,2,"secret","sora"\nOK'}, "chap", "sora", "secret"),
        ("simcom-sim7600", {"+CGAUTH?": '+CGAUTH: 1,2,"sora"\nOK'}, "chap", "sora", None),
        ("simcom-sim7600", {"+CGAUTH?": '+CGAUTH: 1,2,"","sora"\nOK'}, "chap", "sora", None),
        # Nobody knows which of the two is the user, so neither is taken for it.
        ("huawei-e3372", {"^AUTHDATA?": '^AUTHDATA: 1,2,"","secret","sora"\nOK'}, "chap", None, None),
        ("huawei-e3372", {"+CGAUTH?": '+CGAUTH: 1,1,"sora"\nOK'}, "pap", "sora", None),
        ("quectel-ec25", {"+QICSGP=1": '+QICSGP: 1,"a","sora","secret",2\nOK'}, "chap", "sora", "secret"),
        ("quectel-ec25", {"+QICSGP=1": '+QICSGP: 1,1,"a","sora","secret",1\nOK'}, "pap", "sora", "secret"),
        ("quectel-ec25", {"+QICSGP=1": '+QICSGP: 1,"a","","",0\nOK'}, "none", None, None),
        ("sierra-mc73xx", {"$QCPDPP?": '$QCPDPP: 1,2,"sora"\nOK'}, "chap", "sora", None),
        ("telit-le910", {"#PDPAUTH?": '#PDPAUTH: 1,2,"sora"\nOK'}, "chap", "sora", None),
        ("cinterion", {"^SGAUTH?": '^SGAUTH: 1,2,"vf"\nOK'}, "chap", "vf", None),
    ],
)  # fmt: skip
def test_what_can_be_read_of_the_credentials(
    name: str, answers: dict[str, str], auth: str | None, user: str | None, password: str | None
) -> None:
    (context,) = read(name, answers)
    shown = context.password.reveal() if context.password else None
    assert (context.auth, context.user, shown) == (auth, user, password)


def test_a_context_that_quectels_command_does_not_know_hides_no_other_one() -> None:
    defined = '+CGDCONT: 0,"IPV4V6",""\n+CGDCONT: 1,"IP","a"\nOK'
    answers = {"+CGDCONT?": defined, "+QICSGP=1": '+QICSGP: 1,"a","sora","secret",2\nOK'}
    dongle, _wire = modem(answers, "quectel-ec25")
    assert [context.auth for context in contexts.read_contexts(dongle)] == [None, "chap"]


@pytest.mark.parametrize("kind", ["IP", "IPV6", "IPV4V6", "PPP"])
def test_the_type_of_a_context_is_read_as_it_is_written(kind: str) -> None:
    dongle, wire = modem({"+CGDCONT?": f'+CGDCONT: 1,"{kind}","a"\nOK', f'+CGDCONT=1,"{kind}","a"': "OK"})
    (context,) = contexts.read_contexts(dongle)
    assert contexts.write_context(dongle, 1, context.type, context.apn).ok
    assert wire.sent[-1] == f'+CGDCONT=1,"{kind}","a"'


@pytest.mark.parametrize("last_one", [False, True])
def test_an_active_context_is_let_go_before_it_is_written(last_one: bool) -> None:
    """A firmware that leaves an active context alone, and its last one as long as it is attached."""
    active = [1]

    def firmware(command: str) -> str:
        if command == "+CGACT?":
            return f"+CGACT: 1,{len(active)}\nOK"
        if command == "+CGACT=0,1" and last_one:
            return "+CME ERROR: 171"
        if command in ("+CGACT=0,1", "+CGATT=0"):
            active.clear()
            return "OK"
        return "+CME ERROR: 3" if active else "OK"

    dongle, wire = modem(firmware)
    assert contexts.write_context(dongle, 1, "IP", "b").ok
    assert wire.sent.count('+CGDCONT=1,"IP","b"') == 2
    assert ("+CGATT=0" in wire.sent) is last_one


def test_a_context_that_is_refused_though_nobody_uses_it_stays_refused() -> None:
    dongle, wire = modem({"+CGACT?": "+CGACT: 1,0\nOK"})
    assert not contexts.write_context(dongle, 1, "IP", "b").ok
    assert wire.sent == ['+CGDCONT=1,"IP","b"', "+CGACT?"]


def test_a_context_is_deleted_by_either_form() -> None:
    for known, sent in [("+CGDEL=2", ["+CGDEL=2"]), ("+CGDCONT=2", ["+CGDEL=2", "+CGDCONT=2"])]:
        dongle, wire = modem({known: "OK"})
        assert contexts.delete_context(dongle, 2).ok
        assert wire.sent == sent


def test_nothing_of_a_vendor_is_sent_to_a_stick_of_which_nothing_is_known() -> None:
    dongle, wire = modem(says({"+CGDCONT?": DEFINED}))
    contexts.read_contexts(dongle)
    contexts.write_auth(dongle, CHAP)
    assert all(command.startswith("+CG") for command in wire.sent)
