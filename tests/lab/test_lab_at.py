"""The AT ports of the lab: line discipline, SIM, closed network, and what each fault looks like from outside."""

from __future__ import annotations

import csv
import re
import time

import pytest
from host import SECONDS, At, Gone, Host, Stalled, bulk_pairs, devlist, take, wait_for_device

CGDCONT = '+CGDCONT=1,"IP","closed.pref.example"'


@pytest.fixture
def plug(lab):
    """Start a lab of one CDC-ACM stick (AT on endpoints 0x01 and 0x82) and talk to it."""
    hosts = []

    def start(*faults, model="cdc-acm", **wanted):
        running = lab(1, [model], faults, **wanted)
        host = Host(running.bus)
        hosts.append(host)
        pairs = bulk_pairs(host)
        return running, At(host, *pairs[{"cdc-acm": 1, "quectel-ec25": 2}[model]])

    yield start
    for host in hosts:
        host.sock.close()


def secrets_of(running) -> dict[str, str]:
    with running.sims.open(newline="") as file:
        return next(csv.DictReader(file))


def registration(at: At) -> str:
    """The +CEREG answer once the search is over."""
    deadline = time.monotonic() + SECONDS
    while True:
        line = [line for line in at.lines("+CEREG?") if line.startswith("+CEREG")][-1]
        if not re.match(r"\+CEREG: \d,2", line):
            return line
        assert time.monotonic() < deadline


def provision(running, at: At, *, apn="closed.pref.example", auth=2, user=None, password=None) -> None:
    row = secrets_of(running)
    assert at.lines(f'+CGDCONT=1,"IP","{apn}"') == ["OK"]
    user, password = user or row["user"], password or row["password"]
    assert at.lines(f'+CGAUTH=1,{auth},"{user}","{password}"') == ["OK"]


def test_command_lines(plug):
    _running, at = plug()
    assert at.ask("") == "\r\nOK\r\n"
    assert at.ask("E0V1X4&C1") == "\r\nOK\r\n"
    at.host.out(0x01, b"at\r\n")
    assert at.host.in_(0x82) == b"\r\nOK\r\n"
    assert at.lines("+CMEE=1;+CMEE?") == ["+CMEE: 1", "OK"]
    assert at.lines("+NOSUCH") == ["+CME ERROR: 100"]
    assert at.lines("+CMEE=2;+NOSUCH;+CMEE=0") == ["+CME ERROR: unknown"]
    assert at.lines("+CMEE=0") == ["OK"]
    assert at.lines("+NOSUCH") == ["ERROR"]
    assert at.lines("+CGMI;+CGMM") == ["Practice Works", "LTE Stick", "OK"]
    assert at.lines("S3?") == ["013", "OK"]
    assert at.lines("D*99***1#") == ["NO CARRIER"]
    at.host.out(0x01, b"junk\r")
    assert at.host.silent(0x82)


def test_a_line_may_come_in_pieces(plug):
    _running, at = plug()
    at.host.out(0x01, b"AT+C")
    at.host.out(0x01, b"GM")
    assert at.host.silent(0x82)
    at.host.out(0x01, b"M\r")
    assert at.host.in_(0x82) == b"AT+CGMM\r\r\nLTE Stick\r\n\r\nOK\r\n"


def test_identity(plug):
    running, at = plug()
    dongle = running.status()[0]
    assert at.lines("+CGSN")[0] == dongle["imei"]
    assert at.lines("+CGSN=1")[0] == f'+CGSN: "{dongle["imei"]}"'
    answer = at.lines("+CRSM=176,12258,0,0,10")[0]
    swapped = re.fullmatch(r'\+CRSM: 144,0,"([0-9F]{20})"', answer)[1]
    assert "".join(swapped[i + 1] + swapped[i] for i in range(0, 20, 2)).rstrip("F") == dongle["iccid"]
    assert at.lines('+CSIM=14,"00A40004022FE2"')[0] == '+CSIM: 4,"9000"'
    assert at.lines('+CSIM=10,"00B000000A"')[0] == f'+CSIM: 24,"{swapped}9000"'
    assert at.lines("+CRSM=176,28486,0,0,17")[0] == "+CRSM: 106,130"
    assert re.fullmatch(r"44010\d{10}", at.lines("+CIMI")[0])


def test_pin_counters(plug):
    running, at = plug("pin-locked")
    pin = secrets_of(running)["pin"]
    wrong = "0000" if pin != "0000" else "1111"
    assert at.lines("+CMEE=1;+CPIN?") == ["+CPIN: SIM PIN", "OK"]
    assert at.lines("+CIMI") == ["+CME ERROR: 11"]
    assert at.lines(f'+CPIN="{wrong}"') == ["+CME ERROR: 16"]
    assert at.lines('+CPINR="SIM PIN"')[0] == "+CPINR: SIM PIN,2,3"
    assert at.lines('+CSIM=10,"0020000100"')[0] == '+CSIM: 4,"63C2"'
    assert running.status()[0]["pin_tries"] == 2
    assert at.lines(f'+CPIN="{pin}"') == ["OK"]
    assert (running.status()[0]["pin_tries"], running.status()[0]["locked"]) == (3, False)
    assert at.lines(f'+CPIN="{pin}"') == ["+CME ERROR: 3"]
    assert at.lines('+CLCK="SC",2')[0] == "+CLCK: 1"
    assert at.lines(f'+CPWD="SC","{pin}","987654"') == ["OK"]
    assert at.lines(f'+CLCK="SC",0,"{wrong}"') == ["+CME ERROR: 16"]
    assert at.lines('+CLCK="SC",0,"987654"') == ["OK"]
    assert (running.status()[0]["pin_enabled"], running.status()[0]["pin_tries"]) == (False, 3)


def test_a_third_wrong_pin_wants_the_puk_and_ten_wrong_puks_end_the_card(plug):
    running, at = plug("pin-locked", "pin-tries=1")
    pin = secrets_of(running)["pin"]
    wrong = "0000" if pin != "0000" else "1111"
    assert at.lines(f'+CMEE=1;+CPIN="{wrong}"') == ["+CME ERROR: 16"]
    assert at.lines("+CPIN?")[0] == "+CPIN: SIM PUK"
    assert at.lines(f'+CPIN="{pin}"') == ["+CME ERROR: 12"]
    for left in range(9, -1, -1):
        assert at.lines('+CPIN="99999999","1234"') == ["+CME ERROR: 16"]
        assert running.status()[0]["puk_tries"] == left
    assert at.lines("+CPIN?") == ["+CME ERROR: 13"]


def test_the_closed_network_admits_who_is_right(plug):
    running, at = plug()
    assert registration(at).startswith("+CEREG: 0,3")
    provision(running, at, apn="Closed.PREF.example")
    assert running.status()[0]["attached"] is False  # what was written acts at the next attach
    assert at.lines("+CGATT=0") == ["OK"]
    assert at.lines("+CGATT=1") == ["OK"]
    assert registration(at) == "+CEREG: 0,1"
    assert at.lines("+CEREG=2;+CEREG?")[0] == '+CEREG: 2,1,"54DB","0F6B0578",7'
    assert at.lines("+CGACT?")[0] == "+CGACT: 1,1"
    assert at.lines("+COPS?")[0] == '+COPS: 0,0,"Closed Network",7'
    assert '"Closed.PREF.example.mnc010.mcc440.gprs"' in at.lines("+CGCONTRDP=1")[0]
    context = running.status()[0]["contexts"][0]
    assert (context["auth"], context["password_right"]) == ("chap", True)


@pytest.mark.parametrize(
    ("wrong", "emm", "esm"),
    [
        ({"apn": "open.example"}, 19, 27),
        ({"user": "somebody"}, 19, 29),
        ({"password": "something"}, 19, 29),
        ({"auth": 1}, 19, 29),
    ],
)
def test_the_closed_network_says_what_is_wrong(plug, wrong, emm, esm):
    running, at = plug()
    provision(running, at, **wrong)
    at.lines("+CEREG=3")
    assert at.lines("+CGATT=0;+CFUN=4;+CFUN=1")[-1] == "OK"
    assert registration(at) == f"+CEREG: 3,3,,,,0,{emm}"
    assert f"ESM cause {esm} " in at.lines("+CEER")[0]
    assert running.status()[0]["cause"] == esm


@pytest.mark.parametrize(("fault", "cause"), [("wrong-imei", 5), ("reject=8", 8), ("reject=2", 2)])
def test_the_closed_network_refuses_subscribers_and_devices(plug, fault, cause):
    running, at = plug(fault)
    provision(running, at)
    assert at.lines("+CMEE=1;+CGATT=1")[0].startswith("+CME ERROR")
    assert at.lines("+CEREG=3;+CEREG?")[0] == f"+CEREG: 3,3,,,,0,{cause}"


def test_registration_is_told_to_the_port_that_asked(plug):
    running, at = plug()
    provision(running, at)
    at.lines("+CEREG=2;+CGATT=0")
    at.lines("+CFUN=4")
    assert "OK" in at.lines("+CFUN=1")
    text = at.host.in_(0x82).decode()
    assert '+CEREG: 1,"54DB","0F6B0578",7' in text


def test_quectel_keeps_credentials_its_own_way(plug):
    running, at = plug(model="quectel-ec25")
    row = secrets_of(running)
    assert at.lines(f'+QICSGP=1,1,"closed.pref.example","{row["user"]}","{row["password"]}",2') == ["OK"]
    assert at.lines("+QICSGP=1")[0] == f'+QICSGP: 1,"closed.pref.example","{row["user"]}","{row["password"]}",2'
    assert at.lines("+CGDCONT?")[0].startswith('+CGDCONT: 1,"IP","closed.pref.example"')
    assert at.lines("+QPINC?")[0] == '+QPINC: "SC",3,10'
    assert at.lines("+CGATT=1") == ["OK"]
    assert running.status()[0]["attached"] is True


def test_drop_leaves_the_bus_at_the_command_and_comes_back(plug):
    running, at = plug("drop=3")
    before = devlist(running.bus)["1-1"]["devnum"]
    at.ask("")
    at.ask("")
    with pytest.raises(Gone):
        at.ask("")
    assert wait_for_device(running.bus, "1-1")["devnum"] != before
    with Host(running.bus) as host:
        assert At(host, 0x01, 0x82).ask("") == "\r\nOK\r\n"


def test_gone_never_comes_back(plug):
    running, at = plug("gone=1", absence=0.0)
    with pytest.raises(Gone):
        at.ask("")
    assert devlist(running.bus) == {}
    assert running.status()[0]["mode"] == "absent"


def test_storage_again_comes_back_as_storage_so_often(lab):
    running = lab(1, ["zte-1428"], ["storage-again=2"])
    message = bytes.fromhex("55534243123456782000000080000c85010101180101010101000000000000")
    for boots in (2, 3, 4):
        wait_for_device(running.bus, "1-1", "19d2:1421")
        with Host(running.bus) as host:
            host.out(bulk_pairs(host)[0][0], message)
            with pytest.raises(Gone):
                take(host.sock, 1)
        wait_for_device(running.bus, "1-1")
        assert running.status()[0]["boots"] == boots
    assert running.status()[0]["mode"] == "modem"


def test_noise_comes_between_command_and_answer(plug):
    _running, at = plug("noise")
    text = at.ask("+CGMM")
    assert re.fullmatch(r"\r\n[+].*\r\n\r\nLTE Stick\r\n\r\nOK\r\n", text)


def test_pieces_are_single_bytes(plug):
    _running, at = plug("pieces")
    at.host.out(0x01, b"AT\r")
    assert [at.host.in_(0x82) for _index in range(9)] == [bytes([b]) for b in b"AT\r\r\nOK\r\n"]


def test_slow_and_delay_add_up(plug):
    _running, at = plug("slow=0.2", delay=0.1)
    begin = time.monotonic()
    at.ask("")
    assert time.monotonic() - begin >= 0.3


def test_deaf_swallows_everything(plug):
    running, at = plug("deaf")
    at.host.out(0x01, b"AT\r")
    assert at.host.silent(0x82)
    assert running.status()[0]["commands"] == 1


def test_half_stops_in_the_middle(plug):
    _running, at = plug("half=2")
    assert at.lines("+CGMM") == ["LTE Stick", "OK"]
    at.host.out(0x01, b"AT+CGMM\r")
    assert b"OK" not in at.host.in_(0x82)
    assert at.host.silent(0x82)


def test_no_dtr_stalls_the_request_and_still_talks(plug):
    _running, at = plug("no-dtr")
    with pytest.raises(Stalled):
        at.host.control(0x21, 0x22, 3)
    assert at.ask("") == "\r\nOK\r\n"


def test_truncate_acknowledges_and_stores_less(plug):
    running, at = plug("truncate")
    assert at.lines(CGDCONT) == ["OK"]
    assert running.status()[0]["contexts"][0]["apn"] == "closed.pref."


def test_forget_loses_it_at_the_power_cycle(plug):
    running, at = plug("forget")
    assert at.lines(CGDCONT) == ["OK"]
    assert at.lines("+CFUN=1,1") == ["OK"]
    with pytest.raises(Gone):
        take(at.host.sock, 1)
    wait_for_device(running.bus, "1-1")
    assert running.status()[0]["contexts"][0]["apn"] == "internet"


def test_what_is_written_stays_over_a_power_cycle_otherwise(plug):
    running, at = plug()
    assert at.lines(CGDCONT) == ["OK"]
    running.replug("1-1")
    with pytest.raises(Gone):
        take(at.host.sock, 1)
    wait_for_device(running.bus, "1-1")
    assert running.status()[0]["contexts"][0]["apn"] == "closed.pref.example"


def test_swapped_auth_takes_them_the_other_way_round(plug):
    running, at = plug("swapped-auth")
    row = secrets_of(running)
    at.lines(CGDCONT)
    at.lines(f'+CGAUTH=1,2,"{row["password"]}","{row["user"]}"')
    assert running.status()[0]["contexts"][0]["password_right"] is True


def test_busy_answers_sim_commands_so_often(plug):
    _running, at = plug("busy=2")
    assert at.lines("+CMEE=1;+CPIN?") == ["+CME ERROR: 14"]
    assert at.lines("+CIMI") == ["+CME ERROR: 14"]
    assert at.lines("+CPIN?") == ["+CPIN: READY", "OK"]


def test_puk_locked(plug):
    running, at = plug("puk-locked")
    assert at.lines("+CPIN?")[0] == "+CPIN: SIM PUK"
    assert running.status()[0]["pin_tries"] == 0


def test_no_sim(plug):
    running, at = plug("no-sim")
    assert at.lines("+CMEE=1;+CPIN?") == ["+CME ERROR: 10"]
    assert running.status()[0]["iccid"] is None


def test_refuse_is_by_command(plug):
    _running, at = plug("refuse=+CGAUTH", "refuse=+CEER")
    assert at.lines("+CGAUTH?") == ["ERROR"]
    assert at.lines("+CEER") == ["ERROR"]
    assert at.lines("+CSQ")[0] == "+CSQ: 20,99"


def test_same_imei_twice(lab):
    running = lab(3, ["cdc-acm"], ["same-imei@3"])
    first, second, third = [dongle["imei"] for dongle in running.status()]
    assert first == third != second
