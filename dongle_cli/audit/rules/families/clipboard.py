"""The clipboard's memory: history on this machine, and its way to other machines."""

from __future__ import annotations

from dongle_cli.audit.model import Severity
from dongle_cli.audit.rules.check import Check, Family, Wanted, is_
from dongle_cli.audit.rules.rule import Rule
from dongle_cli.i18n import N_

_ID = "E-clipboard-history"
_KEY = (r"HKLM\SOFTWARE\Policies\Microsoft\Windows\System",)

FAMILY = Family(
    (
        Rule(
            _ID,
            N_("Windows keeps no clipboard history and shares no clipboard with other devices"),
            N_("What was copied from a session stays readable afterwards, and may travel to a private telephone."),
            N_('Set AllowClipboardHistory = 0 and AllowCrossDeviceClipboard = 0 (policies of "OS Policies").'),
            Severity.LOW,
        ),
    ),
    tuple(
        Check(_ID, (Wanted(name, _KEY, is_(0), "0"),), "clipboard-history")
        for name in ("AllowClipboardHistory", "AllowCrossDeviceClipboard")
    ),
)
