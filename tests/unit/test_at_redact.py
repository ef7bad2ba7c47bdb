"""No PIN and no password survives redaction, wherever the text was cut off and however the command was spelled."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dongle_cli.secrets import MASK, Secret, redact

PIN, NEW, WORD, USER = "71935264", "80426173", "Zq7kWx2v", "bench-user"

# {p} PIN or code, {q} another, {s} password, {u} user name: what redaction leaves under the default order.
COMMANDS = [
    ('AT+CPIN="{p}"', 'AT+CPIN="****"'),
    ('AT+CPIN="{p}","{q}"', 'AT+CPIN="****","****"'),
    ("AT+CPIN={p}", "AT+CPIN=****"),
    ('at+cpin = "{p}" ;+CREG?', 'at+cpin = "****" ;+CREG?'),
    ('AT+CREG?;+CPIN="{p}";+CSQ', 'AT+CREG?;+CPIN="****";+CSQ'),
    ('AT^CPIN="{p}"', 'AT^CPIN="****"'),
    ('AT+CPWD="SC","{p}","{q}"', 'AT+CPWD="SC","****","****"'),
    ('AT+CLCK="SC",1,"{p}"', 'AT+CLCK="SC",1,"****"'),
    ('AT+CLCK="SC",0,"{p}",7', 'AT+CLCK="SC",0,"****",7'),
    ('AT^CARDLOCK="{p}"', 'AT^CARDLOCK="****"'),
    ('AT+CGAUTH=1,2,"{u}","{s}"', 'AT+CGAUTH=1,2,"{u}","****"'),
    ("AT+CGAUTH=1,2,{u},{s}", "AT+CGAUTH=1,2,{u},****"),
    ('+CGAUTH: 1,2,"{u}","{s}"', '+CGAUTH: 1,2,"{u}","****"'),
    ('AT^AUTHDATA=1,2,"","{s}","{u}"', 'AT^AUTHDATA=1,2,"","****","****"'),
    ('AT^AUTHDATA=1,2,"","{u}","{s}"', 'AT^AUTHDATA=1,2,"","****","****"'),
    ('^AUTHDATA: 1,2,"{s}","{u}"', '^AUTHDATA: 1,2,"****","****"'),
    ('AT+QICSGP=1,1,"apn","{u}","{s}",2', 'AT+QICSGP=1,1,"apn","{u}","****",2'),
    ('+QICSGP: 1,"apn","{u}","{s}",2', '+QICSGP: 1,"apn","{u}","****",2'),
    ('+QICSGP: 1,1,"apn","{u}","{s}",2', '+QICSGP: 1,1,"apn","{u}","****",2'),
    ('AT$QCPDPP=1,2,"{s}","{u}"', 'AT$QCPDPP=1,2,"****","****"'),
    ('AT#PDPAUTH=1,2,"{u}","{s}"', 'AT#PDPAUTH=1,2,"{u}","****"'),
    ('%IPDPCFG: 1,0,2,"{u}","{s}"', '%IPDPCFG: 1,0,2,"{u}","****"'),
    ('AT*EIAAUW=1,1,"{u}","{s}"', 'AT*EIAAUW=1,1,"{u}","****"'),
    ('AT+UAUTHREQ=1,2,"{u}","{s}"', 'AT+UAUTHREQ=1,2,"{u}","****"'),
    ('AT^SGAUTH=1,2,"{s}","{u}"', 'AT^SGAUTH=1,2,"****","****"'),
    ('AT+XGAUTH=1,1,"{u}","{s}"', 'AT+XGAUTH=1,1,"{u}","****"'),
    ('AT+MGAUTH=1,1,"{u}","{s}"', 'AT+MGAUTH=1,1,"{u}","****"'),
    ('AT+CNCFG=0,1,"apn","{u}","{s}",3', 'AT+CNCFG=0,1,"apn","{u}","****",3'),
    ('AT+UPSD=0,3,"{s}"', 'AT+UPSD=0,3,"****"'),
    ('AT^SICS=0,passwd,"{s}"', 'AT^SICS=0,passwd,"****"'),
    ('AT+SAPBR=3,1,"PWD","{s}"', 'AT+SAPBR=3,1,"PWD","****"'),
    ('AT^NDISDUP=1,1,"apn","{u}","{s}",2', 'AT^NDISDUP=1,1,"apn","{u}","****",2'),
    ('AT+CSIM=26,"0020000108{p}{q}"', 'AT+CSIM=26,"0020000108****"'),
    ('AT+CSIM=42,"0024000110{p}{q}{p}{q}"', 'AT+CSIM=42,"0024000110****"'),
    ('AT+CGLA=1,26,"0020000108{p}{q}"', 'AT+CGLA=1,26,"0020000108****"'),
]
HARMLESS = [
    "+CPIN: READY",
    "+CPIN: SIM PIN",
    "AT+CPIN?",
    "AT+CPIN=?",
    'AT+CLCK="SC",2',
    "+CLCK: 1",
    "AT+CPINR",
    "+CPINR: SIM PIN,3,3",
    "+CGAUTH: (1-16),(0-2),64,64",
    "AT+QICSGP=1",
    'AT+CSIM=10,"0020000100"',
    '+CSIM: 4,"63C3"',
    "^CARDLOCK: 2,10,0",
    'AT+CGDCONT=1,"IP","closed.example"',
    "AT+CGAUTH=1,0",
    "+CME ERROR: incorrect password",
]


def fill(template: str) -> str:
    return template.replace("{p}", PIN).replace("{q}", NEW).replace("{s}", WORD).replace("{u}", USER)


def holds_a_secret(text: str, least: int = 8) -> bool:
    """Whether `least` characters in a row of any planted secret are left."""
    return any(
        secret[start : start + least] in text for secret in (PIN, NEW, WORD) for start in range(len(secret) - least + 1)
    )


@pytest.mark.parametrize(("template", "hidden"), COMMANDS)
def test_secrets_are_hidden_and_the_rest_stays(template: str, hidden: str) -> None:
    shown = redact(fill(template))
    assert shown == fill(hidden)
    assert redact(shown) == shown


@pytest.mark.parametrize("text", HARMLESS)
def test_what_holds_no_secret_stays_as_it_is(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(("template", "_hidden"), COMMANDS)
@pytest.mark.parametrize("order", ["user-password", "unknown"])
def test_a_line_cut_off_anywhere_gives_nothing_away(template: str, _hidden: str, order: str) -> None:
    whole = fill(template)
    for end in range(len(whole) + 1):
        shown = redact(whole[:end], order=order)
        assert not holds_a_secret(shown, least=3), whole[:end]


def test_simcom_puts_the_password_first() -> None:
    line = f'AT+CGAUTH=1,2,"{WORD}","{USER}"'
    assert redact(line, order="password-user") == f'AT+CGAUTH=1,2,"{MASK}","{USER}"'
    assert redact(line, order="unknown") == f'AT+CGAUTH=1,2,"{MASK}","{MASK}"'
    assert redact(f'AT$QCPDPP=1,2,"{WORD}","{USER}"', order="password-user") == f'AT$QCPDPP=1,2,"{MASK}","{USER}"'


@pytest.mark.parametrize(
    "text",
    [
        f'AT+CLCK="SC,1,"{PIN}"',  # a quote was lost on the way
        f'AT+CPWD="SC","{PIN}",{NEW}"',
        f'AT+CGAUTH=1,2,"{USER},"{WORD}"',
        f"A T + C P I N = {PIN}",
        f"b'AT+CPIN=\"{PIN}\"\\r\\n'",
        f'{{"command": "AT+CPIN=\\"{PIN}\\""}}',
        f'\x00\x7fxAT+CPIN="{PIN}"',
        f'AT+CPIN="{PIN}"\r\r\n+CPIN="{NEW}"\nAT+CPIN={PIN}',
    ],
)
def test_damaged_and_odd_text_gives_nothing_away(text: str) -> None:
    assert not holds_a_secret(redact(text), least=4)


NOISE = st.text(st.characters(codec="utf-8", exclude_characters='"'), max_size=20)


@given(
    st.lists(st.sampled_from([template for template, _hidden in COMMANDS] + HARMLESS), max_size=5),
    st.sampled_from([";", "\r\n", "\r", "\n", "\r\r\nOK\r\n"]),
    NOISE,
    st.booleans(),
)
def test_secrets_in_any_company_are_hidden(lines: list[str], between: str, noise: str, lower: bool) -> None:
    text = noise + between + between.join(lines) + between + noise
    text = fill(text.lower() if lower else text)
    shown = redact(text, order="unknown")
    assert not holds_a_secret(shown)
    assert redact(shown, order="unknown") == shown


@given(
    st.text(st.sampled_from('AT+CPIN=";:,\r\n$QD 012*?#^GUH{'), max_size=60),
    st.sampled_from(["user-password", "unknown"]),
)
def test_any_text_is_redacted_once(text: str, order: str) -> None:
    once = redact(text, order=order)
    assert redact(once, order=order) == once


def test_a_password_that_looks_like_a_command_does_not_hide_the_command() -> None:
    Secret("+CGAUTH")
    assert not holds_a_secret(redact(f'+CGAUTH: 1,2,"{USER}","{WORD}"'), least=3)


def test_a_password_that_was_ever_held_is_hidden_anywhere() -> None:
    Secret("Gh5tR9wq")
    assert redact("the modem said Gh5tR9wq twice: Gh5tR9wq") == f"the modem said {MASK} twice: {MASK}"
