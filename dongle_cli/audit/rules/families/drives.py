"""Local drives out of sight: Explorer hides them and refuses to open them."""

from __future__ import annotations

from dongle_cli.audit.model import Severity
from dongle_cli.audit.rules.check import Check, Family, Wanted, bit
from dongle_cli.audit.rules.rule import Rule
from dongle_cli.i18n import N_

_ID = "E-local-drives"
# The machine's value wins over the person's.
_KEYS = tuple(
    rf"{root}\Microsoft\Windows\CurrentVersion\Policies\Explorer" for root in (r"HKLM\SOFTWARE", r"HKCU\Software")
)
_C = bit(2)  # A: is bit 0
_NOTE = N_("Explorer and file dialogs obey this; other programs can still write to the drive.")

FAMILY = Family(
    (
        Rule(
            _ID,
            N_("Drive C: is hidden from people and closed to them"),
            N_(
                "Where nobody sees a local drive, few save to it. It is a fence and no wall: other programs still"
                " write there."
            ),
            N_(
                'Set the policies "Hide these specified drives in My Computer" (NoDrives) and "Prevent access to '
                'drives from My Computer" (NoViewOnDrive) so that they cover C:.'
            ),
            Severity.MEDIUM,
            subject="user",
        ),
    ),
    tuple(Check(_ID, (Wanted(name, _KEYS, _C, "& 0x4 (C:)"),), note=_NOTE) for name in ("NoDrives", "NoViewOnDrive")),
)
