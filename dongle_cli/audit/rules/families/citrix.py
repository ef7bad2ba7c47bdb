"""Citrix Workspace: what the client offers to a session (its lockdown profiles)."""

from __future__ import annotations

from dongle_cli.audit.model import Severity
from dongle_cli.audit.rules.check import Check, Family, Wanted, no
from dongle_cli.audit.rules.rule import Rule
from dongle_cli.i18n import N_

_LOCKDOWN = r"Citrix\ICA Client\Engine\Lockdown Profiles\All Regions\Lockdown\Virtual Channels"
_ROOTS = (r"HKLM\SOFTWARE\Policies", r"HKCU\Software\Policies", r"HKLM\SOFTWARE", r"HKLM\SOFTWARE\WOW6432Node")
_WHY = N_(
    "The client refuses it whatever the host asks for. Where the client does not, only the host's policy does, "
    "and that is not seen from here."
)


def _wanted(channel: str, name: str) -> Wanted:
    return Wanted(name, tuple(rf"{root}\{_LOCKDOWN}\{channel}" for root in _ROOTS), no, "false")


_CHANNELS = (
    (
        Rule(
            "E-citrix-drive",
            N_("Citrix Workspace does not offer local drives to the session"),
            _WHY,
            N_('In the policy "Client drive mapping" of Citrix Workspace, uncheck its box (CDMAllowed = false).'),
            Severity.HIGH,
            subject="user",
        ),
        _wanted("Drives", "CDMAllowed"),
    ),
    (
        Rule(
            "E-citrix-clipboard",
            N_("Citrix Workspace does not share the clipboard"),
            _WHY,
            N_('In the policy "Clipboard" of Citrix Workspace, forbid it (ClipboardAllowed = false).'),
            Severity.MEDIUM,
            subject="user",
        ),
        _wanted("Clipboard", "ClipboardAllowed"),
    ),
    (
        Rule(
            "E-citrix-printer",
            N_("Citrix Workspace does not offer local printers"),
            _WHY,
            N_('In the policy "Client printers" of Citrix Workspace, forbid them (CPMAllowed = false).'),
            Severity.MEDIUM,
            subject="user",
        ),
        _wanted("Printing", "CPMAllowed"),
    ),
)

FAMILY = Family(
    tuple(rule for rule, _value in _CHANNELS), tuple(Check(rule.id, (value,), "citrix") for rule, value in _CHANNELS)
)
