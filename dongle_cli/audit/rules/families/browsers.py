"""Browsers: where downloads go, by policy and not by what somebody has clicked."""

from __future__ import annotations

from dongle_cli.audit.model import Severity
from dongle_cli.audit.rules.check import Check, Family, Wanted, is_, on_a_server
from dongle_cli.audit.rules.rule import Rule
from dongle_cli.i18n import N_

_ID = "E-browser-downloads"
_POLICIES = {"edge": r"Microsoft\Edge", "chrome": r"Google\Chrome", "firefox": r"Mozilla\Firefox"}


def _check(browser: str, below: str) -> Check:
    keys = tuple(rf"{root}\Policies\{below}" for root in (r"HKLM\SOFTWARE", r"HKCU\Software"))
    server = Wanted("DownloadDirectory", keys, on_a_server, r"\\server\...")
    block = () if browser == "firefox" else (Wanted("DownloadRestrictions", keys, is_(3), "3"),)
    return Check(_ID, (*block, server), browser)


FAMILY = Family(
    (
        Rule(
            _ID,
            N_("Browsers download nothing, or to the server only"),
            N_("A downloaded document stays in Downloads long after it was read."),
            N_(
                "Set DownloadRestrictions = 3 (Edge, Chrome: no downloads) or DownloadDirectory to a folder on "
                "the server, for each browser that is installed. A value that the user can change does not count."
            ),
            Severity.MEDIUM,
            subject="user",
        ),
    ),
    tuple(_check(browser, below) for browser, below in _POLICIES.items()),
)
