"""Browsers: where downloads go, by policy and not by what somebody has clicked."""

from __future__ import annotations

import json
from collections.abc import Iterator

from dongle_cli.audit.hives.profiles import Profile
from dongle_cli.audit.hives.registry import Answer
from dongle_cli.audit.hives.unreadable import Unreadable
from dongle_cli.audit.model import Finding, Gap, Severity, Verdict
from dongle_cli.audit.rules.check import Check, Family, Wanted, is_, on_a_server
from dongle_cli.audit.rules.machine import Machine
from dongle_cli.audit.rules.rule import Rule
from dongle_cli.i18n import N_

_ID = "E-browser-downloads"
_SERVER = r"\\server\..."
_POLICIES = {"edge": r"Microsoft\Edge", "chrome": r"Google\Chrome", "firefox": r"Mozilla\Firefox"}


def _check(browser: str, below: str) -> Check:
    keys = tuple(rf"{root}\Policies\{below}" for root in (r"HKLM\SOFTWARE", r"HKCU\Software"))
    server = Wanted("DownloadDirectory", keys, on_a_server, _SERVER)
    block = () if browser == "firefox" else (Wanted("DownloadRestrictions", keys, is_(3), "3"),)
    return Check(_ID, (*block, server), browser)


_RULE = Rule(
    _ID,
    N_("Browsers download nothing, or to the server only"),
    N_("A downloaded document stays in Downloads long after it was read."),
    N_(
        "Set DownloadRestrictions = 3 (Edge, Chrome: no downloads) or DownloadDirectory to a folder on "
        "the server, for each browser that is installed. A value that the user can change does not count."
    ),
    Severity.MEDIUM,
    subject="user",
)
_FILES = tuple(
    f"{root}/Mozilla Firefox/distribution/policies.json" for root in ("Program Files", "Program Files (x86)")
)
_MAX = 1 << 20


def look(machine: Machine) -> Iterator[Finding | Gap]:
    """Firefox also takes its policies from a file beside the program, where the registry has none."""
    check = _check("firefox", _POLICIES["firefox"])
    for profile in machine.people():
        for said in machine.ask(check, _RULE, profile):
            if isinstance(said, Finding) and said.verdict is Verdict.VIOLATION and dict(said.detail)["found"] is None:
                yield from _by_file(machine, profile, said)
            else:
                yield said


def _by_file(machine: Machine, profile: Profile, unset: Finding) -> Iterator[Finding | Gap]:
    for path in _FILES:
        if not machine.registry.folders.exists(path):
            continue
        try:
            with machine.registry.folders.open(path) as file:
                policies = json.loads(file.read(_MAX))["policies"]
            folder = policies.get("DownloadDirectory")
        except Unreadable as error:
            yield error.gap(machine.volume.name)
            yield machine.unknown(_RULE, path, error, _SERVER, profile)
            return
        except (OSError, ValueError, LookupError, AttributeError, TypeError, RecursionError) as error:
            broken = Unreadable(path, "damaged", str(error))
            yield broken.gap(machine.volume.name)
            yield machine.unknown(_RULE, path, broken, _SERVER, profile)
            return
        if isinstance(folder, str):
            verdict = Verdict.OK if on_a_server(folder) else Verdict.VIOLATION
            yield machine.say(_RULE, verdict, Answer(folder, f"{path}: DownloadDirectory"), _SERVER, profile)
            return
    yield unset


FAMILY = Family(
    (_RULE,),
    tuple(_check(browser, below) for browser, below in _POLICIES.items() if browser != "firefox"),
    look=look,
)
