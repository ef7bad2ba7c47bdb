"""How many tries a SIM leaves in every family's words, and that no family's words cost a second one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from at_wire import modem

from dongle_cli.errors import DongleError
from dongle_cli.identity import Iccid
from dongle_cli.models import loader
from dongle_cli.modem import identity, sim
from dongle_cli.modem.sim import SimState
from dongle_cli.provision import pin
from dongle_cli.register.register import Register
from dongle_cli.secrets import Secret

ICCID = "8981100000000000015"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No model files but the ones that came with the program, and a register of its own."""
    monkeypatch.setenv("DONGLE_HOME", str(tmp_path))
    monkeypatch.delenv("DONGLE_REGISTER", raising=False)


@pytest.fixture
def register() -> Iterator[Register]:
    with Register.open() as opened:
        yield opened


EMPTY_VERIFY = '+CSIM=10,"0020000100"'
CSIM = (EMPTY_VERIFY, '+CSIM: 4,"63C3"', (3, None, None, None))
CPINR = (
    "+CPINR",
    '+CPINR: SIM PIN,2,3\n+CPINR: "SIM PUK",9,10\n+CPINR: SIM PIN2,1\n+CPINR: SIM PUK2,8\n+CPINRE: 5',
    (2, 9, 1, 8),
)

# Model; its own reader, an answer of it, and what that means as PIN, PUK, PIN2, PUK2. Different numbers tell the order.
FAMILIES = [
    ("generic", *CPINR),
    ("huawei-e3372", "^CPIN?", "^CPIN: SIM PIN,,9,2,8,1", (2, 9, 1, 8)),
    ("huawei-e3372", "^CPIN?", "^CPIN: SIM PIN,2", (2, None, None, None)),
    ("huawei-e3372", "^CPIN?", "^CPIN: SIM PIN,-1,9,2,8,1", (2, 9, 1, 8)),
    ("huawei-ms2131", "^CPIN?", "^CPIN: SIM PIN,2,9,2,8,1", (2, 9, 1, 8)),
    ("brovi-e3372-325", "^CPIN?", "^CPIN: READY,,9,2,8,1", (2, 9, 1, 8)),
    ("quectel-ec25", "+QPINC?", '+QPINC: "SC",2,9\n+QPINC: "P2",1,8', (2, 9, 1, 8)),
    ("quectel-bg96", "+QPINC?", '+QPINC: "SC",2,9', (2, 9, None, None)),
    ("zte-0117", "+ZPINPUK=?", "+ZPINPUK: 2,9", (2, 9, None, None)),
    ("zte-1428", "+ZPINPUK=?", "+ZPINPUK: 2,9", (2, 9, None, None)),
    ("telit-le910", *CPINR),
    ("telit-le910", "#PCT", "#PCT: 2", (2, None, None, None)),
    # Sources contradict each other about the middle two: only values that cannot be a PIN's tell.
    ("simcom-sim7600", "+SPIC", "+SPIC: 2,1,9,8", (2, 9, 1, 8)),
    ("simcom-sim7600", "+SPIC", "+SPIC: 2,9,1,8", (2, 9, 1, 8)),
    ("simcom-sim7600", "+SPIC", "+SPIC: 2,1,3,8", (2, None, None, 8)),
    ("sierra-mc73xx", "+CPINC?", "+CPINC: 2,1,9,8", (2, 9, 1, 8)),
    ("intel-xmm", *CPINR),
    ("intel-xmm", "+XPINCNT", "+XPINCNT: 2,1,9,8", (2, 9, 1, 8)),
    ("u-blox", "+UPINCNT", "+UPINCNT: 2,1,9,8", (2, 9, 1, 8)),
    ("ericsson-mbm", "*EPIN?", "*EPIN: 2,9,1,8", (2, 9, 1, 8)),
    ("longcheer", "+CPNNUM", "PIN1=2; PUK1=9; PIN2=1; PUK2=8", (2, 9, 1, 8)),
    ("fujisoft-fs040u", "+CPNNUM", "+CPNNUM: PIN1=2; PUK1=9; PIN2=1; PUK2=8", (2, 9, 1, 8)),
    ("fujisoft-fs01bu", "+CPNNUM", "PIN1=2; PUK1=9; PIN2=1; PUK2=8", (2, 9, 1, 8)),
    ("cinterion", '^SPIC="SC"', "^SPIC: 2", (2, None, None, None)),
    ("abit-ak020", "+EPINC?", "+EPINC: 2,1,9,8", (2, 9, 1, 8)),
    ("fibocom", *CPINR),
    ("meig-slm750", *CPINR),
    ("ncxx-ux302nc", *CPINR),
    ("lg-l02c", *CPINR),
    ("lg-l03f", *CPINR),
]


@pytest.mark.parametrize(("name", "command", "answer", "wanted"), [*FAMILIES, *((f[0], *CSIM) for f in FAMILIES)])
def test_the_tries_that_are_left_are_read_in_the_familys_words(
    name: str, command: str, answer: str, wanted: tuple[int | None, ...]
) -> None:
    dongle, wire = modem({command: f"{answer}\nOK"}, name)
    found = sim.read_retries(dongle, sim.PIN)
    assert tuple(found.get(code) for code in ("SIM PIN", "SIM PUK", "SIM PIN2", "SIM PUK2")) == wanted
    assert wire.sent[-1] == command


@pytest.mark.parametrize("answer", ["OK", "+SPIC: 3\nOK", "+CPINR: 3\nOK", "#PCT: 3\nOK", "+QPINC: 3,10\nOK"])
def test_a_number_that_nothing_belongs_to_is_nobodys_counter(answer: str) -> None:
    dongle, _wire = modem(lambda command: answer)
    assert sim.read_retries(dongle, None) == {}


@pytest.mark.parametrize(
    ("name", "command", "answer"),
    [
        ("huawei-e3372", "^ICCID?", f"^ICCID: {ICCID}"),
        ("quectel-ec25", "+QCCID", f"+QCCID: {ICCID}F"),
        ("simcom-sim7600", "+CICCID", f"+ICCID: {ICCID}"),
        ("sierra-mc73xx", "!ICCID?", f"!ICCID: {ICCID}"),
        ("cinterion", "^SCID", f"^SCID: {ICCID}"),
        ("telit-le910", "#CCID", f"#CCID: {ICCID}"),
        ("zte-0117", "+ZGETICCID", f"+ZGETICCID: {ICCID}"),
        ("zte-0117", "+ZICCID?", f"+ZICCID: {ICCID}"),
        ("meig-slm750", "+ICCID", f"+ICCID: {ICCID}"),
        ("fibocom", "+ICCID", f"+ICCID: {ICCID}"),
        ("u-blox", "+CCID", f"+CCID: {ICCID}"),
    ],
)
def test_the_cards_number_is_read_in_the_familys_words(name: str, command: str, answer: str) -> None:
    dongle, _wire = modem({command: f"{answer}\nOK"}, name)
    assert str(identity.read_iccid(dongle)) == ICCID


def swapped(digits: str) -> str:
    padded = digits + "F" * (len(digits) % 2)
    return "".join(padded[i + 1] + padded[i] for i in range(0, len(padded), 2))


AT_MODELS = sorted(
    file.stem
    for file in Path(loader.__file__).with_name("data").glob("*.toml")
    if 'control = "http"' not in file.read_text() and file.stem != "kddi-hwd12"
)


@pytest.mark.parametrize("sw", [(144, 0), (145, 23)])
@pytest.mark.parametrize("name", AT_MODELS)
def test_every_model_falls_back_to_the_cards_own_file(name: str, sw: tuple[int, int]) -> None:
    by_file = f'+CRSM: {sw[0]},{sw[1]},"{swapped(ICCID)}"\nOK'
    dongle, _wire = modem({"+CRSM=176,12258,0,0,10": by_file}, name)
    assert str(identity.read_iccid(dongle)) == ICCID
    whole = swapped(ICCID) + f"{sw[0]:02X}{sw[1]:02X}"
    by_apdu = {
        '+CSIM=14,"00A40004023F00"': '+CSIM: 4,"6133"\nOK',
        '+CSIM=14,"00A40004022FE2"': '+CSIM: 4,"611E"\nOK',
        '+CSIM=10,"00B000000A"': f'+CSIM: {len(whole)},"{whole}"\nOK',
    }
    dongle, _wire = modem(by_apdu, name)
    assert str(identity.read_iccid(dongle)) == ICCID


PIN = Secret("73914826")
SPENDS = re.compile(r'\+CPIN=|\+CPWD=|\+CLCK="SC",[01]|\+CSIM=.*"0020000[18]0[1-9A-F]|\+CSIM=.*"..2[468C]')


@pytest.mark.parametrize("answer", ["+CME ERROR: 16", "ERROR", "+CME ERROR: 14", "+CME ERROR: 515", None])
@pytest.mark.parametrize("name", ["generic", "huawei-e3372", "quectel-ec25", "simcom-sim7600", "telit-le910"])
def test_a_pin_goes_out_once_whatever_comes_back(name: str, answer: str | None, register: Register) -> None:
    """Refused, busy, or the answer lost: nothing that could cost a try is sent after it, in this run or the next."""

    def firmware(command: str) -> str | None:
        if command.startswith("+CPIN="):
            return answer
        return {"+CPIN?": "+CPIN: SIM PIN\nOK"}.get(command, "ERROR")

    dongle, wire = modem(firmware, name)
    use = pin.PinUse(dongle, register, pin.PinGate(), Iccid.parse(ICCID), PIN, None, "1-1")
    state = SimState(sim.PIN, pin_enabled=True, retries={sim.PIN: 3})
    with pytest.raises(DongleError):
        pin.unlock(use, state)
    assert [command for command in wire.sent if SPENDS.match(command)] == [f'+CPIN="{PIN.reveal()}"']
    if answer in ("+CME ERROR: 16", "ERROR", None):
        with pytest.raises(DongleError) as caught:
            pin.unlock(use, SimState(sim.PIN, pin_enabled=True, retries={sim.PIN: 2}))
        assert caught.value.code in ("sim.pin-refused-before", "sim.pin-attempted", "sim.pin-batch-stopped")
        assert len([command for command in wire.sent if SPENDS.match(command)]) == 1


def test_after_a_refused_pin_the_puks_counter_is_not_taken_for_the_pins(register: Register) -> None:
    """Telit's #PCT counts for the code that is asked for: after the last PIN that is the PUK."""
    answers = {"+CPIN?": "+CPIN: SIM PUK\nOK", "#PCT": "#PCT: 10\nOK", f'+CPIN="{PIN.reveal()}"': "+CME ERROR: 16"}
    dongle, _wire = modem(answers, "telit-le910")
    use = pin.PinUse(dongle, register, pin.PinGate(), Iccid.parse(ICCID), PIN, None, "1-1", force=True)
    with pytest.raises(DongleError) as caught:
        pin.unlock(use, SimState(sim.PIN, pin_enabled=True))
    assert (caught.value.code, caught.value.details["pin_retries"]) == ("sim.pin-refused", None)


def test_huaweis_get_their_pause_after_the_pin() -> None:
    """Asked at once, their firmware may fall over and start again."""
    pauses = {model.id: model.dialect.settle for model in loader.load()}
    huawei = {"huawei-e3372", "huawei-ms2131", "brovi-e3372-325", "emobile-d02hw"}
    assert {name: pauses[name] for name in huawei} == dict.fromkeys(huawei, 3.0)


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("huawei-e3372", "^RESET"), ("sierra-mc73xx", "!RESET"), ("simcom-sim7600", "+CRESET"),
        ("telit-le910", "#REBOOT"), ("ericsson-mbm", "*E2RESET"), ("zte-0117", "+ZRST"),
        ("quectel-ec25", "+CFUN=1,1"), ("generic", "+CFUN=1,1"),
    ],
)  # fmt: skip
def test_the_restart_is_the_familys_own_and_then_the_standards(name: str, first: str) -> None:
    dialect = modem({}, name)[0].dialect
    assert (dialect.reset[0], dialect.reset[-1]) == (first, "+CFUN=1,1")


@pytest.mark.parametrize(
    ("answer", "absent"),
    [
        ("+CME ERROR: 10", True),
        ("+CME ERROR: SIM not inserted", True),
        ("+CMS ERROR: 310", True),
        ("+CPIN: NOT INSERTED\nOK", True),
        ('+CPIN: "SIM REMOVED"\nOK', True),
        ("+CME ERROR: 13", False),
        ("+CMS ERROR: 10", False),
        ("+CPIN: NOT READY\nOK", False),
        ("ERROR", False),
    ],
)
def test_no_card_and_an_unreadable_card_are_two_things(
    monkeypatch: pytest.MonkeyPatch, answer: str, absent: bool
) -> None:
    monkeypatch.setattr(sim, "_COMES_UP", 0.0)
    state = sim.read_state(modem({"+CPIN?": answer})[0])
    assert (state.state, state.absent) == (None, absent)
