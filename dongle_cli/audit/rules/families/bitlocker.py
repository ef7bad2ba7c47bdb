"""BitLocker: what is wanted, and what Windows noted at its last start; neither is the encryption itself."""

from __future__ import annotations

from collections.abc import Iterator

from dongle_cli.audit.hives.registry import Answer
from dongle_cli.audit.hives.unreadable import Unreadable
from dongle_cli.audit.model import Finding, Gap, Severity, Verdict
from dongle_cli.audit.rules.check import Family
from dongle_cli.audit.rules.machine import Machine
from dongle_cli.audit.rules.rule import Rule
from dongle_cli.i18n import N_

_INTENT = Rule(
    "E-encryption-policy",
    N_("A policy says how disks are encrypted"),
    N_("Without one, whether and how a disk is encrypted is left to chance. A policy is an intention, not encryption."),
    N_('Set the policies of "BitLocker Drive Encryption", and back recovery keys up to the directory.'),
    Severity.LOW,
)
_STATE = Rule(
    "E-disk-encryption",
    N_("The system's disk is encrypted"),
    N_(
        "A lost machine is then a lost thing and no leak. A hive only holds what Windows noted at its last start:"
        " not whether protection is suspended now, and nothing about other disks. `manage-bde -status` on the "
        "machine says it."
    ),
    N_(
        "Turn BitLocker on, wait until encryption has finished, see that protection is on, and keep the recovery "
        "key safe."
    ),
    Severity.HIGH,
)
_KEY, _MDM = r"HKLM\SOFTWARE\Policies\Microsoft\FVE", r"HKLM\SOFTWARE\Microsoft\PolicyManager\current\device\BitLocker"
_STATUS = r"HKLM\SYSTEM\CurrentControlSet\Control\BitLockerStatus"
_NOT_MEASURED = N_("A policy is an intention: whether the disk is encrypted was not measured by it.")
_LAST_START = N_("As Windows noted at its last start; suspended protection and other disks are not known.")
_OPENED = N_("Measured: the volume in this image is encrypted, and was opened with its key.")
_SUSPENDED = N_(
    "Measured: protection is suspended. The key lies in the clear beside the data, and anybody can open it."
)
_NOWHERE = N_("Nothing here says whether the disk is encrypted; ask `manage-bde -status` on the machine.")


def look(machine: Machine) -> Iterator[Finding | Gap]:
    """The intention, then the note of the last start."""
    try:
        yield _intent(machine)
    except Unreadable as error:
        yield error.gap(machine.volume.name)
        yield machine.unknown(_INTENT, f"{error.path}: Policies\\Microsoft\\FVE", error, None)
    protection = getattr(machine.volume, "protection", None)  # of an image's volume that was opened
    if protection is not None:
        verdict = Verdict.OK if protection == "on" else Verdict.VIOLATION
        note = _OPENED if protection == "on" else _SUSPENDED
        yield machine.say(_STATE, verdict, Answer(protection, "BitLocker"), "on", None, note)
        return
    try:
        noted = machine.read(_STATUS, "BootStatus")
    except Unreadable as error:
        yield error.gap(machine.volume.name)
        yield machine.unknown(_STATE, f"{error.path}: Control\\BitLockerStatus\\BootStatus", error, "1")
        return
    if noted.data is None:
        yield machine.say(_STATE, Verdict.UNKNOWN, noted, "1", None, _NOWHERE)
    else:
        verdict = Verdict.VIOLATION if noted.data == 0 else Verdict.OK
        yield machine.say(_STATE, verdict, noted, "1", None, _LAST_START)


def _intent(machine: Machine) -> Finding:
    names = machine.policy_names(_KEY)
    required = machine.read(_MDM, "RequireDeviceEncryption")
    where = f"{machine.software}: Policies\\Microsoft\\FVE"
    if required.data == 1:
        return machine.say(_INTENT, Verdict.OK, required, "1", None, _NOT_MEASURED)
    verdict = Verdict.OK if names else Verdict.VIOLATION
    found = "; ".join(sorted(names)) or None
    return machine.say(_INTENT, verdict, Answer(found, where), None, None, _NOT_MEASURED)


FAMILY = Family((_INTENT, _STATE), look=look)
