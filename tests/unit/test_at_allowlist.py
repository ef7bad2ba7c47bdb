"""Commands that only read, and commands that are never sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dongle_cli.modem.allowlist import forbidden, reading

READING = [
    "",
    "AT",
    "+CGSN",
    "AT+CGSN",
    "at+cgsn=1",
    "I",
    "ATI",
    "+CPIN?",
    "AT+CPIN?",
    "+CGDCONT?",
    "+CGDCONT=?",
    "+CREG?;+CSQ",
    "+CEER",
    '+CLCK="SC",2',
    '+CPINR="SIM PIN"',
    "+CRSM=176,12258,0,0,10",
    "^HCSQ?",
    "$QCPDPP?",
    "+ZPINPUK=?",
    "#PCT",
    "+QICSGP=1",
]
CHANGING = [
    ";",
    "AT;",
    '+CPIN="1234"',
    '+CREG?;+CPIN="1234"',
    "+CFUN=1,1",
    "+CFUN=0",
    '+CLCK="SC",0,"1234"',
    '+CSIM=10,"0020000100"',
    '+CPWD="SC","1","2"',
    '+CRSM=214,28486,0,0,17,"00"',
    '+CGDCONT=1,"IP","a"',
    "+CGAUTH=1,0",
    "D*99#",
    "ATD112;",
    "Z",
    "&F",
    "+CGACT=1,1",
    "+COPS=0",
    "^RESET",
    '+CMGS="1"',
    "+CPIN?\r+CFUN=0",
    "+CPIN?\nAT+CFUN=0",
    "+CGSN\x1a",
    "+CGSN=1;D112;",
    "+CUSD=1",
    "S0?;S0=1",
    "+CPBW=1",
    "\uff0bCGSN",
]
FORBIDDEN = [
    '+EGMR=1,7,"490154203237518"',
    "AT+EGMR=1,7",
    "at + egmr = 1,7",
    '+CSQ;+EGMR=1,7,"4"',
    "+SIMEI=490154203237518",
    "^NVWR=550,9,1",
    "^nvwrex=550,0,9",
    "!NVENCRYPTIMEI=1",
    "!NVIMEI=1",
    "^IMEISET=1",
    '+CLCK="PN",1,"12345678"',
    '+CLCK="PF",0,"1"',
    '+CLCK = "pc" , 1 , "1"',
    '^CARDLOCK="12345678"',
    "+ZCDRUN=E",
    '+GTSN=1,7,"490154203237518"',
    "*EPERSO=1",
    '+CPWD="PN","1","2"',
    '+CREG?;^CARDLOCK="1"',
]


@pytest.mark.parametrize("command", READING)
def test_reading_commands_pass(command: str) -> None:
    assert reading(command) and not forbidden(command)


@pytest.mark.parametrize("command", CHANGING)
def test_everything_else_does_not(command: str) -> None:
    assert not reading(command) and not forbidden(command)


@pytest.mark.parametrize("command", FORBIDDEN)
def test_imei_and_factory_locks_are_never_written(command: str) -> None:
    assert forbidden(command) and not reading(command)


@pytest.mark.parametrize("command", ['+CLCK="PN",2', "^CARDLOCK?", "+CLCK=?", '+CLCK="PS",1,"1234"', "+CGSN=1"])
def test_looking_at_locks_is_allowed(command: str) -> None:
    assert not forbidden(command)


@given(st.lists(st.sampled_from(READING + FORBIDDEN + CHANGING), min_size=1, max_size=4))
def test_a_chain_is_as_bad_as_its_worst_part(parts: list[str]) -> None:
    bodies = [part[2:] if part[:2].upper() == "AT" else part for part in parts]
    chain = "AT" + ";".join(bodies)
    if any(part in FORBIDDEN for part in parts):
        assert forbidden(chain)
    if any(part not in READING for part in parts if part.strip("; AT")):
        assert not reading(chain)


@given(st.text(max_size=40))
def test_no_text_raises(text: str) -> None:
    reading(text)
    forbidden(text)
