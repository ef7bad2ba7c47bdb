"""A disk image among the files: entered like a target of its own; what is found there stands below the image's path."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from dongle_cli.audit.apart import Ended, apart
from dongle_cli.audit.identify.item import Item
from dongle_cli.audit.identify.limits import Spent
from dongle_cli.audit.identify.signatures import boot
from dongle_cli.audit.model import Entry, Gap, Hit, State, Tally
from dongle_cli.audit.sources import containers, partitions
from dongle_cli.audit.sources.containers import Beside, Refused
from dongle_cli.audit.sources.media import FileMedia, Media, Watched, said
from dongle_cli.audit.sources.ntfs_scan import MftScan
from dongle_cli.audit.sources.opened import Opened
from dongle_cli.errors import DongleError

Found = Hit | Gap | Tally

_BOOT = 16 * 512  # bytes of what starts a system, kept as a file ($Boot, boot.img): no disk is that small
_RAW = (".img", ".raw", ".dd", ".bin")  # names of what is a disk from its first byte on
_EXTENT = re.compile(r"(.+)-(?:flat|[sf]\d{3})(\.vmdk)", re.IGNORECASE)
_LARGE = 1 << 20  # bytes from which on it may have any name
_PROMISED = (".iso", ".vhd")  # names that are no disk's by chance


def look(word: str, item: Item) -> Iterator[Hit | Gap | Tally]:
    """What is on the disk that `word` guessed: "disk" by its container, "boot" by its first sectors, "iso" by its name.

    A gap where it cannot be entered; nothing where it is no disk.
    """
    if item.depth:  # unpacked into memory, and cut there
        large = item.size is None or item.size > _BOOT
        if word == "disk" or (large and (word == "boot" or item.name.lower().endswith(_PROMISED))):
            yield item.gap("unsupported", "a disk image in an archive: unpack it, and name it as a target of its own")
        return
    media = FileMedia(item.open())
    if not _is_disk(word, item.name.lower(), media) or _is_part(item):
        return
    limits = item.budget.limits
    if not limits.disks:
        yield item.gap("limit", "disk images inside disk images")
        return
    try:
        for found in apart(lambda beat: _entered(item, Watched(media, beat)), quiet=limits.quiet, total=limits.seconds):
            yield from found
    except Ended as ended:
        yield item.gap(ended.reason, str(ended))


def _is_disk(word: str, name: str, media: Media) -> bool:
    """Whether what the beginning, or the name, said holds for the whole."""
    if word == "disk":
        return True
    if word == "boot":
        return media.size > _BOOT and (name.endswith(_RAW) or (media.size >= _LARGE and media.size % 512 == 0))
    known = containers.format_of(media) != "raw" or partitions.filesystem(media) or boot(media.pread(0, 4096))
    return bool(known) or (media.size > 0 and name.endswith(_PROMISED))


def _is_part(item: Item) -> bool:
    """Whether it is looked at with another file: an extent that a descriptor beside it names, a further segment."""
    name, further = item.name, item.head.startswith(b"EVF\x09") and item.head[9:11] != b"\1\0"
    extent = _EXTENT.fullmatch(name)
    if item.beside is None or not (extent or further):
        return False
    try:
        with item.beside(extent[1] + extent[2] if extent else name[:-2] + "01") as file:
            first = file.read(1 << 16)
    except OSError:
        return False
    named = f'"{name}"'.encode("utf-8", "surrogateescape")
    return first[9:11] == b"\1\0" if further else first.startswith(b"# Disk DescriptorFile") and named in first


def _beside(item: Item) -> Beside | None:
    opens = item.beside
    return None if opens is None else Beside(item.name, lambda name: FileMedia(opens(name)))


def _entered(item: Item, media: Media) -> Iterator[list[Found]]:
    """Everything on the disk, in batches, as of this file; never raises for what a disk may hold."""
    limits = item.budget.limits
    opened = Opened(replace(limits, disks=limits.disks - 1))
    try:
        disk = containers.unwrap(media, _beside(item))
        opened.disk(disk)
        locked = [Gap("", "encrypted", f"BitLocker: {takes}", name) for name, takes in opened.locked]
        yield [_gap(item, gap) for gap in (*opened.gaps, *locked)]
        left = limits.files
        for scan in opened.scans:
            for batch in scan.run(0, scan.ntfs.records) if isinstance(scan, MftScan) else scan.run():
                yield [_told(item, found, disk.format) for found in batch]
                for found in batch:
                    if isinstance(found, Tally):
                        left -= found.files + found.folders
                    else:
                        item.budget.entry()
                if left < 0:
                    raise Spent(f"more than {limits.files} files")
    except Spent as spent:
        yield [item.gap("limit", str(spent))]
    except Refused as refused:
        yield [item.gap(refused.reason, str(refused))]
    except DongleError as error:
        yield [item.gap("extra-missing", f"{error.details.get('module')}: install the extra [images]")]
    except (OSError, ValueError, OverflowError, MemoryError, RuntimeError) as error:
        yield [item.gap("damaged", said(error))]


def _told(item: Item, found: Found, format: str) -> Found:
    """What a scan found, as it is told of the image."""
    if isinstance(found, Tally):
        return replace(found, at=f"{item.entry.path}/{found.at}")
    return _gap(item, found) if isinstance(found, Gap) else _hit(item, found, format)


def _hit(item: Item, hit: Hit, format: str) -> Hit:
    size = hit.entry.size if hit.member is None else hit.size
    member = _member(hit.entry.volume, hit.entry.path, hit.member)
    return hit._replace(entry=_state(item.entry, hit.entry), member=member, size=size, disk=format)


def _gap(item: Item, gap: Gap) -> Gap:
    member = _member(gap.volume, gap.path, gap.member) or None
    return replace(gap, path=item.entry.path, volume=item.entry.volume, member=member)


def _state(outer: Entry, inner: Entry) -> Entry:
    """The image's entry in the state of what is inside; where the image is not live itself, that says more."""
    if outer.state is not State.LIVE:
        return outer
    return outer._replace(state=inner.state, recoverable=inner.recoverable, store=inner.store)


def _member(volume: str, path: str, member: str | None) -> str:
    return "/".join(part for part in (volume, path if path != "." else "", member) if part)
