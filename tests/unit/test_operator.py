"""Who runs the program, as records name it."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys

import pytest

from dongle_cli.evidence.operator import account

# An account without a name, as a container may have it: what has to be imported is imported as root.
NAMELESS = """
import os, pwd, sys
from dongle_cli.evidence.operator import account
named = {entry.pw_uid for entry in pwd.getpwall()}
os.setuid(next(number for number in range(50_000, 60_000) if number not in named))  # a container has 65536 at most
sys.stdout.write(f"{account() == str(os.getuid())}")
"""


@pytest.fixture(autouse=True)
def nobody_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SUDO_USER", "LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)


def test_the_account_has_its_name() -> None:
    assert account() == pwd.getpwuid(os.getuid()).pw_name


def test_behind_sudo_the_person_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "root")
    monkeypatch.setenv("SUDO_USER", "suzuki")
    assert account() == "suzuki"


def test_an_account_without_a_name_is_its_number() -> None:
    if os.geteuid():
        pytest.skip("only root can become an account that has no name")
    done = subprocess.run([sys.executable, "-c", NAMELESS], capture_output=True, text=True, timeout=30)
    assert done.stdout == "True", done.stderr
