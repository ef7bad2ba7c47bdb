"""USB storage: sticks and disks that a document can leave by."""

from __future__ import annotations

from collections.abc import Iterator

from dongle_cli.audit.hives.unreadable import Unreadable
from dongle_cli.audit.model import Finding, Gap, Severity, Verdict
from dongle_cli.audit.rules.check import Check, Family, Wanted, is_
from dongle_cli.audit.rules.machine import Machine
from dongle_cli.audit.rules.products import PRODUCTS
from dongle_cli.audit.rules.rule import Rule
from dongle_cli.i18n import N_

_POLICY = r"HKLM\SOFTWARE\Policies\Microsoft\Windows\RemovableStorageDevices"
_REMOVABLE = rf"{_POLICY}\{{53f5630d-b6bf-11d0-94f2-00a0c91efb8b}}"  # the class of removable disks

_RULE = Rule(
    "E-removable-policy",
    N_("USB storage cannot be written to"),
    N_(
        "A stick carries documents away without a trace on the server. A dongle that shows a CD-ROM drive is not "
        "touched by this."
    ),
    N_(
        'Set the policy "All Removable Storage classes: Deny all access" (Deny_All = 1) or "Removable Disks: Deny'
        ' write access", or stop the driver (USBSTOR, Start = 4). With a device control product, have its list of'
        " permitted devices shown."
    ),
    Severity.MEDIUM,
)
_CHECK = Check(
    _RULE.id,
    (
        Wanted("Deny_All", (_POLICY,), is_(1), "1"),
        Wanted("Deny_Write", (_REMOVABLE,), is_(1), "1"),
        Wanted("Start", (r"HKLM\SYSTEM\CurrentControlSet\Services\USBSTOR",), is_(4), "4"),
    ),
)
_NOTE = N_("{name} is installed; which devices it permits stands in its own settings, which cannot be read here.")


def look(machine: Machine) -> Iterator[Finding | Gap]:
    """The policies of Windows; where they permit but a device control product is there, nobody knows from here."""
    for said in machine.ask(_CHECK, _RULE):
        if isinstance(said, Finding) and said.verdict is Verdict.VIOLATION:
            try:
                product = machine.installed(*PRODUCTS["device-control"].titles)
            except Unreadable as error:
                yield error.gap(machine.volume.name)
                product = None
            if product is not None:
                detail = [("wanted", _CHECK.wanted), ("product", product)]
                yield machine.finding(_RULE, Verdict.UNKNOWN, said.path, None, detail, _NOTE, name=product)
                continue
        yield said


FAMILY = Family((_RULE,), look=look)
