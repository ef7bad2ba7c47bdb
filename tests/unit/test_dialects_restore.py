"""A plan that cannot be carried out leaves what was there, and says so, or says what is lost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from at_wire import modem

from dongle_cli.errors import DongleError
from dongle_cli.modem import context as contexts
from dongle_cli.modem.context import ContextState
from dongle_cli.provision.apply import carry_out
from dongle_cli.provision.plan import Target, make_plan
from dongle_cli.secrets import Secret


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No model files but the ones that came with the program."""
    monkeypatch.setenv("DONGLE_HOME", str(tmp_path))


class Firmware:
    """Contexts and credentials; `shows` the password or not; what `refuses` matches is refused; `cuts` passwords;
    `forgets` credentials when a context is written; `spoils` the APN when credentials are written."""

    def __init__(self, contexts: dict[int, tuple[str, str]], auth: dict[int, tuple[int, str, str]]) -> None:
        self.contexts, self.auth = contexts, auth
        self.shows, self.refuses, self.cuts, self.writer = True, "$.", 99, "+CGAUTH"
        self.forgets, self.spoils = False, False

    def __call__(self, command: str) -> str:
        if re.match(self.refuses, command):
            return "ERROR"
        name, _equals, given = command.partition("=")
        fields = [field.strip('"') for field in given.split(",")]
        if command == "+CGDCONT?":
            return "\n".join([*(f'+CGDCONT: {c},"{t}","{a}"' for c, (t, a) in self.contexts.items()), "OK"])
        if command == self.writer + "?":
            return "\n".join([*(self._line(cid) for cid in self.contexts), "OK"])
        if name == "+CGDCONT" and len(fields) == 3:
            if self.forgets:
                self.auth.pop(int(fields[0]), None)
            self.contexts[int(fields[0])] = (fields[1], fields[2])
            return "OK"
        if name == self.writer and len(fields) > 1:
            kind, (user, password) = int(fields[1]), [*fields[2:], "", ""][:2]
            self.auth[int(fields[0])] = (kind, user, password[: self.cuts])
            if self.spoils and password:
                self.contexts[int(fields[0])] = ("IP", "spoilt")
            return "OK"
        if name == "+CGDEL":
            self.contexts.pop(int(given), None)
            self.auth.pop(int(given), None)
            return "OK"
        return "ERROR"

    def _line(self, cid: int) -> str:
        kind, user, password = self.auth.get(cid, (0, "", ""))
        shown = f',"{password}"' if self.shows else ""
        return f"{self.writer}: {cid},{kind}" + (f',"{user}"{shown}' if kind else "")


WANTED = Target(ContextState(1, "IP", "closed.example", "chap", "new", Secret("new-password")), True)


def fails(firmware: Firmware, name: str = "generic") -> tuple[str, str]:
    """Run the whole plan on `firmware`; the error's code and state."""
    dongle, _wire = modem(firmware, name)
    before = contexts.read_contexts(dongle)
    plan = make_plan(before, WANTED, credentials_known=False)
    with pytest.raises(DongleError) as caught:
        carry_out(dongle, plan, WANTED, before)
    return caught.value.code, str(caught.value.details["state"])


def test_a_deleted_context_comes_back_with_its_credentials() -> None:
    firmware = Firmware({1: ("IP", "a"), 2: ("IP", "b")}, {2: (2, "old", "old-password")})
    firmware.refuses = r"\+CGAUTH=1"
    assert fails(firmware) == ("flash.refused", "restored")
    assert firmware.contexts == {1: ("IP", "a"), 2: ("IP", "b")}
    assert firmware.auth == {2: (2, "old", "old-password")}


def test_a_deleted_context_whose_password_nobody_could_read_is_told() -> None:
    firmware = Firmware({1: ("IP", "a"), 2: ("IP", "b")}, {2: (2, "old", "old-password")})
    firmware.refuses, firmware.shows = r"\+CGAUTH=1", False
    assert fails(firmware) == ("flash.refused", "partly")


def test_a_password_that_alone_differs_is_put_back() -> None:
    firmware = Firmware({1: ("IP", "closed.example")}, {1: (2, "new", "old-passw")})
    firmware.cuts = 9
    assert fails(firmware) == ("flash.differs", "restored")
    assert firmware.auth == {1: (2, "new", "old-passw")}


def test_an_overwritten_password_that_nobody_could_read_is_told_though_all_else_is_as_before() -> None:
    firmware = Firmware({1: ("IP", "a")}, {1: (2, "new", "old-password")})
    firmware.shows, firmware.spoils = False, True
    assert fails(firmware) == ("flash.differs", "partly")
    assert firmware.contexts == {1: ("IP", "a")}
    assert firmware.auth[1][2] != "old-password"


def test_types_that_no_profile_knows_are_put_back() -> None:
    firmware = Firmware({1: ("PPP", "a"), 3: ("PPP", "c")}, {1: (3, "old", "old-password")})
    firmware.cuts = 9  # what is written reads back cut, and what was there did not
    code, _state = fails(firmware)
    assert code == "flash.differs"
    assert firmware.contexts == {1: ("PPP", "a"), 3: ("PPP", "c")}
    assert firmware.auth[1][:2] == (3, "old")


def test_a_context_written_anew_gets_its_credentials_again() -> None:
    firmware = Firmware({1: ("IP", "a")}, {1: (2, "new", "new-password")})
    firmware.forgets = True
    dongle, _wire = modem(firmware)
    before = contexts.read_contexts(dongle)
    plan = make_plan(before, WANTED, credentials_known=True)
    assert [change.what for change in plan.changes] == ["context.1.apn"]
    carry_out(dongle, plan, WANTED, before)
    assert firmware.contexts == {1: ("IP", "closed.example")}
    assert firmware.auth == {1: (2, "new", "new-password")}


def test_quectels_own_command_puts_the_old_apn_back_with_the_old_credentials() -> None:
    """+QICSGP writes APN and credentials in one: what is put back names the APN that was there."""
    held = {1: ("1", "old.example", "old", "old-password", "2")}
    seen: list[str] = []

    def firmware(command: str) -> str:
        name, _equals, given = command.partition("=")
        fields = [field.strip('"') for field in given.split(",")]
        if command == "+CGDCONT?":
            return f'+CGDCONT: 1,"IP","{held[1][1]}"\nOK'
        if command == "+QICSGP=1":
            kind, apn, user, password, auth = held[1]
            return f'+QICSGP: {kind},"{apn}","{user}","{password}",{auth}\nOK'
        if name == "+CGDCONT" and len(fields) == 3:
            held[1] = (held[1][0], fields[2], *held[1][2:])
            return "OK"
        if name == "+QICSGP" and len(fields) == 6:
            seen.append(command)
            kind, apn, user, password, auth = fields[1:]
            # It keeps eight characters of a password and acknowledges all of them.
            held[1] = (kind, apn, user, password if password.startswith("old") else password[:8], auth)
            return "OK"
        return "ERROR"

    dongle, _wire = modem(firmware, "quectel-ec25")
    before = contexts.read_contexts(dongle)
    plan = make_plan(before, WANTED, credentials_known=False)
    with pytest.raises(DongleError) as caught:
        carry_out(dongle, plan, WANTED, before)
    assert (caught.value.code, caught.value.details["state"]) == ("flash.differs", "restored")
    assert "new-pass" not in str(caught.value)
    assert held == {1: ("1", "old.example", "old", "old-password", "2")}
    assert seen[-1] == '+QICSGP=1,1,"old.example","old","old-password",2'
