"""A disk image among the files: entered like a target of its own; what is found there stands below the image's path."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dongle_cli.audit.identify.item import Item
from dongle_cli.audit.identify.signatures import boot
from dongle_cli.audit.model import Entry, Gap, Hit, State, Tally
from dongle_cli.audit.sources import containers, partitions
from dongle_cli.audit.sources.containers import Refused
from dongle_cli.audit.sources.media import FileMedia, Media, said
from dongle_cli.audit.sources.ntfs_scan import MftScan
from dongle_cli.audit.sources.opened import Opened
from dongle_cli.errors import DongleError

HEAD = 4096
_BOOT = 16 * 512  # bytes of what starts a system, kept as a file ($Boot, boot.img): no disk is that small
_RAW = (".img", ".raw", ".dd", ".bin")  # names of what is a disk from its first byte on
_LARGE = 1 << 20  # bytes from which on it may have any name
_PROMISED = (".iso", ".vhd")  # names that are no disk's by chance


def look(word: str, item: Item) -> Iterator[Hit | Gap | Tally]:
    """What is on the disk that `word` guessed: "disk" by its container, "boot" by its first sectors, "iso" by its name.

    A gap where it cannot be entered; nothing where it is no disk.
    """
    if item.depth:  # unpacked into memory, and cut there
        if word == "disk" or (item.size or 0) > _BOOT:
            yield item.gap("unsupported", "a disk image in an archive: unpack it, and name it as a target of its own")
        return
    media = FileMedia(item.open())
    if not _is_disk(word, item.name.lower(), media):
        return
    limits = item.budget.limits
    if not limits.disks:
        yield item.gap("limit", "disk images inside disk images")
        return
    opened = Opened(replace(limits, disks=limits.disks - 1))
    try:
        disk = containers.unwrap(media, None)
        opened.disk(disk)
        yield from _all(item, opened, disk.format)
    except Refused as refused:
        yield item.gap(refused.reason, str(refused))
    except DongleError as error:
        yield item.gap("extra-missing", f"{error.details.get('module')}: pip install 'dongle-cli[images]'")
    except (OSError, ValueError, OverflowError, MemoryError, RuntimeError) as error:
        yield item.gap("damaged", said(error))


def _is_disk(word: str, name: str, media: Media) -> bool:
    """Whether what the beginning, or the name, said holds for the whole."""
    if word == "disk":
        return True
    if word == "boot":
        return media.size > _BOOT and (name.endswith(_RAW) or (media.size >= _LARGE and media.size % 512 == 0))
    known = containers.format_of(media) != "raw" or partitions.filesystem(media) or boot(media.pread(0, HEAD))
    return bool(known) or (media.size > 0 and name.endswith(_PROMISED))


def _all(item: Item, opened: Opened, format: str) -> Iterator[Hit | Gap | Tally]:
    """Everything in it, as of this file; Spent where it is too much."""
    locked = [Gap("", "encrypted", f"BitLocker: {takes}", name) for name, takes in opened.locked]
    for gap in (*opened.gaps, *locked):
        yield _gap(item, gap)
    most, files = item.budget.limits.files, 0
    for scan in opened.scans:
        if isinstance(scan, MftScan):
            batches = scan.run(0, min(scan.ntfs.records, most))
            if scan.ntfs.records > most:
                yield _gap(item, Gap("$MFT", "limit", f"more than {most} records", scan.volume))
        else:
            batches = scan.run()
        for found in (one for batch in batches for one in batch):
            if isinstance(found, Tally):
                files += found.files + found.folders
                yield replace(found, at=f"{item.entry.path}/{found.at}")
                continue
            item.budget.entry()
            yield _gap(item, found) if isinstance(found, Gap) else _hit(item, found, format)
            if files > most:
                yield item.gap("limit", f"more than {most} files")
                return


def _hit(item: Item, hit: Hit, format: str) -> Hit:
    size = hit.entry.size if hit.member is None else hit.size
    member = _member(hit.entry.volume, hit.entry.path, hit.member)
    return replace(hit, entry=_state(item.entry, hit.entry), member=member, size=size, disk=format)


def _gap(item: Item, gap: Gap) -> Gap:
    member = _member(gap.volume, gap.path, gap.member) or None
    return replace(gap, path=item.entry.path, volume=item.entry.volume, member=member)


def _state(outer: Entry, inner: Entry) -> Entry:
    """The image's entry in the state of what is inside; where the image is not live itself, that says more."""
    if outer.state is not State.LIVE:
        return outer
    return replace(outer, state=inner.state, recoverable=inner.recoverable, store=inner.store)


def _member(volume: str, path: str, member: str | None) -> str:
    return "/".join(part for part in (volume, path if path != "." else "", member) if part)
