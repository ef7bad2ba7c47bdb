"""Traces of documents that are no longer there, or were never meant to stay: counted, and never named."""

from __future__ import annotations

from collections.abc import Iterator

from dongle_cli.audit.hives.profiles import Profile, local
from dongle_cli.audit.hives.unreadable import Unreadable
from dongle_cli.audit.identify.kinds import by_name
from dongle_cli.audit.model import Finding, Gap, Severity, Verdict
from dongle_cli.audit.places import history
from dongle_cli.audit.places.people import Spot
from dongle_cli.audit.rules.check import Family
from dongle_cli.audit.rules.machine import Machine
from dongle_cli.audit.rules.rule import Rule
from dongle_cli.i18n import N_

_DOWNLOADS = Rule(
    "E-download-history",
    N_("Documents that a browser has downloaded still stand where they were saved"),
    N_(
        "The browser remembers where it saved each file. One that is gone was moved, deleted or carried away; one that "
        "was saved to another drive or a server was never on this disk. Those that are still here are findings of "
        "their own."
    ),
    N_("Ask the person where these documents are now. The history itself stands in the file named here."),
    Severity.INFO,
    subject="user",
)
_TRACES = Rule(
    "E-document-traces",
    N_("Windows keeps no small pictures and no links of documents"),
    N_(
        "Thumbnails are small pictures of first pages, and stay when the document is deleted. Links to recently used "
        "documents tell their names. Neither is a document; both say that there was one."
    ),
    N_("Clear them with the disk clean-up of Windows, and turn the recent files of Explorer off."),
    Severity.INFO,
    subject="user",
)
_EXPLORER = "AppData/Local/Microsoft/Windows/Explorer"
_RECENT = "AppData/Roaming/Microsoft/Windows/Recent"
_EMPTY = 4096  # bytes; Explorer makes its caches with a header alone


def look(machine: Machine) -> Iterator[Finding | Gap]:
    """Each person's histories and traces, also of profiles that are left over."""
    for profile in machine.registry.profiles():
        if profile.kind in ("user", "leftover"):
            yield from _downloads(machine, profile)
            yield from _traces(machine, profile)


def _downloads(machine: Machine, profile: Profile) -> Iterator[Finding | Gap]:
    unread: list[Unreadable] = []
    person = Spot(profile.folder, "profile", profile.name)
    for one in history.histories(machine.registry, [person], unread.append):
        targets = [target for target in one.targets if by_name(target.replace("\\", "/").rpartition("/")[2])]
        here = [path for path in map(local, targets) if path is not None]
        gone = sum(not machine.registry.folders.exists(path) for path in here)
        verdict = Verdict.VIOLATION if gone or len(here) < len(targets) else Verdict.OK
        counts = (("documents", len(targets)), ("gone", gone), ("saved_elsewhere", len(targets) - len(here)))
        yield machine.finding(_DOWNLOADS, verdict, one.path, profile, counts)
    for error in unread:
        yield error.gap(machine.volume.name)
        yield machine.unknown(_DOWNLOADS, error.path, error, None, profile)


def _traces(machine: Machine, profile: Profile) -> Iterator[Finding | Gap]:
    folders = machine.registry.folders
    try:
        pictures = [
            entry
            for path, _folder in folders.glob(f"{profile.folder}/{_EXPLORER}/thumbcache_*.db")
            if (entry := folders.find(path)) is not None and (entry.size or 0) > _EMPTY
        ]
        links = [path for path, _folder in folders.glob(f"{profile.folder}/{_RECENT}/*.lnk") if by_name(path[:-4])]
    except OSError as error:
        where = Unreadable.of(f"{profile.folder}/{_EXPLORER}", error)
        yield where.gap(machine.volume.name)
        yield machine.unknown(_TRACES, where.path, where, None, profile)
        return
    size = sum(entry.size or 0 for entry in pictures)
    counts = (("thumbnail_bytes", size), ("links_of_documents", len(links)))
    verdict = Verdict.VIOLATION if pictures or links else Verdict.OK
    yield machine.finding(_TRACES, verdict, profile.folder, profile, counts)


FAMILY = Family((_DOWNLOADS, _TRACES), look=look)
