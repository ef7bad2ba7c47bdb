"""A disk image as a source: container, partitions, BitLocker, file systems and shadow copies; nothing is mounted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dongle_cli.audit.identify import Limits
from dongle_cli.audit.model import Gap, Volume
from dongle_cli.audit.sources import bitlocker, containers, crew, partitions, shadow
from dongle_cli.audit.sources.containers import Refused, library
from dongle_cli.audit.sources.media import Headed, Media, said
from dongle_cli.audit.sources.ntfs import Ntfs
from dongle_cli.audit.sources.ntfs_record import Torn
from dongle_cli.audit.sources.ntfs_scan import MftScan
from dongle_cli.audit.sources.ntfs_volume import NtfsVolume
from dongle_cli.audit.sources.tsk import TskScan, TskVolume
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
        return scan.run(job.first, job.last) if isinstance(scan, MftScan) else scan.run()


class ImageSource:
    """The image at `target`; everything in it that can be opened is open when this returns.

    DongleError `audit.target` where the file cannot be read, `secret.unlock` where no key opens what is encrypted.
    """

    sees_deleted = True

    def __init__(
        self, target: str, limits: Limits | None = None, unlock: Sequence[bitlocker.Key] = (), jobs: int = 1
    ) -> None:
        self.target = target
        self._limits, self._keys, self._jobs = limits or Limits(), unlock, jobs
        self._gaps: list[Gap] = []
        self._volumes: list[Volume] = []
        self._looks = Looks()
        self._locked: list[tuple[str, str]] = []
        self._unlocked = 0
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
        self._gaps += disk.gaps
        try:
            found, gaps = partitions.partitions(disk.media)
        except OSError as error:
            found, gaps = [], [Gap("", "damaged", said(error))]
        self._gaps += gaps
        for partition in found:
            try:
                self._open(partition.media, partition.name, partitions.filesystem(partition.media))
            except (OSError, ValueError, OverflowError, MemoryError) as error:
                self._gap(partition.name, "damaged", said(error))
        self._judge_keys()

    def scan(self) -> Iterator[Found]:
        """Look at every file once."""
        yield from self._gaps
        yield from crew.scan(self._looks, self._jobs, self._looks.jobs())

    def volumes(self) -> list[Volume]:
        """The file systems that can be read, as they are now: no deleted files and no shadow copies."""
        return list(self._volumes)

    def _open(self, media: Media, name: str, kind: str) -> None:
        if kind == "bitlocker":
            self._unlock(media, name)
        elif kind in ("ntfs", "ntfs-backup"):
            self._ntfs(media, name, backup=kind == "ntfs-backup")
        elif kind in ("fat", "exfat", "ext"):
            volume = TskVolume(media, name, kind)
            self._volumes.append(volume)
            self._looks.scans.append(TskScan(volume, self._limits))
        elif kind == "luks":
            self._gap(name, "encrypted", "LUKS")
        elif kind == "":
            self._gap(name, "unsupported", "no file system was recognised")
        elif kind != "swap":
            self._gap(name, "unsupported", f"{kind}: this file system is not read")

    def _ntfs(self, media: Media, name: str, *, backup: bool) -> None:
        library("pyfsntfs")
        volume = NtfsVolume(media, name)
        boot, live = media.pread(0, 512), None
        if not backup:
            live = self._mft(media, name, boot, volume, None, ())
        if live is None and partitions.is_ntfs_backup(media):
            self._gaps.append(Gap("$Boot", "damaged", "the boot sector; its copy at the end was read", name))
            boot = media.pread(media.size - 512, 512)
            media = Headed(media, boot)
            volume = NtfsVolume(media, name)
            live = self._mft(media, name, boot, volume, None, ())
        if live is None:
            return
        self._volumes.append(volume)
        later = live
        for store in shadow.stores(media, name):
            if isinstance(store, Gap):
                self._gaps.append(store)
                continue
            number, content = store
            older = self._mft(content, name, boot, NtfsVolume(content, name), number, (live, later))
            later = older or later

    def _mft(
        self, media: Media, name: str, boot: bytes, volume: NtfsVolume, store: int | None, newer: tuple[Ntfs, ...]
    ) -> Ntfs | None:
        try:
            ntfs = Ntfs(media, boot)
        except (Torn, OSError) as error:
            which = "" if store is None else f"shadow copy {store}: "
            self._gaps.append(Gap("$MFT", "damaged", which + said(error), name))
            return None
        self._gaps += [Gap("$MFT", "damaged", note, name) for note in ntfs.notes]
        self._looks.scans.append(MftScan(ntfs, name, self._limits, volume.content, store, newer))
        return ntfs

    def _unlock(self, media: Media, name: str) -> None:
        try:
            plain = bitlocker.unlock(media, self._keys)
        except bitlocker.Locked as locked:
            self._locked.append((name, str(locked)))
            return
        except Refused as refused:
            self._gap(name, refused.reason, str(refused))
            return
        self._unlocked += 1
        self._open(plain, name, partitions.filesystem(plain))
        for volume in self._volumes:
            if isinstance(volume, NtfsVolume) and volume.name == name:
                volume.protection = "suspended" if bitlocker.suspended(media) else "on"

    def _judge_keys(self) -> None:
        """Keys that open nothing at all are the operator's mistake; a volume for which there is none is a gap."""
        if self._locked and self._keys and not self._unlocked:
            name, takes = self._locked[0]
            raise DongleError(
                _("None of the keys opens the BitLocker volume {volume} (it takes: {kinds}).").format(
                    volume=" ".join(filter(None, (self.target, name))), kinds=takes or "?"
                ),
                code="secret.unlock",
                hint=_("Compare the password, or the recovery key, with the one that is kept for this very laptop."),
            )
        for name, takes in self._locked:
            self._gap(name, "encrypted", f"BitLocker: {takes}")

    def _gap(self, volume: str, reason: str, detail: str) -> None:
        self._gaps.append(Gap("", reason, detail, volume))
