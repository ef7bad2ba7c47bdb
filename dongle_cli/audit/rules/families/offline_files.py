"""Offline Files (client-side caching): copies of shared folders on the local disk."""

from __future__ import annotations

from dongle_cli.audit.model import Severity
from dongle_cli.audit.rules.check import Check, Family, Wanted, is_
from dongle_cli.audit.rules.rule import Rule
from dongle_cli.i18n import N_

_ID = "E-offline-files"

FAMILY = Family(
    (
        Rule(
            _ID,
            N_("Offline Files are off"),
            N_(
                "Redirected folders are made available offline by themselves: what people believe to be on the server "
                "only is also below Windows\\CSC."
            ),
            N_(
                'Set the policy "Allow or Disallow use of the Offline Files feature" to disabled '
                "(NetCache\\Enabled = 0), restart, and see that Windows\\CSC holds nothing any more "
                "(E-offline-cache)."
            ),
            Severity.HIGH,
        ),
    ),
    (
        Check(
            _ID,
            (
                Wanted("Enabled", (r"HKLM\SOFTWARE\Policies\Microsoft\Windows\NetCache",), is_(0), "0"),
                Wanted("Start", (r"HKLM\SYSTEM\CurrentControlSet\Services\CSC",), is_(4), "4"),
            ),
            "offline-files",
        ),
    ),
)
