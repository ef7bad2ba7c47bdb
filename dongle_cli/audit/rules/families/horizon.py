"""Horizon Client: whether it can hand local folders and the clipboard to a virtual desktop."""

from __future__ import annotations

from collections.abc import Iterator

from dongle_cli.audit.hives.unreadable import Unreadable
from dongle_cli.audit.model import Finding, Gap, Severity, Verdict
from dongle_cli.audit.rules.check import Family
from dongle_cli.audit.rules.machine import Machine
from dongle_cli.audit.rules.rule import Rule
from dongle_cli.i18n import N_

_RULE = Rule(
    "E-redirect-horizon",
    N_("Horizon hands neither local folders nor the clipboard to the virtual desktop"),
    N_(
        "Horizon decides this on the virtual desktop and on the connection server. Nothing on the client proves "
        "it, so a machine with Horizon Client is never more than unknown here."
    ),
    N_(
        "On the connection server and in the policies of the desktops, forbid client drive redirection and set "
        "clipboard redirection to disabled in both directions; keep their printout with the report. A policy that"
        ' proves it otherwise takes this rule out: run = ["*", "!E-redirect-horizon"].'
    ),
    Severity.HIGH,
)
_NOTE = N_("Decided on the virtual desktop and the connection server: look there.")
_KEY = r"HKLM\SOFTWARE\Policies\VMware, Inc.\VMware VDM\Client"


def look(machine: Machine) -> Iterator[Finding | Gap]:
    """Unknown where the client is installed."""
    where = f"{machine.software}: {_KEY.removeprefix('HKLM')[10:]}"
    try:
        verdict = Verdict.UNKNOWN if machine.has("horizon") else Verdict.NOT_APPLICABLE
    except Unreadable as error:
        yield error.gap(machine.volume.name)
        yield machine.unknown(_RULE, error.path, error, None)
        return
    yield machine.finding(_RULE, verdict, where, None, [], _NOTE)


FAMILY = Family((_RULE,), look=look)
