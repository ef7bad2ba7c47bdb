"""Remote Desktop: what a session may carry between this machine and the other, in .rdp files and in policies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dongle_cli.audit.model import Finding, Gap, Severity, Verdict
from dongle_cli.audit.rules.check import Check, Family, Line, Wanted, is_
from dongle_cli.audit.rules.machine import Machine
from dongle_cli.audit.rules.rule import Rule
from dongle_cli.i18n import N_

DRIVE, CLIPBOARD, PRINTER, DEVICE = (
    "E-redirect-drive",
    "E-redirect-clipboard",
    "E-redirect-printer",
    "E-redirect-device",
)
PASSWORD = "H-saved-password"  # noqa: S105 - the id of a rule

_HOST = N_(
    "This policy governs sessions into this machine. It proves nothing about the hosts that people connect to "
    "from here: look at their settings there."
)
_WHY_FILE = N_(
    "A session carries it from the server to this machine. An .rdp file asks for it, the host may refuse it: only the "
    "host's own policy is decisive, and it is not seen from here."
)
_KEY = r"HKLM\SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services"
_TAKES = Wanted(
    "fDenyTSConnections", (_KEY, r"HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server"), is_(1), "1", absent=True
)

RULES = (
    Rule(
        DRIVE,
        N_("Remote Desktop does not offer local drives to the session"),
        _WHY_FILE,
        N_("In the .rdp file write `drivestoredirect:s:` (empty); on the host set fDisableCdm = 1."),
        Severity.HIGH,
        subject="file",
    ),
    Rule(
        CLIPBOARD,
        N_("Remote Desktop does not share the clipboard"),
        _WHY_FILE,
        N_(
            "In the .rdp file write `redirectclipboard:i:0` (a file without this line shares it); on the host set "
            "fDisableClip = 1."
        ),
        Severity.MEDIUM,
        subject="file",
    ),
    Rule(
        PRINTER,
        N_("Remote Desktop does not offer local printers"),
        _WHY_FILE,
        N_(
            "In the .rdp file write `redirectprinters:i:0` (a file without this line offers them); on the host set "
            "fDisableCpm = 1."
        ),
        Severity.MEDIUM,
        subject="file",
    ),
    Rule(
        DEVICE,
        N_("Remote Desktop does not offer serial ports, USB or other devices"),
        _WHY_FILE,
        N_(
            "In the .rdp file write `redirectcomports:i:0`, `usbdevicestoredirect:s:` and `devicestoredirect:s:`;"
            " on the host set fDisableCcm, fDisableLPT and fDisablePNPRedir = 1."
        ),
        Severity.LOW,
        subject="file",
    ),
    Rule(
        PASSWORD,
        N_("No .rdp file holds a password"),
        N_("Whoever has the machine and its logon has the session as well."),
        N_("Remove the line `password 51:b:` and let people type their password."),
        Severity.HIGH,
        subject="file",
    ),
)


def _off(text: str) -> bool:
    return text.strip() == "0"


def _none(text: str) -> bool:
    return not text.strip(" ;")


LINES = (
    Line(DRIVE, "drivestoredirect", "", _none, ""),
    Line(DRIVE, "redirectdrives", "0", _off, "0"),  # the older form
    Line(CLIPBOARD, "redirectclipboard", "1", _off, "0"),
    Line(PRINTER, "redirectprinters", "1", _off, "0"),
    Line(DEVICE, "redirectcomports", "0", _off, "0"),
    Line(DEVICE, "usbdevicestoredirect", "", _none, ""),
    Line(DEVICE, "devicestoredirect", "", _none, ""),
    Line(PASSWORD, "password 51", "", _none, "", secret=True),
)

_CHECKS = tuple(
    Check(rule, (Wanted(name, (_KEY,), is_(1), "1"),), note=_HOST)
    for rule, name in (
        (DRIVE, "fDisableCdm"), (CLIPBOARD, "fDisableClip"), (PRINTER, "fDisableCpm"), (DEVICE, "fDisableCcm"),
        (DEVICE, "fDisableLPT"), (DEVICE, "fDisablePNPRedir"),
    )
)  # fmt: skip


def look(machine: Machine) -> Iterator[Finding | Gap]:
    """Sessions into this machine: an unset policy matters only where it takes any."""
    by_id = {rule.id: rule for rule in RULES}
    for check in _CHECKS:
        for said in machine.ask(check, by_id[check.rule]):
            unset = (
                isinstance(said, Finding) and said.verdict is Verdict.VIOLATION and dict(said.detail)["found"] is None
            )
            if not unset:
                yield said
                continue
            assert isinstance(said, Finding)  # noqa: S101 - as `unset` says
            for taken in machine.ask(Check(check.rule, (_TAKES,)), by_id[check.rule]):
                if isinstance(taken, Gap):
                    yield taken
                else:
                    verdict = Verdict.NOT_APPLICABLE if taken.verdict is Verdict.OK else taken.verdict
                    yield replace(said, verdict=verdict)


FAMILY = Family(RULES, lines=LINES, look=look)
