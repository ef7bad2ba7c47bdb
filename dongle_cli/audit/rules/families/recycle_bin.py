"""The recycle bin: off, so that what is deleted does not stay."""

from __future__ import annotations

from dongle_cli.audit.model import Severity
from dongle_cli.audit.rules.check import Check, Family, Wanted, is_
from dongle_cli.audit.rules.rule import Rule
from dongle_cli.i18n import N_

_ID = "E-recycle-bin"
_KEYS = tuple(
    rf"{root}\Microsoft\Windows\CurrentVersion\Policies\Explorer" for root in (r"HKLM\SOFTWARE", r"HKCU\Software")
)

FAMILY = Family(
    (
        Rule(
            _ID,
            N_("Deleted files do not go to the recycle bin"),
            N_("What somebody has deleted in good faith otherwise stays on the disk for months."),
            N_('Set the policy "Do not move deleted files to the Recycle Bin" (NoRecycleFiles = 1).'),
            Severity.LOW,
            subject="user",
        ),
    ),
    (Check(_ID, (Wanted("NoRecycleFiles", _KEYS, is_(1), "1"),)),),
)
