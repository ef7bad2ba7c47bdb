"""Outlook: mailboxes that it copies to the local disk."""

from __future__ import annotations

from dongle_cli.audit.model import Severity
from dongle_cli.audit.rules.check import Check, Family, Wanted, is_
from dongle_cli.audit.rules.rule import Rule
from dongle_cli.i18n import N_

_VERSIONS = ("16.0", "15.0", "14.0")  # since 2016, 2013, 2010


def _keys(below: str) -> tuple[str, ...]:
    return tuple(
        rf"{root}\Policies\Microsoft\Office\{version}\Outlook{below}"
        for version in _VERSIONS
        for root in (r"HKCU\Software", r"HKLM\SOFTWARE")
    )


FAMILY = Family(
    (
        Rule(
            "E-outlook-cache",
            N_("Outlook keeps no copy of the mailbox (OST) on this machine"),
            N_("In cached mode the whole mailbox, with every attachment, is a file in the user's folder."),
            N_(
                'Set the policies "Do not allow an OST file to be created" (OST\\NoOST = 2) or "Use Cached '
                'Exchange Mode" disabled (Cached Mode\\Enable = 0), then remove the OST file.'
            ),
            Severity.HIGH,
            subject="user",
        ),
        Rule(
            "E-outlook-pst",
            N_("Outlook opens no personal folders (PST) and adds nothing to them"),
            N_("People archive mail into PST files on the local disk; these are never backed up and often forgotten."),
            N_(
                'Set the policy "Prevent users from adding PSTs to Outlook profiles" (PST\\DisablePST or '
                "PSTDisableGrow = 1)."
            ),
            Severity.HIGH,
            subject="user",
        ),
    ),
    (
        Check(
            "E-outlook-cache",
            (
                Wanted("NoOST", _keys(r"\OST"), is_(2), "2"),
                Wanted("Enable", _keys(r"\Cached Mode"), is_(0), "0"),
            ),
            "outlook",
        ),
        Check(
            "E-outlook-pst",
            (
                Wanted("DisablePST", _keys(""), is_(1), "1"),
                Wanted("DisablePST", _keys(r"\PST"), is_(1), "1"),
                Wanted("PSTDisableGrow", _keys(r"\PST"), is_(1), "1"),
            ),
            "outlook",
        ),
    ),
)
