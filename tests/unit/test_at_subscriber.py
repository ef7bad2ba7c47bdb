"""IMSI and telephone numbers are masked in what is shown and kept; the rest of a dialogue stays as it was said."""

from __future__ import annotations

import pytest

from dongle_cli.identity import without_subscriber

MASKED = [
    ("AT+CIMI", "440101476750002", "44010******0002"),
    ("AT+CIMI", '+CIMI: "440101476750002"', '+CIMI: "44010******0002"'),
    ("at + c i m i", "440101476750002", "44010******0002"),
    ("AT#CIMI", "#CIMI: 440101476750002", "#CIMI: 44010******0002"),
    ("AT+CGMM;+CIMI", "440101476750002", "44010******0002"),
    ("AT+CNUM", '+CNUM: "","02007650002",129', '+CNUM: "","*******0002",129'),
    ("AT+CNUM", '+CNUM: "","+8190123405678",145', '+CNUM: "","+*********5678",145'),
    ("AT*CNUM", '*CNUM: "","09012345678",129', '*CNUM: "","*******5678",129'),
    ("AT^DCPBR=1", '^DCPBR: 1,"09012345678",129', '^DCPBR: 1,"*******5678",129'),
    ("AT+CPBR=1,5", '+CPBR: 1,"09012345678",129,"x"', '+CPBR: 1,"*******5678",129,"x"'),
    ("AT+CSCA?", '+CSCA: "+819012345678",145', '+CSCA: "+********5678",145'),
    ("AT+CSQ", '+CLIP: "09012345678",129', '+CLIP: "*******5678",129'),
    ("AT+CRSM=176,28423,0,0,9", '+CRSM: 144,0,"084904010167050020"', '+CRSM: 144,0,"**************0020"'),
]
KEPT = [
    ("AT+CGSN", "490154203237518"),
    ("AT+CCID", "+CCID: 8981100012345678906"),
    ("AT+CRSM=176,12258,0,0,10", '+CRSM: 144,0,"98180100214365870960"'),
    ("AT+CMEE=1", "OK"),
    ("AT+CNMI?", "+CNMI: 2,1,0,0,0"),
    ("AT+CSQ", '+CMTI: "SM",12345'),
    ("AT+CNUM", "+CME ERROR: 14"),
]
SENT = [
    ("ATD09012345678;", "ATD*******5678;"),
    ('AT+CPBW=1,"09012345678",129,"x"', 'AT+CPBW=1,"*******5678",129,"x"'),
    ("AT+CRSM=176,28423,0,0,9", "AT+CRSM=176,28423,0,0,9"),
    ("ATD*99***1#", "ATD*99***1#"),
]


@pytest.mark.parametrize(("command", "line", "shown"), MASKED)
def test_a_subscribers_numbers_are_masked(command: str, line: str, shown: str) -> None:
    assert without_subscriber(command, line) == shown
    assert without_subscriber(command, shown) == shown, "masked twice is masked once: a replay compares so"


@pytest.mark.parametrize(("command", "line"), KEPT)
def test_other_numbers_stay(command: str, line: str) -> None:
    assert without_subscriber(command, line) == line


@pytest.mark.parametrize(("command", "shown"), SENT)
def test_a_command_is_masked_by_itself(command: str, shown: str) -> None:
    assert without_subscriber(command, command) == shown
