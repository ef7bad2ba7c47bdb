"""Logging on: nobody gets in without saying who he is."""

from __future__ import annotations

from dongle_cli.audit.model import Severity
from dongle_cli.audit.rules.check import Check, Family, Wanted, is_
from dongle_cli.audit.rules.rule import Rule
from dongle_cli.i18n import N_

_ID = "H-login-auth"
_WINLOGON = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon"
_NOTE = N_("Whether an account has a password, and how strong it is, is not seen here.")

FAMILY = Family(
    (
        Rule(
            _ID,
            N_("Windows asks who is there before it lets anybody in"),
            N_("With automatic logon whoever has the machine has everything that its user may do."),
            N_("Set AutoAdminLogon = 0 and remove DefaultPassword from the same key."),
            Severity.HIGH,
        ),
    ),
    (Check(_ID, (Wanted("AutoAdminLogon", (_WINLOGON,), is_(0), "0", absent=True),), note=_NOTE),),
)
