"""What is in a disk: partitions, BitLocker, file systems and shadow copies, opened as far as they can be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from dongle_cli.audit.identify import Limits
from dongle_cli.audit.model import Gap, Volume
from dongle_cli.audit.sources import bitlocker, partitions, shadow
from dongle_cli.audit.sources.containers import Disk, Refused, library
from dongle_cli.audit.sources.media import Headed, Media, said
from dongle_cli.audit.sources.ntfs import Ntfs
from dongle_cli.audit.sources.ntfs_record import Torn
from dongle_cli.audit.sources.ntfs_scan import MftScan
from dongle_cli.audit.sources.ntfs_volume import NtfsVolume
from dongle_cli.audit.sources.tsk import TskScan, TskVolume


@dataclass(slots=True)
class Opened:
    """Volumes, a scan for each file system and each shadow copy, and a gap for what stayed closed."""

    limits: Limits
    keys: Sequence[bitlocker.Key] = ()
    gaps: list[Gap] = field(default_factory=list)
    volumes: list[Volume] = field(default_factory=list)
    scans: list[MftScan | TskScan] = field(default_factory=list)
    locked: list[tuple[str, str]] = field(default_factory=list)  # volumes that no key opens, and what would
    unlocked: int = 0

    def disk(self, disk: Disk) -> None:
        """Open all that is in `disk`; DongleError `audit.extra-missing` where a library is not installed."""
        self.gaps += disk.gaps
        try:
            found, gaps = partitions.partitions(disk.media)
        except OSError as error:
            found, gaps = [], [Gap("", "damaged", said(error))]
        self.gaps += gaps
        for partition in found:
            try:
                self._open(partition.media, partition.name, partitions.filesystem(partition.media))
            except (OSError, ValueError, OverflowError, MemoryError) as error:
                self._gap(partition.name, "damaged", said(error))

    def _open(self, media: Media, name: str, kind: str) -> None:
        if kind == "bitlocker":
            self._unlock(media, name)
        elif kind in ("ntfs", "ntfs-backup"):
            self._ntfs(media, name, backup=kind == "ntfs-backup")
        elif kind in ("fat", "exfat", "ext", "iso9660"):
            volume = TskVolume(media, name, kind)
            self.volumes.append(volume)
            self.scans.append(TskScan(volume, self.limits))
            if kind == "iso9660" and partitions.is_udf(media):  # what only UDF shows is not in the other tree
                self._gap(name, "unsupported", "udf: this file system is not read")
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
            self.gaps.append(Gap("$Boot", "damaged", "the boot sector; its copy at the end was read", name))
            boot = media.pread(media.size - 512, 512)
            media = Headed(media, boot)
            volume = NtfsVolume(media, name)
            live = self._mft(media, name, boot, volume, None, ())
        if live is None:
            return
        self.volumes.append(volume)
        later = live
        for store in shadow.stores(media, name):
            if isinstance(store, Gap):
                self.gaps.append(store)
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
            self.gaps.append(Gap("$MFT", "damaged", which + said(error), name))
            return None
        self.gaps += [Gap("$MFT", "damaged", note, name) for note in ntfs.notes]
        volume.table = ntfs
        self.scans.append(MftScan(ntfs, name, self.limits, volume.content, volume.open, store, newer))
        return ntfs

    def _unlock(self, media: Media, name: str) -> None:
        try:
            plain = bitlocker.unlock(media, self.keys)
        except bitlocker.Locked as locked:
            self.locked.append((name, str(locked)))
            return
        except Refused as refused:
            self._gap(name, refused.reason, str(refused))
            return
        self.unlocked += 1
        self._open(plain, name, partitions.filesystem(plain))
        for volume in self.volumes:
            if isinstance(volume, NtfsVolume) and volume.name == name:
                volume.protection = "suspended" if bitlocker.suspended(media) else "on"

    def _gap(self, volume: str, reason: str, detail: str) -> None:
        self.gaps.append(Gap("", reason, detail, volume))
