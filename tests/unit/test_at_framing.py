"""Bytes to replies: whatever the pieces, the echo, the noise and the line ends, one reply comes out."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dongle_cli.modem.at import Final, Reply, ReplyReader, names, quote, split_fields


def read(command: str, data: bytes, *, size: int = 1, expect_echo: bool = False) -> Reply | None:
    """The reply to `command` when `data` arrives in pieces of `size` bytes and then silence."""
    reader = ReplyReader(command, expect_echo=expect_echo)
    for start in range(0, len(data), size):
        if reply := reader.feed(data[start : start + size]):
            return reply
    return reader.at_deadline()


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
@pytest.mark.parametrize(
    "data",
    [
        b"\r\n490154203237518\r\n\r\nOK\r\n",
        b"AT+CGSN\r\r\n490154203237518\r\n\r\nOK\r\n",
        b"at+cgsn\r490154203237518\r\r\nOK\r\n",
        b"\r\n^RSSI: 20\r\n^BOOT:1,0,0,0,6\r\nAT+CGSN\r\r\n490154203237518\r\nOK\r\n",
        b"\x00\xff\xfeAT+CGSN\r\n490154203237518\nOK\n",
    ],
)
def test_one_answer_however_it_arrives(data: bytes, size: int) -> None:
    reply = read("+CGSN", data, size=size)
    assert reply == Reply("+CGSN", ("490154203237518",), Final(True, "OK"))


@pytest.mark.parametrize("size", [1, 1000])
def test_lines_that_nobody_asked_for_are_set_aside(size: int) -> None:
    data = b'AT+CPIN?\r\r\n\r\n^RSSI:18\r\n+CREG: 1,"00C3","0102"\r\nRING\r\n+CPIN: READY\r\n+UUPSDA: 1\r\n\r\nOK\r\n'
    reply = read("AT+CPIN?", data, size=size)
    assert reply is not None and reply.ok
    assert reply.lines == ("+CPIN: READY",)
    assert reply.urcs == ("^RSSI:18", '+CREG: 1,"00C3","0102"', "RING", "+UUPSDA: 1")


def test_a_message_and_its_header_are_set_aside_together() -> None:
    reply = read("+CSQ", b"\r\n+CMT: ,24\r\n07918130...\r\n\r\n+CSQ: 20,99\r\n\r\nOK\r\n")
    assert reply is not None and reply.lines == ("+CSQ: 20,99",)
    assert reply.urcs == ("+CMT: ,24", "07918130...")


def test_an_answer_and_a_report_of_the_same_name_are_told_apart() -> None:
    data = b'\r\n+CEREG: 2\r\n\r\n+CEREG: 3,3,,,,0,19\r\n\r\nOK\r\n+CEREG: 1,"0001","00000101",7\r\n'
    reply = read("+CEREG?", data, size=1000)
    assert reply is not None and reply.lines == ("+CEREG: 3,3,,,,0,19",)
    assert reply.urcs == ("+CEREG: 2", '+CEREG: 1,"0001","00000101",7')
    setting = read("+CEREG=3", b'\r\n+CEREG: 2,1,"0001","00000101",7\r\n\r\nOK\r\n')
    assert setting is not None and setting.lines == ()


def test_what_follows_the_final_code_is_unsolicited() -> None:
    reply = read("+CFUN=1", b'\r\nOK\r\n\r\n+CMTI: "ME",1\r\n', size=1000)
    assert reply == Reply("+CFUN=1", (), Final(True, "OK"), ('+CMTI: "ME",1',))


def test_a_late_final_code_before_the_echo_does_not_count() -> None:
    data = b"\r\nERROR\r\nAT+CIMI\r\r\n440101234567890\r\n\r\nOK\r\n"
    reply = read("+CIMI", data, expect_echo=True)
    assert reply is not None and reply.lines == ("440101234567890",)


@pytest.mark.parametrize(
    ("data", "final"),
    [
        (b"\r\nERROR\r\n", Final(False, "ERROR")),
        (b"\r\n+CME ERROR: 16\r\n", Final(False, "+CME ERROR", 16)),
        (b"\r\n+CME ERROR: SIM busy\r\n", Final(False, "+CME ERROR", 14, "SIM busy")),
        (b"\r\n+CME ERROR: simbusy\r\n", Final(False, "+CME ERROR", 14, "simbusy")),
        (b"\r\n+CME ERROR:515\r\n", Final(False, "+CME ERROR", 515)),
        (b"\r\n+CME ERROR: bananas\r\n", Final(False, "+CME ERROR", None, "bananas")),
        (b"\r\n+CMS ERROR: 500\r\n", Final(False, "+CMS ERROR", 500)),
        (b"\r\nMODEM ERROR: 5\r\n", Final(False, "MODEM ERROR", 5)),
        (b"\r\nCOMMAND NOT SUPPORT\r\n", Final(False, "COMMAND NOT SUPPORT")),
        (b"\r\nNO CARRIER\r\n", Final(False, "NO CARRIER")),
        (b"\r\nCONNECT 150000000\r\n", Final(True, "CONNECT", None, "150000000")),
        (b"\r\n> ", Final(True, ">")),
    ],
)
def test_final_result_codes(data: bytes, final: Final) -> None:
    reply = read("+X", data, size=1000)
    assert reply is not None and reply.final == final and reply.ok is final.ok


@pytest.mark.parametrize(
    "data", [b"", b"\r\n", b"AT+CPIN?\r", b"\r\n+CPIN: REA", b"\r\n+CPIN: READY", b"\r\nUNKNOWN\r\n\x00"]
)
def test_silence_and_half_lines_are_no_reply(data: bytes) -> None:
    reader = ReplyReader("+CPIN?")
    assert reader.feed(data) is None
    assert reader.at_deadline() is None
    assert reader.received == data


def test_a_firmware_without_ok_is_believed_for_answers_of_one_line() -> None:
    reply = read("+CPIN?", b"\r\n+CPIN: READY\r\n")
    assert reply is not None and reply.ok and reply.lines == ("+CPIN: READY",)
    assert read("+CGDCONT?", b'\r\n+CGDCONT: 1,"IP","a"\r\n') is None  # there may be more of them
    assert read("+CFUN=4", b"\r\nOK") is not None


def test_text_that_is_no_utf_8_is_kept() -> None:
    reply = read("+COPS?", b'\r\n+COPS: 0,0,"M\xf3vil"\r\n\r\nOK\r\n')
    assert reply is not None and reply.lines == ('+COPS: 0,0,"M\u00f3vil"',)


LINE = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=30).filter(lambda t: ">" not in t)


@given(
    lines=st.lists(LINE, max_size=6),
    final=st.sampled_from(["OK", "ERROR", "+CME ERROR: 14", "NO CARRIER"]),
    end=st.sampled_from(["\r\n", "\n", "\r\r\n"]),
    cuts=st.lists(st.integers(0, 300), max_size=20),
    command=st.sampled_from(["+CEREG?", "+CGSN", "+CPIN?", "I"]),
)
def test_the_pieces_never_matter(lines: list[str], final: str, end: str, cuts: list[int], command: str) -> None:
    data = end.join([*lines, final, ""]).encode()
    whole = ReplyReader(command).feed(data)
    reader, pieces = ReplyReader(command), None
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    for start, stop in pairwise(places):
        pieces = pieces or reader.feed(data[start:stop])
    assert whole is not None and pieces is not None
    assert (pieces.lines, pieces.final) == (whole.lines, whole.final)
    assert pieces.urcs == whole.urcs[: len(pieces.urcs)]


@given(st.binary(max_size=200), st.sampled_from(["+CPIN?", "", "AT", "+CREG?", '+CPIN="1"']))
def test_noise_never_raises(data: bytes, command: str) -> None:
    reader = ReplyReader(command)
    reader.feed(data)
    reader.at_deadline()
    assert reader.received == data


def test_a_word_that_ends_like_the_command_is_no_echo() -> None:
    reply = read("ATI", b"ATI\r\r\nManufacturer: Maserati\r\nModel: 1\r\n\r\nOK\r\n")
    assert reply is not None and reply.lines == ("Manufacturer: Maserati", "Model: 1")
    reply = read("ATI", b"Manufacturer: Maserati\r\nModel: 1\r\n\r\nOK\r\n")
    assert reply is not None and reply.lines == ("Manufacturer: Maserati", "Model: 1")


def test_fields() -> None:
    assert split_fields('1,"IP","a,b",,(0-2,4), 7 ') == ["1", "IP", "a,b", "", "(0-2,4)", "7"]
    assert split_fields('2,1,"0001,"0010"') == ["2", "1", "0001", "0010"]  # one quote was lost
    assert split_fields("") == [""]


@given(st.text(max_size=60))
def test_fields_never_raise(text: str) -> None:
    assert len(split_fields(text)) >= 1


@given(st.text(st.characters(max_codepoint=0x7F), max_size=40))
def test_a_quoted_string_cannot_end_the_command(value: str) -> None:
    quoted = quote(value)
    assert quoted.startswith('"') and quoted.endswith('"') and '"' not in quoted[1:-1]
    assert not any(ord(char) < 0x20 for char in quoted)


@pytest.mark.parametrize(
    ("command", "found"),
    [
        ("AT+CREG?;+CSQ", ["+CREG?", "+CSQ"]),
        ("ate0v1+cmee=1", ["E0", "V1", "+CMEE="]),
        ('AT+CPIN="12;34";+CREG=?', ["+CPIN=", "+CREG=?"]),
        ("ATD*99***1#", ["D"]),
        ("AT", []),
        ("", []),
    ],
)
def test_the_commands_of_a_line(command: str, found: list[str]) -> None:
    assert names(command) == found
