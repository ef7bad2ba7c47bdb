"""A disk image as a source: container, partitions, BitLocker, file systems and shadow copies; nothing is mounted."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dongle_cli.audit.apart import Ended, apart
from dongle_cli.audit.identify import Limits
from dongle_cli.audit.model import Gap, Volume
from dongle_cli.audit.sources import bitlocker, containers, crew
from dongle_cli.audit.sources.containers import Refused
from dongle_cli.audit.sources.ntfs_scan import MftScan
from dongle_cli.audit.sources.opened import Opened
from dongle_cli.audit.sources.tsk import TskScan
from dongle_cli.audit.sources.walk import Found, Job
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _, reason

_SHARE = 16_384  # records of an $MFT that one process takes at a time


@dataclass(frozen=True, slots=True)
class Stretch(Job):
    """A part of an image's work: records of one $MFT, or the whole of a volume that has none."""

    scan: int = 0
    first: int = 0
    last: int = 0


@dataclass(slots=True)
class Looks:
    """What the processes share: one scan for each file system and each shadow copy."""

    scans: list[MftScan | TskScan] = field(default_factory=list)

    def lend(self, hungry: Callable[[], bool], give: Callable[[list[Job]], None]) -> None:
        """Its jobs are small enough; none is given away."""

    def jobs(self) -> list[Job]:
        """All there is to do."""
        found: list[Job] = []
        for number, scan in enumerate(self.scans):
            if isinstance(scan, MftScan):
                for first in range(0, scan.ntfs.records, _SHARE):
                    last = min(first + _SHARE, scan.ntfs.records)
                    found.append(Stretch(f"$MFT {first}-{last - 1}", None, number, first, last))
            else:
                found.append(Stretch("", None, number))
        return found

    def run(self, job: Job) -> Iterator[list[Found]]:
        """One of them."""
        assert isinstance(job, Stretch)  # noqa: S101 - for the type checker
        scan = self.scans[job.scan]
        return scan.run(job.first, job.last) if isinstance(scan, MftScan) else self._apart(scan)

    def _apart(self, scan: TskScan) -> Iterator[list[Found]]:
        """The Sleuth Kit follows some damage for hours in one call, so it is watched from another process."""
        try:
            yield from apart(scan.watched, quiet=scan.limits.quiet, total=math.inf)
        except Ended as ended:
            yield [Gap("", ended.reason, str(ended), scan.tsk.name)]


class ImageSource:
    """The image at `target`; everything in it that can be opened is open when this returns.

    DongleError `audit.target` where the file cannot be read, `secret.unlock` where no key opens what is encrypted.
    """

    sees_deleted = True

    def __init__(
        self, target: str, limits: Limits | None = None, unlock: Sequence[bitlocker.Key] = (), jobs: int = 1
    ) -> None:
        self.target = target
        self._jobs = jobs
        self._opened = Opened(limits or Limits(), unlock)
        self._gaps = self._opened.gaps
        try:
            disk = containers.open_disk(Path(target))
        except Refused as refused:
            self._gaps.append(Gap("", refused.reason, str(refused)))
            return
        except OSError as error:
            raise DongleError(
                _("The image {path} cannot be read: {reason}.").format(path=target, reason=reason(error)),
                code="audit.target",
                hint=_("Name a folder, a disk image or a mounted disk that you may read."),
            ) from None
        self._opened.disk(disk)
        self._judge_keys()

    def scan(self) -> Iterator[Found]:
        """Look at every file once."""
        yield from self._gaps
        looks = Looks(self._opened.scans)
        yield from crew.scan(looks, self._jobs, looks.jobs())

    def volumes(self) -> list[Volume]:
        """The file systems that can be read, as they are now: no deleted files and no shadow copies."""
        return list(self._opened.volumes)

    def _judge_keys(self) -> None:
        """Keys that open nothing at all are the operator's mistake; a volume for which there is none is a gap."""
        if self._opened.locked and self._opened.keys and not self._opened.unlocked:
            name, takes = self._opened.locked[0]
            raise DongleError(
                _("None of the keys opens the BitLocker volume {volume} (it takes: {kinds}).").format(
                    volume=" ".join(filter(None, (self.target, name))), kinds=takes or "?"
                ),
                code="secret.unlock",
                hint=_("Compare the password, or the recovery key, with the one that is kept for this very laptop."),
            )
        for name, takes in self._opened.locked:
            self._gaps.append(Gap("", "encrypted", f"BitLocker: {takes}", name))
