"""What a network's refusal comes out as, whichever way the modem tells it, and who must act."""

from __future__ import annotations

from pathlib import Path

import pytest
from at_wire import modem

from dongle_cli.errors import DongleError
from dongle_cli.modem import network
from dongle_cli.modem.context import ContextState
from dongle_cli.provision import causes, verify
from dongle_cli.provision.plan import Target
from dongle_cli.secrets import Secret

TARGET = Target(ContextState(1, "IP", "closed.example", "chap", "u", Secret("p")), True)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No model files but the ones that came with the program."""
    monkeypatch.setenv("DONGLE_HOME", str(tmp_path))


def refusal(answers: dict[str, str], name: str = "generic") -> DongleError:
    """How an attach ends on a firmware with these answers."""
    usual = {"+CFUN?": "+CFUN: 1\nOK", "+CEREG=3": "OK", "+CGATT=0": "OK", "+CGATT=1": "OK"}
    dongle, wire = modem({**usual, **answers}, name)
    with pytest.raises(DongleError) as caught:
        verify.prove(dongle, TARGET, attach=True, timeout=0.1, order=None)
    assert "+CEREG=3" in wire.sent
    return caught.value


DENIED = "+CEREG: 3,3,,,,0,{cause}\nOK"
IN = {"+CEREG?": '+CEREG: 3,1,"0001","00000001",7\nOK', "+CGACT?": "+CGACT: 1,0\nOK"}


@pytest.mark.parametrize(
    ("answers", "emm", "esm"),
    [
        ({"+CEREG?": DENIED.format(cause=15)}, 15, None),
        ({"+CEREG?": DENIED.format(cause=19), "+CEER": "+CEER: ESM 33\nOK"}, 19, 33),
        ({"+CEREG?": DENIED.format(cause=19), "+CEER": '+CEER: "Deactivate Cause: SM34 (...)"\nOK'}, 19, 34),
        # +CEER repeats the mobility cause, in numbers or words: that is no session cause.
        ({"+CEREG?": DENIED.format(cause=19), "+CEER": "+CEER: EMM cause 19\nOK"}, 19, None),
        ({"+CEREG?": DENIED.format(cause=19), "+CEER": "+CEER: EMM_CAUSE_ESM_FAILURE\nOK"}, 19, None),
        ({"+CEREG?": DENIED.format(cause=8), "+CEER": "+CEER: 0,NONE\nOK"}, 8, None),
        ({"+CEREG?": DENIED.format(cause=8), "+CEER": "+CEER: 0,0,5,16,normal call clearing\nOK"}, 8, None),
        # The same numbers mean something else in mobility management (8) and in session management (8).
        ({"+CEREG?": DENIED.format(cause=19), "+CEER": "+CEER: ESM 8\nOK"}, 19, 8),
        # Some firmwares put the session's cause where the mobility cause belongs.
        ({"+CEREG?": DENIED.format(cause=29)}, None, 29),
        # A manufacturer's own cause is none of the standard's.
        ({"+CEREG?": "+CEREG: 3,3,,,,1,29\nOK"}, None, None),
        # n=3 is not known: the words of +CEER are all there is.
        ({"+CEREG=3": "ERROR", "+CEREG?": "+CEREG: 2,3\nOK", "+CEER": "+CEER: EMM_CAUSE_CONGESTION\nOK"}, 22, None),
        ({"+CEREG=3": "ERROR", "+CEREG?": "+CEREG: 2,3\nOK", "+CEER": "+CEER: GMM 7\nOK"}, 7, None),
        # The refused +CGATT itself says why, and nothing else does.
        ({"+CGATT=1": "+CME ERROR: 103", "+CEREG?": "+CEREG: 3,0\nOK"}, 3, None),
        ({"+CGATT=1": "+CME ERROR: 133", "+CEREG?": "+CEREG: 0,3\nOK"}, None, 33),
        ({"+CGATT=1": "+CME ERROR: 149", "+CEREG?": DENIED.format(cause=19)}, 19, 29),
        # The network lets the dongle in, but not the context.
        ({**IN, "+CGACT=1,1": "+CME ERROR: 149"}, None, 29),
        ({**IN, "+CGACT=1,1": "+CME ERROR: 127"}, None, 27),
        ({**IN, "+CGACT=1,1": "+CME ERROR: user authentication failed"}, None, 29),
        ({**IN, "+CGACT=1,1": "+CME ERROR: 192"}, None, 50),
        ({**IN, "+CGACT=1,1": "+CME ERROR: 148", "+CEER": "+CEER: SM30\nOK"}, None, 30),
        ({**IN, "+CGACT=1,1": "+CME ERROR: 148"}, None, None),
        # What the refused command says is about this very attempt; +CEER may be about an earlier one.
        ({**IN, "+CGACT=1,1": "+CME ERROR: 133", "+CEER": "+CEER: SM30\nOK"}, None, 33),
        ({**IN, "+CGACT=1,1": "+CME ERROR: 149", "+CEER": "+CEER: SM29\nOK"}, None, 29),
    ],
)  # fmt: skip
def test_the_cause_is_found_and_named_as_what_it_is(answers: dict[str, str], emm: int | None, esm: int | None) -> None:
    error = refusal(answers)
    assert (error.details["reject_cause"], error.details["esm_cause"]) == (emm, esm)
    assert error.code == {
        27: "network.apn-refused", 33: "network.apn-refused", 29: "network.auth-failed"
    }.get(esm or 0, "network.refused")  # fmt: skip
    assert "None" not in f"{error.message} {error.hint}"


def test_a_dongle_that_finds_no_network_was_refused_by_none() -> None:
    error = refusal({"+CGATT=1": "+CME ERROR: 30", "+CEREG?": "+CEREG: 3,2\nOK"})
    assert error.code == "network.no-registration"


@pytest.mark.parametrize("answer", ["ERROR", "+CME ERROR: 3", "+CME ERROR: 4", "+CME ERROR: 50", "+CME ERROR: 100"])
def test_a_modem_that_leaves_activation_to_the_pc_is_no_refusal(answer: str) -> None:
    usual = {"+CFUN?": "+CFUN: 1\nOK", "+CEREG=3": "OK", "+CGATT=0": "OK", "+CGATT=1": "OK"}
    dongle, _wire = modem({**usual, **IN, "+CGACT=1,1": answer})
    proof = verify.prove(dongle, TARGET, attach=True, timeout=5, order=None)
    assert (proof.registration.stat, proof.password) == (1, "unproven")


# Who must act, in a word of the hint: the help desk's table.
@pytest.mark.parametrize(
    ("cause", "word"),
    [
        (2, "line is not open"), (3, "line is not open"), (6, "IMEI is barred"), (5, "IMEI"),
        (7, "not open on this line"), (8, "plug the dongle in again"), (11, "Wrong network"), (12, "no usable cell"),
        (13, "Wrong network"),
        (14, "contract"), (15, "no usable cell"), (17, "later"), (19, "APN, user, password"), (22, "later"),
    ],
)  # fmt: skip
def test_who_must_act_on_a_refused_registration(cause: int, word: str) -> None:
    error = causes.refused("1-1", network.Refusal(cause))
    assert error.hint and word in error.hint
    assert f"{cause} (" in error.message


@pytest.mark.parametrize(
    ("cause", "word"),
    [
        (8, "not open on this line"), (26, "later"), (27, "APN"), (28, "PDP type"), (29, "user, password"),
        (30, "registration of this line and its IMEI"), (33, "APN"), (34, "later"), (50, "PDP type"), (51, "PDP type"),
        (66, "APN"), (31, "name the cause 31"), (65, "name the cause 65"),
    ],
)  # fmt: skip
def test_who_must_act_on_a_refused_session(cause: int, word: str) -> None:
    error = causes.refused("1-1", network.Refusal(None, cause))
    assert error.hint and word in error.hint
    assert f"ESM {cause} (" in error.message


def test_the_power_cycle_that_a_barred_sim_needs_is_named() -> None:
    for cause in (2, 3, 6, 7, 8):
        hint = causes.refused("1-1", network.Refusal(cause)).hint
        assert hint and "lug the dongle in again" in hint


def test_a_session_cause_decides_who_must_act_where_there_are_both() -> None:
    error = causes.refused("1-1", network.Refusal(19, 29))
    assert error.code == "network.auth-failed"
    assert error.hint and "PAP/CHAP" in error.hint
