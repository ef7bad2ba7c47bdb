"""`at decode`: what people paste, and what scripts send, explained without a traceback and without a secret."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dongle_cli.cli.at_decode import run_decode
from dongle_cli.modem.decode import decode, decode_text


def values(command: str, response: str, result: str = "ok") -> dict[str, Any]:
    answer = decode(command, response)
    assert set(answer) == {"command", "result", "values"}
    assert answer["result"] == result
    found = answer["values"]
    assert isinstance(found, dict)
    return found


def test_the_values_have_the_standards_names() -> None:
    assert values("AT+CFUN?", "\r\n+CFUN: 4,0\r\n\r\nOK\r\n") == {"functionality": 4}
    assert values("AT+CPIN?", "+CPIN: PH-NET PIN\r\n\r\nOK\r\n") == {"lock": "PH-NET PIN"}
    assert values("AT+CIMI", "440101234567890\r\n\r\nOK\r\n") == {"imsi": "440101234567890"}
    assert values("AT+CCID", "+CCID: 8981100005819480000F\r\n\r\nOK\r\n") == {"iccid": "8981100005819480000"}
    assert values("AT+CGDCONT?", '+CGDCONT: 1,"IP","a.example","",0,0\r\nOK\r\n') == {
        "contexts": [{"cid": 1, "type": "IP", "apn": "a.example"}]
    }
    assert values("AT+CSIM=10,\"0020000100\"", '+CSIM: 4,"63C2"\r\nOK\r\n') == {
        "sw": "63C2", "tries": 2, "pin_retries": {"SIM PIN": 2},
    }  # fmt: skip
    signal = values("AT+CESQ", "+CESQ: 99,99,255,255,20,80\r\nOK\r\n")
    assert (signal["rsrp_dbm"], signal["rsrq_db"]) == (-61, -10)


def test_a_missing_card_is_said_in_words_that_the_standard_does_not_have() -> None:
    found = values("AT+CPIN?", "+CPIN: NOT INSERTED\r\n\r\nOK\r\n")
    assert found == {"sim": "NOT INSERTED", "cause": 10, "meaning": "SIM not inserted"}


def test_a_registration_line_always_says_whether_it_was_asked_for() -> None:
    answer = values("AT+CEREG?", '+CEREG: 3,3,"1A2B","00F10203",7,0,19\r\n\r\nOK\r\n')
    assert answer == {
        "domain": "+CEREG", "urc": False, "n": 3, "stat": 3, "act": 7, "tac": 0x1A2B, "ci": 0xF10203, "cause_type": 0,
        "reject_cause": 19, "meaning": "ESM failure",
    }  # fmt: skip
    report = values("URC", '\r\n+CREG: 5,"1A2B","00F10203",2\r\n')
    assert (report["urc"], report["stat"], report["lac"], report["act"]) == (True, 5, 0x1A2B, 2)
    assert values("", "+CEREG: 2\r\n") == {"domain": "+CEREG", "urc": True, "stat": 2}


def test_a_report_alone_is_no_answer() -> None:
    found = values("AT+CEREG?", '\r\n+CEREG: 3,"1A2B","00F1",7,0,15\r\n', "incomplete")
    assert (found["urc"], found["reject_cause"]) == (True, 15)


def test_errors_in_numbers_and_words() -> None:
    assert values("AT+CIMI", "+CME ERROR: 10\r\n", "error") == {
        "error": "+CME ERROR", "cause": 10, "meaning": "SIM not inserted",
    }  # fmt: skip
    assert values("AT+CIMI", "+CME ERROR: SIM busy", "error")["cause"] == 14
    assert values("AT+CPIN?", "+CME ERROR: 11\r\n", "error")["lock"] == "SIM PIN"
    assert values("AT+CMGS=1", "+CMS ERROR: 310\r\n", "error")["meaning"] == "SIM not inserted"
    assert values("AT+X", "ERROR", "error") == {"error": "ERROR"}
    assert values("AT+CEER", "+CEER: SM33\r\nOK\r\n") == {
        "text": "SM33", "cause": 33, "meaning": "Requested service option not subscribed",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("command", "response", "result"),
    [
        ("AT+CPIN?", "+CPIN: READY", "ok"),
        ("AT+CPIN?", "+CPIN: REA", "incomplete"),
        ("AT+CPIN?", "", "incomplete"),
        ("AT+CPIN?", "AT+CPIN?\r", "incomplete"),
        ("AT+CPIN?", "+CPIN: GARBAGE\r\nOK\r\n", "incomplete"),
        ("AT+CFUN=1", "", "incomplete"),
        ("AT+CFUN=1", "O", "incomplete"),
        ("AT+CPIN?", "+CPIN: READY\r\n\r\nO", "incomplete"),
        ("AT+CSQ", "+CSQ: 1", "incomplete"),
        ("AT+CPINR", "+CPINR: SIM PIN", "incomplete"),
        ("AT+CFUN=1", "\r\nOK\r\n", "ok"),
        ("AT+CGSN", "49015420", "incomplete"),
        ("AT+CREG?", '+CREG: 2,1,"54DB","0F6', "incomplete"),
        ("AT+CGDCONT?", "\r\nOK\r\n", "ok"),
        ("AT+CEREG=3", "\r\n+CEREG: 2\r\n\r\nOK\r\n", "ok"),
        ("AT+CEREG?", "\r\n+CEREG: 2\r\n\r\nOK\r\n", "incomplete"),
        ("AT+CLAC", "+CGMI\r\n+CGMM\r\nOK\r\n", "ok"),
        ("AT+NOSUCH?", "+NOSUCH: 1\r\n", "ok"),
        ("AT+NOSUCH?", "what", "incomplete"),
        ("", "", "incomplete"),
        ("hello", "world", "incomplete"),
    ],
)
def test_a_reply_without_final_code_is_judged_by_its_command(command: str, response: str, result: str) -> None:
    values(command, response, result)


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        ("SM33", 33),
        ("ESM cause: 27", 27),
        ("EMM cause 15", 15),
        ("EMM_CAUSE_ESM_FAILURE", 19),
        ("NO_SUITABLE_CELLS_IN_TRACKING_AREA", 15),
        ("0,NONE", None),
        ("0,0,5,16,normal call clearing", None),
    ],
)
def test_the_cause_in_words_without_a_grammar(words: str, cause: int | None) -> None:
    found = values("AT+CEER", f"+CEER: {words}\r\n\r\nOK\r\n")
    assert (found["text"], found.get("cause")) == (words, cause)
    assert ("meaning" in found) == (cause is not None)


def test_several_commands_in_one_line() -> None:
    found = values("AT+CGMI;+CGMM;+CSQ", "huawei\r\nE3372\r\n+CSQ: 20,99\r\n\r\nOK\r\n")
    assert found["rssi_dbm"] == -73
    both = values("AT+CGMM;+CGMI", "E3372\r\nhuawei\r\nOK\r\n")
    assert both == {"model": "E3372", "manufacturer": "huawei"}


def test_commands_about_the_same_contexts_are_told_together() -> None:
    response = '+CGDCONT: 1,"IP","a"\r\n+CGDCONT: 2,"IP","b"\r\n+CGACT: 1,1\r\n+CGAUTH: 2,1,"u"\r\n\r\nOK\r\n'
    assert values("AT+CGDCONT?;+CGACT?;+CGAUTH?", response)["contexts"] == [
        {"cid": 1, "type": "IP", "apn": "a", "active": True},
        {"cid": 2, "type": "IP", "apn": "b", "auth": "pap", "user": "u", "password_shown": False},
    ]


def test_lines_in_between_are_kept_apart() -> None:
    found = values("AT+CSQ", '^RSSI: 20\r\nAT+CSQ\r\r\n^MODE: 17\r\n+CSQ: 31,99\r\n\r\nOK\r\n+CMTI: "ME",1\r\n')
    assert found["rssi_dbm"] == -51
    assert found["unsolicited"] == ["^MODE: 17", '+CMTI: "ME",1']


@pytest.mark.parametrize(
    ("command", "response", "user"),
    [
        ("AT+CGAUTH?", '+CGAUTH: 1,2,"u-ser","sEcret-77"\r\nOK\r\n', "u-ser"),
        ("AT+QICSGP=1", '+QICSGP: 1,"apn","u-ser","sEcret-77",2\r\nOK\r\n', "u-ser"),
        ("AT$QCPDPP?", '$QCPDPP: 1,2,"sEcret-77","u-ser"\r\nOK\r\n', "u-ser"),
        ("AT^AUTHDATA?", '^AUTHDATA: 1,2,"","sEcret-77","u-ser"\r\nOK\r\n', None),
    ],
)
def test_a_password_is_only_said_to_be_there(command: str, response: str, user: str | None) -> None:
    found = values(command, response)
    (context,) = found["contexts"]
    assert context["cid"] == 1 and context["auth"] == "chap" and context.get("user") == user
    assert context["password_shown"] is True and found["password_shown"] is True
    assert "sEcret-77" not in json.dumps(decode(command, response))


@pytest.mark.parametrize("command", ["ATI", "AT+CGMM", "AT+CEER", "AT+CSQ", "", "URC", "AT+CGMI;+CGMM"])
def test_a_secret_in_the_wrong_place_is_hidden(command: str) -> None:
    response = '+CGAUTH: 1,2,"u","sEcret-77"\r\nAT+CPIN="71935264"\r\n^AUTHDATA: 1,1,"sEcret-77"\r\n\r\nOK\r\n'
    assert not {"sEcret-77", "71935264"} & set(json.dumps(decode(command, response)).replace("\\", "").split('"'))


def test_the_command_comes_back_without_its_secrets() -> None:
    answer = decode('AT+CPIN="71935264"', 'AT+CPIN="71935264"\r\r\n+CME ERROR: 16\r\n')
    assert answer["command"] == 'AT+CPIN="****"'
    assert answer["values"] == {"error": "+CME ERROR", "cause": 16, "meaning": "Incorrect password"}


LOG = """\
AT+CGSN
490154203237518

OK
> AT+CPIN?
< +CPIN: SIM PIN
< OK
+CEREG: 1,"1F00","79D903",7
+CSQ: 20,99
^RSSI: 20
[12:00:01.123] TX: AT+CPIN="71935264"
[12:00:01.323] RX: +CME ERROR: incorrect password
AT+CIMI
"""


def test_a_pasted_log() -> None:
    answers = decode_text(LOG)
    assert [(answer["command"], answer["result"]) for answer in answers] == [
        ("AT+CGSN", "ok"),
        ("AT+CPIN?", "ok"),
        ("URC", "ok"),
        ("AT+CSQ", "ok"),
        ("URC", "ok"),
        ('AT+CPIN="****"', "error"),
        ("AT+CIMI", "incomplete"),
    ]
    assert [answers[0]["values"], answers[1]["values"]] == [{"imei": "490154203237518"}, {"lock": "SIM PIN"}]


def commands(text: str) -> list[tuple[object, object]]:
    return [(answer["command"], answer["result"]) for answer in decode_text(text)]


def test_a_transcript_of_our_own_with_echo_and_written_out_line_ends() -> None:
    text = (
        "# recorded\n> AT+CGSN\n< AT+CGSN\\r\\r\\n\n< 490154203237518\\r\\n\n< OK\n"
        "> AT+CMGS=5\n< \\r\\n> \\c\n> hello\n< +CMS ERROR: 500\n"
    )
    assert commands(text) == [("AT+CGSN", "ok"), ("AT+CMGS=5", "error")]


def test_a_log_quoted_in_a_mail() -> None:
    assert commands("> AT+CPIN?\n> +CPIN: SIM PUK\n> OK\n> +CREG: 2\n") == [("AT+CPIN?", "ok"), ("URC", "ok")]


def test_a_command_cut_off_by_the_next() -> None:
    assert commands("AT+CPIN?\nAT+CPIN?\n+CPIN: READY\nOK\nAT+CIMI\nAT+CSQ\n+CSQ: 5,99\nOK") == [
        ("AT+CPIN?", "ok"),
        ("AT+CIMI", "incomplete"),
        ("AT+CSQ", "ok"),
    ]


def test_json_lines() -> None:
    lines = [
        json.dumps({"command": "AT+CPIN?", "response": "+CPIN: READY\r\nOK\r\n"}),
        '{"command": "AT+CPIN?", "resp',
        '{"command": "AT+CPIN?"}',
        '["AT+CPIN?"]',
        "[" * 100000,
        json.dumps({"command": "AT+CFUN?", "response": "\ud800\r\n+CFUN: 1\r\nOK\r\n"}),
    ]
    answers = run_decode("\n".join(lines), True)
    assert [answer["result"] for answer in answers] == ["ok", "error", "error", "error", "error", "ok"]
    assert all(answer["schema"] == 1 and set(answer) == {"schema", "command", "result", "values"} for answer in answers)
    json.dumps(answers, ensure_ascii=False).encode("utf-8")


def test_pasted_text_is_understood_with_json_output_too() -> None:
    assert run_decode(LOG, True) == run_decode(LOG, False)


PIECES = st.sampled_from(
    [
        "AT+CPIN?", "+CPIN: SIM PIN", "OK", "ERROR", "+CME ERROR: 16", "\r\n", "\n", "\r", '"', ",", ";", "+CREG: 2,1",
        "^RSSI: 9", "+CGAUTH: 1,2,", '+CSIM: 4,"63C3"', "> ", "< ", "[12:00] ", "AT",
        "+COPS: (2,\"a\"", "+CGEV: NW DETACH", "\x00", "é",
    ]
)  # fmt: skip
TEXT = st.lists(PIECES | st.text(max_size=10), max_size=12).map("".join)
COMMAND = st.sampled_from(
    [
        "",
        "URC",
        "ICCID-value",
        "AT+CPIN?",
        "AT+CREG?;+CSQ",
        "AT+CGAUTH?",
        "AT+QICSGP=1",
        "ATI",
        "AT+COPS=?",
        "AT+CSIM=1",
    ]
)


@given(COMMAND | TEXT, TEXT)
def test_no_reply_raises(command: str, response: str) -> None:
    answer = decode(command, response)
    assert set(answer) == {"command", "result", "values"}
    assert answer["result"] in ("ok", "error", "incomplete")
    json.dumps(answer, ensure_ascii=False).encode("utf-8")


@given(st.binary(max_size=120), COMMAND)
def test_no_bytes_raise(data: bytes, command: str) -> None:
    for text in (data.decode("latin-1"), data.decode("utf-8", "surrogateescape")):
        assert decode(command, text)["result"] in ("ok", "error", "incomplete")


@given(TEXT, st.booleans())
def test_no_log_raises(text: str, as_json: bool) -> None:
    for answer in run_decode(text, as_json):
        assert answer["result"] in ("ok", "error", "incomplete")


@given(
    st.sampled_from(["+CGAUTH", "+QICSGP", "#PDPAUTH", "%IPDPCFG", "^AUTHDATA"]),
    st.integers(0, 60),
    st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters='"'), max_size=8),
)
def test_a_torn_reply_never_gives_the_password_away(name: str, cut: int, user: str) -> None:
    fields = {"+QICSGP": f'1,"apn","{user}","Zq7kWx2v",2', "%IPDPCFG": f'1,0,2,"{user}","Zq7kWx2v"'}
    line = f"{name}: " + fields.get(name, f'1,2,{chr(34) * 2 + "," if name[0] == "^" else ""}"{user}","Zq7kWx2v"')
    form = "=1" if name == "+QICSGP" else "?"
    shown = json.dumps(decode(f"AT{name}{form}", line[:cut] + "\r\nOK\r\n"))
    assert "Zq7k" not in shown
