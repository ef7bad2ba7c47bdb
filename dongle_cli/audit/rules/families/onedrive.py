"""OneDrive: the cloud's copies on the local disk, and the known folders that it takes over."""

from __future__ import annotations

from dongle_cli.audit.model import Severity
from dongle_cli.audit.rules.check import Check, Family, Wanted, is_
from dongle_cli.audit.rules.rule import Rule
from dongle_cli.i18n import N_

_OFF = Wanted("DisableFileSyncNGSC", (r"HKLM\SOFTWARE\Policies\Microsoft\Windows\OneDrive",), is_(1), "1")
_PERSONAL = Wanted(
    "DisablePersonalSync",
    (r"HKLM\SOFTWARE\Policies\Microsoft\OneDrive", r"HKCU\Software\Policies\Microsoft\OneDrive"),
    is_(1),
    "1",
)
_MOVE = Wanted("KFMBlockOptIn", (r"HKLM\SOFTWARE\Policies\Microsoft\OneDrive",), is_(1, 2), "1")

FAMILY = Family(
    (
        Rule(
            "E-onedrive",
            N_("OneDrive does not synchronise files to this machine"),
            N_("Files that OneDrive keeps or has opened are on the local disk, and copies leave for a cloud."),
            N_('Set the policy "Prevent the usage of OneDrive for file storage" (DisableFileSyncNGSC = 1).'),
            Severity.HIGH,
        ),
        Rule(
            "E-onedrive-personal",
            N_("Nobody can sign in to OneDrive with an account of his own"),
            N_("A private account takes documents out of the organisation's reach for good."),
            N_(
                'Set the policy "Prevent users from synchronizing personal OneDrive accounts" '
                "(DisablePersonalSync = 1)."
            ),
            Severity.HIGH,
            subject="user",
        ),
        Rule(
            "E-known-folder-move",
            N_("OneDrive cannot take over Desktop, Documents and Pictures"),
            N_(
                "Known-folder move brings these folders back from the server to the local disk (and into the cloud), "
                "often by one click on a notice."
            ),
            N_(
                'Set the policy "Prevent users from moving their Windows known folders to OneDrive" '
                "(KFMBlockOptIn = 1)."
            ),
            Severity.MEDIUM,
        ),
    ),
    (
        Check("E-onedrive", (_OFF,), "onedrive"),
        Check("E-onedrive-personal", (_PERSONAL, _OFF), "onedrive"),
        Check("E-known-folder-move", (_MOVE, _OFF), "onedrive"),
    ),
)
