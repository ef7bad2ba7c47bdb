"""Write filters and data-less PCs: what is written is thrown away or goes to a server, but for their exclusions."""

from __future__ import annotations

from collections.abc import Iterator

from dongle_cli.audit.hives.hive import Key
from dongle_cli.audit.hives.registry import Answer
from dongle_cli.audit.hives.unreadable import Unreadable
from dongle_cli.audit.model import Finding, Gap, Severity, Verdict
from dongle_cli.audit.rules.check import Family
from dongle_cli.audit.rules.machine import Detail, Machine, shown
from dongle_cli.audit.rules.products import PRODUCTS
from dongle_cli.audit.rules.rule import Rule
from dongle_cli.i18n import N_

_FILTER = Rule(
    "E-write-filter",
    N_("The write filter, where there is one, is on"),
    N_(
        "With a write filter (UWF, EWF, FBWF) or a data-less PC product, what people write is gone after a "
        "restart. It is worth nothing while it is off, and not-applicable where none is installed."
    ),
    N_(
        "Turn it on (`uwfmgr filter enable`, `uwfmgr volume protect C:`) and restart. Have the product's own "
        "settings shown."
    ),
    Severity.MEDIUM,
)
_EXCLUSION = Rule(
    "E-write-filter-exclusion",
    N_("Every path that the write filter leaves out is approved"),
    N_(
        "A path that is left out is writable storage that survives a restart. It is scanned like every other "
        "folder, and what a policy allows does not hold below it."
    ),
    N_("Take it out of the filter's list, or approve it as an exception with this rule's id and an end."),
    Severity.MEDIUM,
)
_SERVICES = r"HKLM\SYSTEM\CurrentControlSet\Services"
_UWF = rf"{_SERVICES}\uwfvol\Parameters"
_COPIES = ("CopyV", "Copy0", "Copy1")  # of the configuration; which of them holds is nowhere published
_SCANNED = N_(
    "Writable storage that survives a restart; it was scanned, and nothing that a policy allows holds below it."
)
_HIDDEN = N_(
    "{name} is installed. Its list of paths that may be written to (書き込み禁止除外パス) stands in its own "
    "settings and cannot be read here: have it shown. Every such path is writable storage; the whole disk was "
    "scanned, these paths too."
)
_TWO = N_("The copies of its configuration differ, and only one holds: ask `uwfmgr get-config` on the machine.")
_OLD = N_("Its exclusions stand in a file of its own and cannot be read here: have them shown by its program.")
_MAX = 2000


def look(machine: Machine) -> Iterator[Finding | Gap]:
    """Each kind of filter that is there, then its exclusions."""
    where = f"{machine.system}: Services\\uwfvol"
    try:
        found = [*_uwf(machine), *_old(machine), *_products(machine)]
    except Unreadable as error:
        yield error.gap(machine.volume.name)
        yield machine.unknown(_FILTER, error.path, error, None)
        yield machine.unknown(_EXCLUSION, error.path, error, None)
        return
    yield from found
    said = {one.rule for one in found}
    if _FILTER.id not in said:
        yield machine.finding(_FILTER, Verdict.NOT_APPLICABLE, where, None, [])
    if _EXCLUSION.id not in said:
        on = any(one.verdict is Verdict.OK for one in found)
        yield machine.finding(_EXCLUSION, Verdict.OK if on else Verdict.NOT_APPLICABLE, where, None, [])


def exclusions(machine: Machine) -> set[str]:
    """Paths of the system's volume that UWF leaves out while it is on; none where the hive cannot be read.

    The rule itself says that it cannot.
    """
    try:
        on = any(answer.data == 1 for answer in _enabled(machine))
        return {path for path, _where in _excluded(machine)} if on else set()
    except Unreadable:
        return set()


def _excluded(machine: Machine) -> Iterator[tuple[str, str]]:
    static = machine.registry.key(rf"{_UWF}\Static")
    for copy in _COPIES:
        below = static.subkey(copy) if static else None
        if below is not None:
            yield from _paths(below, f"{machine.system}: Services\\uwfvol\\Parameters\\Static\\{copy}", 6)


def _uwf(machine: Machine) -> Iterator[Finding]:
    if machine.registry.key(rf"{_SERVICES}\uwfvol") is None:
        return
    copies = _enabled(machine)
    on = any(answer.data == 1 for answer in copies)
    if on and any(answer.data != 1 for answer in copies):
        detail: list[Detail] = [(answer.where.rsplit("\\", 2)[1], shown(answer.data)) for answer in copies]
        yield machine.finding(_FILTER, Verdict.UNKNOWN, copies[0].where, None, detail, _TWO)
    else:
        yield machine.say(_FILTER, Verdict.OK if on else Verdict.VIOLATION, copies[0], "1")
    once: dict[str, Answer] = {}
    for path, where in _excluded(machine) if on else ():
        once.setdefault(path.casefold(), Answer(path, where))
    for answer in once.values():
        yield machine.say(_EXCLUSION, Verdict.VIOLATION, answer, None, None, _SCANNED)


def _enabled(machine: Machine) -> list[Answer]:
    """What each copy of the configuration says; one at least, for its place, where none says anything."""
    asked = [machine.read(rf"{_UWF}\Static\{copy}", "UwfEnabled") for copy in _COPIES]
    return [answer for answer in asked if answer.data is not None] or asked[1:2]


def _paths(key: Key, where: str, depth: int) -> Iterator[tuple[str, str]]:
    """Every value below that is a path: the layout of UWF's list is not published, so all of it is looked through."""
    for name, data in list(key.values().values())[:_MAX]:
        for text in data if isinstance(data, list) else [data]:
            if isinstance(text, str) and (path := _relative(text)):
                yield path, f"{where}\\{name} = {path}"
    for name in key.subkeys()[:_MAX] if depth else ():
        below = key.subkey(name)
        if below is not None:
            yield from _paths(below, f"{where}\\{name}", depth - 1)


def _relative(text: str) -> str | None:
    path = text.strip().strip('"').replace("/", "\\")
    if path[1:3] == ":\\":
        path = path[2:]
    bare = path.strip("\\")
    return (
        bare.replace("\\", "/") if path.startswith("\\") and bare and not path.startswith(("\\\\", "\\??\\")) else None
    )


def _old(machine: Machine) -> Iterator[Finding]:
    for service in ("ewf", "fbwf"):
        answer = machine.read(rf"{_SERVICES}\{service}", "Start")
        if answer.data is not None:  # Windows PE has FBWF, an installed system only as a feature
            verdict = Verdict.VIOLATION if answer.data == 4 else Verdict.UNKNOWN
            yield machine.say(_FILTER, verdict, answer, "0", None, _OLD)


def _products(machine: Machine) -> Iterator[Finding]:
    for word in ("passage", "dataless"):
        title = machine.installed(*PRODUCTS[word].titles)
        if title is not None:
            where = f"{machine.software}: Microsoft\\Windows\\CurrentVersion\\Uninstall"
            yield machine.finding(_EXCLUSION, Verdict.UNKNOWN, where, None, [("product", title)], _HIDDEN, name=title)
            return


FAMILY = Family((_FILTER, _EXCLUSION), look=look)
