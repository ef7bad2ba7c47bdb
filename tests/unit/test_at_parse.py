"""The dialects: PIN counters, authentication and registration in the words of each family."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dongle_cli.modem import parse
from dongle_cli.modem.parse import ContextAuth, Registration, pin_retries
from dongle_cli.secrets import Secret

PIN, PUK, PIN2, PUK2 = "SIM PIN", "SIM PUK", "SIM PIN2", "SIM PUK2"
ALL = {PIN: 2, PUK: 10, PIN2: 3, PUK2: 9}


@pytest.mark.parametrize(
    ("reader", "lines", "counters"),
    [
        ("+CPINR", ["+CPINR: SIM PIN,2,3", '+CPINR: "SIM PUK",10', "+CPINRE: 7"], {PIN: 2, PUK: 10}),
        ("+CPINR", ["+CPINR: 3"], None),
        ("^CPIN", ["^CPIN: READY,,10,2,9,3"], ALL),
        ("^CPIN", ["^CPIN: SIM PIN,2,10,2,9,3"], ALL),
        ("^CPIN", ["^CPIN: SIM PUK,7"], {PUK: 7}),
        ("+QPINC", ['+QPINC: "SC",2,10', '+QPINC: "P2",3,9'], ALL),
        ("+QPINC", ['+QPINC: "SC",2,10'], {PIN: 2, PUK: 10}),
        ("+ZPINPUK", ["+ZPINPUK: 2,10"], {PIN: 2, PUK: 10}),
        ("#PCT", ["#PCT: 2"], None),
        ("+CSIM", ['+CSIM: 4,"63C2"'], {PIN: 2}),
        ("+CSIM", ['+CSIM: 4,"6983"'], {PIN: 0}),
        ("+CSIM", ['+CSIM: 4,"9000"'], None),
        ("+CPINC", ["+CPINC: 2,3,10,9"], ALL),
        ("+XPINCNT", ["+XPINCNT: 2,3,10,9"], ALL),
        ("+UPINCNT", ["+UPINCNT: 2,3,10,9"], ALL),
        ("*EPIN", ["*EPIN: 2,10,3,9"], ALL),
        ("%PINNUM", ["%PINNUM: 2, 10, 3, 9"], ALL),
        ("_OERCN", ["_OERCN: 2, 10"], {PIN: 2, PUK: 10}),
        ("$NWPINR", ["$NWPINR: PIN1, 2"], {PIN: 2}),
        ("$NWPINR", ["$NWPINR: PIN2, 1"], {PIN2: 1}),
        ("+CPNNUM", ["PIN1=2; PUK1=10; PIN2=3; PUK2=9"], ALL),
        ("+CPNNUM", ["+CPNNUM: PIN1=2; PUK1=10", "PIN2=3; PUK2=9"], ALL),
        ("+PNNM", ["+PNNM: 2,10"], {PIN: 2, PUK: 10}),
        ("^SPIC", ["^SPIC: 2"], None),
        ("+EPINC", ["+EPINC: 2,3,10,9"], ALL),
        ("+NOSUCH", ["+NOSUCH: 3"], None),
        ("+CPINR", [], None),
    ],
)
def test_pin_counters_of_every_family(reader: str, lines: list[str], counters: dict[str, int] | None) -> None:
    assert pin_retries(reader, lines) == counters


@pytest.mark.parametrize("reader", ["#PCT", "^SPIC", "+CPINR"])
def test_a_number_without_a_name_belongs_to_the_code_that_is_asked_for(reader: str) -> None:
    assert pin_retries(reader, [f"{reader}: 2"], state=PIN) == {PIN: 2}
    assert pin_retries(reader, [f"{reader}: 9"], state=PUK) == {PUK: 9}
    assert pin_retries(reader, [f"{reader}: 3"], state="READY") == ({PIN: 3} if reader == "^SPIC" else None)


def test_simcom_counters_are_told_apart_by_what_they_can_be() -> None:
    assert pin_retries("+SPIC", ["+SPIC: 3,3,10,10"]) == {PIN: 3, PUK: 10, PIN2: 3, PUK2: 10}
    assert pin_retries("+SPIC", ["+SPIC: 3,10,3,10"]) == {PIN: 3, PUK: 10, PIN2: 3, PUK2: 10}
    # Two low numbers may be either: nobody may act on a guess.
    assert pin_retries("+SPIC", ["+SPIC: 3,2,1,10"]) == {PIN: 3, PUK: None, PIN2: None, PUK2: 10}


@pytest.mark.parametrize(
    ("reader", "order", "line", "cid", "kind", "user", "password"),
    [
        ("+CGAUTH", "user-password", '+CGAUTH: 1,2,"u1","p1"', 1, "chap", "u1", "p1"),
        ("+CGAUTH", "password-user", '+CGAUTH: 1,2,"p1","u1"', 1, "chap", "u1", "p1"),
        ("+CGAUTH", "user-password", '+CGAUTH: 3,1,"u1"', 3, "pap", "u1", None),
        ("+CGAUTH", "password-user", '+CGAUTH: 3,1,"u1"', 3, "pap", "u1", None),
        ("+CGAUTH", "user-password", "+CGAUTH: 2,0", 2, "none", None, None),
        ("+CGAUTH", "user-password", "+CGAUTH: 2,1,u1,p1", 2, "pap", "u1", "p1"),
        ("^AUTHDATA", "user-password", '^AUTHDATA: 1,2,"44010","u1","p1"', 1, "chap", "u1", "p1"),
        ("^AUTHDATA", "password-user", '^AUTHDATA: 1,2,"","p1","u1"', 1, "chap", "u1", "p1"),
        ("^AUTHDATA", "password-user", '^AUTHDATA: 1,2,"p1","u1"', 1, "chap", "u1", "p1"),
        ("^AUTHDATA", "unknown", '^AUTHDATA: 1,2,"","x","y"', 1, "chap", None, "y"),
        ("+QICSGP", "user-password", '+QICSGP: 1,"apn","u1","p1",2', 7, "chap", "u1", "p1"),
        ("+QICSGP", "user-password", '+QICSGP: 4,1,"apn","u1","p1",1', 4, "pap", "u1", "p1"),
        ("$QCPDPP", "password-user", '$QCPDPP: 1,3,"u1"', 1, "auto", "u1", None),
        ("#PDPAUTH", "user-password", '#PDPAUTH: 1,2,"u1","p1"', 1, "chap", "u1", "p1"),
        ("^SGAUTH", "password-user", '^SGAUTH: 1,2,"vf"', 1, "chap", "vf", None),
        ("%IPDPCFG", "user-password", '%IPDPCFG: 1,0,2,"u1","p1"', 1, "chap", "u1", "p1"),
    ],
)
def test_authentication_of_every_family(
    reader: str, order: parse.Order, line: str, cid: int, kind: str, user: str | None, password: str | None
) -> None:
    wanted = ContextAuth(cid, kind, user, Secret(password) if password else None, password is not None)
    assert parse.context_auth(reader, [line], order, cid=7) == [wanted]


def test_a_password_never_shows_in_the_repr() -> None:
    shown = repr(parse.context_auth("+CGAUTH", ['+CGAUTH: 1,2,"u1","sesame-9"'], "user-password"))
    assert "sesame-9" not in shown and "u1" in shown


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("+CEREG: 3,3,,,,0,15", Registration("+CEREG", False, 3, n=3, cause_type=0, reject_cause=15)),
        ("+CEREG: 3,,,,0,15", Registration("+CEREG", True, 3, cause_type=0, reject_cause=15)),
        (
            '+CEREG: 3,"1A2B","00F10203",7,0,19',
            Registration("+CEREG", True, 3, act=7, tac=0x1A2B, ci=0xF10203, cause_type=0, reject_cause=19),
        ),
        (
            '+CGREG: 3,3,"54DB","0F6B0578",2,"01",0,7',
            Registration(
                "+CGREG", False, 3, n=3, act=2, lac=0x54DB, ci=0xF6B0578, rac=1, cause_type=0, reject_cause=7
            ),
        ),
        ("+CREG: 2,1,  0 5, 2715", Registration("+CREG", False, 1, n=2, ci=0x2715)),
        ('+CREG: 2,1,"0x5E25","0x605F"', Registration("+CREG", False, 1, n=2, lac=0x5E25, ci=0x605F)),
        ('+CREG: 2,1,"4CA,81DE445"', Registration("+CREG", False, 1, n=2, lac=0x4CA, ci=0x81DE445)),
        ('+CREG: 2,1,"000054DB","0F6B0578"', Registration("+CREG", False, 1, n=2, lac=0x54DB, ci=0xF6B0578)),
        ("+CREG: 2,1,000054DB,0F6B0578", Registration("+CREG", False, 1, n=2, lac=0x54DB, ci=0xF6B0578)),
        (
            '+CGREG: 3,3,"54DB","0F6B0578",2,0,7',
            Registration("+CGREG", False, 3, n=3, act=2, lac=0x54DB, ci=0xF6B0578, cause_type=0, reject_cause=7),
        ),
        ("+CREG: 1, B, 2816", Registration("+CREG", True, 1, lac=0xB, ci=0x2816)),
        ("+CREG: 1,0011,00002816", Registration("+CREG", True, 1, lac=0x11, ci=0x2816)),
        ("+CEREG: 1, 0010, 20, 0079D903, 7", Registration("+CEREG", True, 1, act=7, tac=0x10, ci=0x79D903, rac=0x20)),
        ('+C5GREG: 1,"0019E1","00000A5F1",11,4,"01.D143A5"',
         Registration("+C5GREG", True, 1, act=11, tac=0x19E1, ci=0xA5F1, nssai="01.D143A5")),
        ('+CREG: 2,1,"54DB","0F6B0578,7', Registration("+CREG", False, 1, n=2, act=7, lac=0x54DB, ci=0xF6B0578)),
    ],
)  # fmt: skip
def test_registration(line: str, found: Registration) -> None:
    assert parse.registration([line]) == [found]


@pytest.mark.parametrize(
    "line", ["+CREG:", "+CREG: ", "+CREG: x", "+CREG: 99", "+CREG: 2,99", "CREG: 1,1", "+CREX: 1,1"]
)
def test_what_is_no_registration(line: str) -> None:
    assert parse.registration([line]) == []


@given(
    domain=st.sampled_from(["+CREG", "+CGREG", "+CEREG", "+C5GREG"]),
    n=st.integers(2, 3),
    stat=st.integers(0, 11),
    area=st.integers(0, 0xFFFF),
    cell=st.integers(0, 0xFFFFFFF),
    act=st.integers(0, 13),
    quoted=st.booleans(),
)
def test_answers_and_reports_as_the_standard_writes_them(
    domain: str, n: int, stat: int, area: int, cell: int, act: int, quoted: bool
) -> None:
    mark = '"' if quoted else ""
    rest = f"{stat},{mark}{area:04X}{mark},{mark}{cell:08X}{mark},{act}"
    (answer,) = parse.registration([f"{domain}: {n},{rest}"])
    (report,) = parse.registration([f"{domain}: {rest}"])
    for found in (answer, report):
        assert (found.stat, found.lac or found.tac or 0, found.ci, found.act) == (stat, area, cell, act)
    assert (answer.urc, answer.n, report.urc, report.n) == (False, n, True, None)


@pytest.mark.parametrize(
    ("line", "state"),
    [
        ("+CPIN: READY", "READY"),
        ('+CPIN: "SIM PIN"', "SIM PIN"),
        ("+CPIN:sim  pin2", "SIM PIN2"),
        ("+CPIN: PH-NET PIN", "PH-NET PIN"),
        ("+CPIN: PH-NETSUB PUK", "PH-NETSUB PUK"),
        ("+CPIN: PH-SIM PIN", "PH-SIM PIN"),
        ("+CPIN: PH-NS PIN", "PH-NETSUB PIN"),
        ("+CPIN: PH-C PUK", "PH-CORP PUK"),
        ("+CPIN: SIM PI", None),
        ("+CPIN: NOT READY", None),
        ("OK", None),
    ],
)
def test_pin_states(line: str, state: str | None) -> None:
    assert parse.pin_state([line]) == state


def test_identities() -> None:
    assert parse.imei(["490154203237518"]) == "490154203237518"
    assert parse.imei(['+CGSN: "490154203237518"']) == "490154203237518"
    assert parse.imei(["IMEI: 490154203237518"]) == "490154203237518"
    assert parse.imei(["356936001568843,NL2A62Z0N5"]) == "356936001568843"
    assert parse.imei(["49015420323751"]) is None
    assert parse.iccid(["+ICCID: 8981100005819480000F"]) == "8981100005819480000"
    assert parse.iccid(["ICCID: 8981100005819480000"]) == "8981100005819480000"
    assert parse.iccid(["98180100508149080000"]) == "89811000051894800000"
    assert parse.iccid(["+CCID: 490154203237518"]) is None
    assert parse.imsi(["440101234567890"]) == parse.imsi(['+CIMI: "440101234567890"']) == "440101234567890"
    assert parse.imsi(["44010"]) is None
    assert parse.text(["E3372", "^NEWS: 1"]) == "E3372"
    assert parse.text(["+CGMM: E3372"]) == parse.text(['"E3372"']) == "E3372"


def test_signal() -> None:
    strong = parse.signal("+CESQ", ["+CESQ: 99,99,255,255,20,80"])
    assert strong is not None and (strong.rsrq_db, strong.rsrp_dbm, strong.rssi_dbm) == (-10.0, -61.0, None)
    weak = parse.signal("+CSQ", ["+CSQ: 2,99"])
    assert weak is not None and weak.rssi_dbm == -109
    unknown = parse.signal("+CSQ", ["+CSQ: 99,99"])
    assert unknown is not None and unknown.rssi_dbm is None
    huawei = parse.signal("^HCSQ", ['^HCSQ: "LTE",40,40,135,20'])
    assert huawei == parse.Signal(rssi_dbm=-81.0, rsrp_dbm=-101.0, rsrq_db=-10.0, sinr_db=6.8)
    assert parse.signal("+CSQ", ["+CSQ: ,"]) is None
    assert parse.signal("+NOSUCH", ["+NOSUCH: 1"]) is None


def test_contexts() -> None:
    lines = [
        '+CGDCONT: 0,"IPV4V6","a.example","0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0",0,0,0,0',
        '+CGDCONT: 2,"IP",""',
        "+CGDCONT: x",
    ]
    assert parse.contexts(lines) == [parse.PdpContext(0, "IPV4V6", "a.example"), parse.PdpContext(2, "IP", "")]
    assert parse.context_ranges(['+CGDCONT: (1-17,101-116),"IP",,,(0,1)']) == [(1, 17, "IP")]
    assert parse.active_cids(["+CGACT: 1,1", "+CGACT: 5,0", "+CGACT: ?"]) == {1: True, 5: False}
    assert parse.addresses(['+CGPADDR: 1,"10.1.2.3"', "+CGPADDR: 2"]) == {1: ["10.1.2.3"], 2: []}


PARSERS = [
    parse.clock, parse.operators, parse.packet_events,
    parse.active_cids, parse.addresses, parse.attached, parse.ceer, parse.context_ranges, parse.contexts, parse.crsm,
    parse.csim, parse.dynamic, parse.esn, parse.facilities, parse.facility_lock, parse.functionality,
    parse.functionality_levels, parse.iccid, parse.imei, parse.imsi, parse.information, parse.meid, parse.operator,
    parse.own_numbers, parse.pin_state, parse.port_modes, parse.radio_options, parse.radio_setting, parse.registration,
    parse.text,
]  # fmt: skip
NAMES = st.sampled_from(
    [
        "+CGACT", "+CGPADDR", "+CGATT", "+CEER", "+CGDCONT", "+CRSM", "+CSIM", "+CGCONTRDP", "+CLCK", "+CFUN", "+CPIN",
        "+COPS", "+CNUM", "^GETPORTMODE", "^SYSCFGEX", "+CREG", "+CEREG", "+CGSN", "+CPINR", "^CPIN", "+CGAUTH",
        "+QICSGP", "+CSQ", "+CESQ", "^HCSQ", "+SPIC", "+CPNNUM", "%PINNUM", "+QCSQ", "^AUTHDATA", "$NWPINR",
    ]
)  # fmt: skip
BODY = st.text(st.sampled_from('0123456789ABCDEF",.()-: \\SIMPUKLTEé\x00'), max_size=50) | st.text(max_size=30)


@given(st.lists(st.builds(lambda name, body: f"{name}: {body}", NAMES, BODY) | BODY, max_size=4))
def test_no_parser_raises_on_foreign_text(lines: list[str]) -> None:
    for parser in PARSERS:
        parser(lines)


@given(NAMES, BODY, st.sampled_from(["user-password", "password-user", "unknown"]))
def test_no_reader_raises_on_foreign_text(name: str, body: str, order: parse.Order) -> None:
    lines = [f"{name}: {body}"]
    pin_retries(name, lines)
    parse.signal(name, lines)
    parse.context_auth(name, lines, order)


def test_what_a_scan_offers() -> None:
    line = '+COPS: (2,"NTT (DOCOMO)","DCM","44010",7),(1,"","","44020",),(3,"KDDI",,"44051"),,(0,1,2,3,4),(0,1,2)'
    assert parse.operators([line]) == [
        parse.Offer(2, "NTT (DOCOMO)", "DCM", "44010", 7),
        parse.Offer(1, None, None, "44020", None),
        parse.Offer(3, "KDDI", None, "44051", None),
    ]


@pytest.mark.parametrize(
    ("line", "event", "cid"),
    [
        ("+CGEV: NW DETACH", "NW DETACH", None),
        ("+CGEV: NW CLASS B", "NW CLASS B", None),
        ("+CGEV: ME PDN ACT 1,0", "ME PDN ACT", 1),
        ("+CGEV: NW PDN DEACT 2", "NW PDN DEACT", 2),
        ("+CGEV: NW ACT 1,4,0", "NW ACT", 4),
        ('+CGEV: NW DEACT "IPV4V6","10.0.0.1",3', "NW DEACT", 3),
        ('+CGEV: REJECT "IP", "10.0.0.1"', "REJECT", None),
    ],
)
def test_packet_events(line: str, event: str, cid: int | None) -> None:
    (found,) = parse.packet_events([line])
    assert (found.event, found.cid) == (event, cid)


@pytest.mark.parametrize(
    ("line", "time"),
    [
        ('+CCLK: "26/11/23,09:30:00+36"', "2026-11-23T09:30:00+09:00"),
        ('+CCLK: "26/11/23,09:30:00-02"', "2026-11-23T09:30:00-00:30"),
        ('+CCLK: "26/11/23,09:30:00"', "2026-11-23T09:30:00"),
        ('+QLTS: "2026/11/23,09:30:00+36,0"', "2026-11-23T09:30:00+09:00"),
        ('+CCLK: "26/13/23,09:30:00+36"', None),
        ('+CCLK: "XX/XX/XX,XX:XX:XX"', None),
    ],
)
def test_time_of_day(line: str, time: str | None) -> None:
    found = parse.clock([line])
    assert (found.isoformat() if found else None) == time


def test_card_files() -> None:
    assert parse.imsi_of_file("084904010021436587") == "440100012345678"
    assert parse.imsi_of_file("FFFFFFFFFFFFFFFFFF") is None


def test_signal_of_other_families() -> None:
    cinterion = parse.signal("^SMONI", ["^SMONI: 4G,6300,20,10,10,FDD,440,10,BF75,0345103,350,33,-94,-7,NOCONN"])
    assert cinterion == parse.Signal(rsrp_dbm=-94.0, rsrq_db=-7.0)
    intel = parse.signal("+XCESQ", ["+XCESQ: 0,99,99,255,255,24,51,18"])
    assert intel == parse.Signal(rsrp_dbm=-90.0, rsrq_db=-8.0, sinr_db=9.0)
    quectel = parse.signal("+QCSQ", ['+QCSQ: "LTE",-52,-81,195,-10'])
    assert quectel == parse.Signal(rssi_dbm=-52.0, rsrp_dbm=-81.0, sinr_db=19.0, rsrq_db=-10.0)
