"""Documents where none may be: the rules that the scan itself asks, here so that they can be explained."""

from __future__ import annotations

from dongle_cli.audit.documents import DELETED, LOCAL, MAIL, OFFLINE
from dongle_cli.audit.model import Severity
from dongle_cli.audit.rules.check import Family
from dongle_cli.audit.rules.rule import Rule
from dongle_cli.i18n import N_

_BOTH = ("windows", "linux")

FAMILY = Family(
    (
        Rule(
            LOCAL,
            N_("No document is kept on this machine"),
            N_(
                "Official documents live on the shared server only. A file here is lost with the machine, and "
                "nobody backs it up. The rule looks at content, not at names; it cannot see what stands in free "
                "space only."
            ),
            N_(
                "Move the file to the shared server, see that it opens there, then remove it here (also from the "
                "recycle bin). `--repatriate` does it with a receipt. If it must stay, ask for an exception."
            ),
            Severity.HIGH,
            _BOTH,
            "document",
        ),
        Rule(
            MAIL,
            N_("No mail is kept on this machine"),
            N_(
                "Outlook's OST and PST files, mailboxes and opened attachments hold whole mailboxes, with everything "
                "that was ever attached."
            ),
            N_(
                "Turn cached mode off (E-outlook-cache), forbid PST files (E-outlook-pst), close Outlook and "
                "remove the files. Import a PST that is still needed into the mailbox on the server first."
            ),
            Severity.CRITICAL,
            _BOTH,
            "document",
        ),
        Rule(
            OFFLINE,
            N_("No copy of a shared folder is kept in Offline Files"),
            N_(
                "Windows keeps copies of redirected and pinned folders below Windows\\CSC, where Explorer does not"
                " show them. Folder redirection alone switches that on."
            ),
            N_("Turn Offline Files off (E-offline-files) and empty the cache; it is rebuilt as long as it is on."),
            Severity.HIGH,
            ("windows",),
            "document",
        ),
        Rule(
            DELETED,
            N_("No deleted document can be brought back"),
            N_(
                "What is in the recycle bin, or deleted but not overwritten, can be read by anybody who gets the "
                "disk. A deleted file that is not found here may still stand in unallocated space."
            ),
            N_("Empty the recycle bin; overwrite free space before the disk leaves the house, or keep it encrypted."),
            Severity.MEDIUM,
            _BOTH,
            "document",
        ),
    )
)
