"""Memory that is written to the disk: what a document held while it was open."""

from __future__ import annotations

from dongle_cli.audit.model import Severity
from dongle_cli.audit.rules.check import Check, Family, Wanted, is_
from dongle_cli.audit.rules.rule import Rule
from dongle_cli.i18n import N_

_ID = "E-memory-on-disk"
_CONTROL = r"HKLM\SYSTEM\CurrentControlSet\Control"

FAMILY = Family(
    (
        Rule(
            _ID,
            N_("Hibernation is off and the page file is cleared when Windows stops"),
            N_(
                "hiberfil.sys and pagefile.sys hold pieces of whatever was open, also of documents on the server. They "
                "are not searched here: on an encrypted disk they matter little."
            ),
            N_("Run `powercfg /h off` and set ClearPageFileAtShutdown = 1, or keep the disk encrypted."),
            Severity.INFO,
        ),
    ),
    (
        Check(_ID, (Wanted("HibernateEnabled", (rf"{_CONTROL}\Power",), is_(0), "0"),)),
        Check(
            _ID,
            (Wanted("ClearPageFileAtShutdown", (rf"{_CONTROL}\Session Manager\Memory Management",), is_(1), "1"),),
        ),
    ),
)
