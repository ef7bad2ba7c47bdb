"""Where the file systems of a disk are: MBR with extended partitions, GPT, or one file system from sector 0 on."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from uuid import UUID

from dongle_cli.audit.model import Gap
from dongle_cli.audit.sources.media import Media, Part

_MOST = 128  # partitions of one disk; what a GPT has room for, and more than any laptop
_EXTENDED = (0x05, 0x0F, 0x85)
_PROTECTIVE = 0xEE
# Partitions that never hold a file system: Microsoft's reserved one and GRUB's.
_WITHOUT_FILES = (UUID("e3c9e316-0b5c-4db8-817d-f92df00215ae"), UUID("21686148-6449-6e6f-744e-656564454649"))


@dataclass(frozen=True, slots=True)
class Partition:
    """One partition, or the whole disk where there is no table; `name` is "p1" and on, empty for a single one."""

    name: str
    media: Media


def partitions(disk: Media) -> tuple[list[Partition], list[Gap]]:
    """The partitions of `disk` in the table's order, and what the tables claim that cannot be."""
    if filesystem(disk):
        return [Partition("", disk)], []
    gaps: list[Gap] = []
    spans: list[tuple[int, int, int]] | None = None
    for sector in (512, 4096):
        if disk.pread(sector, 8) == b"EFI PART":
            spans = _gpt(disk, sector, sector, gaps)
            break
    if spans is None and disk.pread(510, 2) == b"\x55\xaa":
        first = disk.pread(446, 64)
        if first[4::16].find(_PROTECTIVE) >= 0:
            # Only its backup may be left: the last sector of the disk (UEFI 5.3.2).
            spans = _gpt(disk, 512, disk.size - 512, gaps)
        if spans is None:
            spans = _mbr(disk, gaps)
    if spans is None:
        return [], [Gap("", "unsupported", "no file system and no partition table was recognised")]
    found = []
    for number, start, size in spans:
        if start >= disk.size or size <= 0:
            gaps.append(Gap("", "damaged", f"partition {number} lies behind the end of the disk", f"p{number}"))
        else:
            if start + size > disk.size:
                gaps.append(Gap("", "damaged", f"partition {number} is cut short by the disk's end", f"p{number}"))
            found.append(Partition(f"p{number}", Part(disk, start, size)))
    if not found and not gaps:
        gaps.append(Gap("", "unsupported", "the partition table is empty"))
    return found, gaps


def _gpt(disk: Media, sector: int, header_at: int, gaps: list[Gap]) -> list[tuple[int, int, int]] | None:
    """Number, start and size in bytes of every used entry (UEFI 5.3); None where the header is no header."""
    header = disk.pread(header_at, 92)
    if len(header) < 92 or header[:8] != b"EFI PART":
        return None
    table_at, count, width = struct.unpack_from("<QII", header, 72)
    if not 128 <= width <= 4096:
        gaps.append(Gap("", "damaged", f"the GPT claims entries of {width} bytes"))
        return []
    if count > 4 * _MOST:
        gaps.append(Gap("", "damaged", f"the GPT claims {count} entries, {_MOST} are read"))
    spans = []
    table = disk.pread(table_at * sector, min(count, _MOST) * width)
    for index in range(len(table) // width):
        kind = table[index * width : index * width + 16]
        if any(kind) and UUID(bytes_le=kind) not in _WITHOUT_FILES:
            first, last = struct.unpack_from("<QQ", table, index * width + 32)
            spans.append((index + 1, first * sector, (last - first + 1) * sector))
    if len(table) < min(count, _MOST) * width:
        gaps.append(Gap("", "damaged", "the GPT is cut short"))
    return spans


def _mbr(disk: Media, gaps: list[Gap]) -> list[tuple[int, int, int]]:
    """The same of the four primary partitions and, from number 5 on, the logical ones."""
    spans = []
    for number, (kind, start, size) in enumerate(_entries(disk, 0), 1):
        if kind in _EXTENDED:
            spans += _logical(disk, start, gaps)
        elif kind and size:
            spans.append((number, start * 512, size * 512))
    return sorted(spans)


def _entries(disk: Media, at: int) -> list[tuple[int, int, int]]:
    table = disk.pread(at + 446, 66)
    if table[64:] != b"\x55\xaa":
        return []
    return [struct.unpack_from("<4xB3xII", table, 16 * index) for index in range(4)]


def _logical(disk: Media, base: int, gaps: list[Gap]) -> list[tuple[int, int, int]]:
    """The chain of logical partitions; each link counts from the extended partition's start, and none comes twice."""
    spans: list[tuple[int, int, int]] = []
    seen: set[int] = set()
    here = base
    while here not in seen and len(seen) < _MOST:
        seen.add(here)
        entries = _entries(disk, here * 512)
        if not entries:
            gaps.append(Gap("", "damaged", "the chain of logical partitions ends at a sector that is none"))
            return spans
        kind, start, size = entries[0]
        if kind and size:
            spans.append((5 + len(spans), (here + start) * 512, size * 512))
        link, following, _ = entries[1]
        if link not in _EXTENDED:
            return spans
        here = base + following
    gaps.append(Gap("", "damaged", "the chain of logical partitions runs in a circle"))
    return spans


def filesystem(media: Media) -> str:
    """What stands in a volume: ntfs, bitlocker, fat, exfat, ext, a word for what is known and not read, or "".

    "ntfs-backup" is an NTFS of whose boot sector only the copy at the end is whole.
    """
    boot = media.pread(0, 4096)
    for offset, magic, name in _MAGICS:
        if boot.startswith(magic, offset) and not (name == "hfs" and media.pread(32769, 5) == b"CD001"):
            return name  # a CD that a Macintosh reads too has both
    if _is_fat(boot):
        return "bitlocker" if _BITLOCKER_TO_GO in boot[160:512] else "fat"  # To Go poses as FAT for older Windows
    if media.pread(32769, 5) == b"CD001":
        return "iso9660"
    if is_udf(media):
        return "udf"
    if media.pread(0x10040, 8) == b"_BHRfS_M":
        return "btrfs"
    return "ntfs-backup" if is_ntfs_backup(media) else ""


def is_udf(media: Media) -> bool:
    """Whether UDF is among the structures that a volume of CDs and DVDs claims to have (ECMA-167 2/8.3.1)."""
    for at in range(32768, 32768 + 64 * 2048, 2048):
        word = media.pread(at + 1, 5)
        if word in (b"NSR02", b"NSR03"):
            return True
        if word not in (b"CD001", b"BEA01", b"BOOT2", b"CDW02", b"TEA01"):
            return False
    return False


def is_ntfs_backup(media: Media) -> bool:
    """Whether the last sector is the copy of an NTFS boot sector that has this very size."""
    boot = media.pread(media.size - 512, 512) if media.size >= 1024 else b""
    if boot[3:11] != b"NTFS    ":
        return False
    (sector,), (sectors,) = struct.unpack_from("<H", boot, 11), struct.unpack_from("<Q", boot, 40)
    return bool(media.size - sectors * sector == sector)  # the copy is the one sector behind the last


_MAGICS = (
    (3, b"NTFS    ", "ntfs"),
    (3, b"-FVE-FS-", "bitlocker"),
    (3, b"EXFAT   ", "exfat"),
    (3, b"ReFS\x00\x00\x00\x00", "refs"),
    (1080, b"\x53\xef", "ext"),
    (512, b"LABELONE", "lvm"),
    (0, b"LUKS\xba\xbe", "luks"),
    (0, b"XFSB", "xfs"),
    (1024, b"H+", "hfs"),
    (1024, b"HX", "hfs"),
    (32, b"NXSB", "apfs"),
    (1024, b"\x10\x20\xf5\xf2", "f2fs"),
    (4086, b"SWAPSPACE2", "swap"),
)

_BITLOCKER_TO_GO = bytes.fromhex("3bd67649292ed84a8399f6a339e3d001")


def _is_fat(boot: bytes) -> bool:
    """A BIOS parameter block that adds up (Microsoft's FAT specification, section 3)."""
    if len(boot) < 512 or boot[510:512] != b"\x55\xaa" or boot[0] not in (0xEB, 0xE9):
        return False
    sector, per_cluster, reserved, tables = struct.unpack_from("<HBHB", boot, 11)
    return (
        sector in (512, 1024, 2048, 4096)
        and per_cluster in (1, 2, 4, 8, 16, 32, 64, 128)
        and reserved > 0
        and tables in (1, 2)
        and (boot[21] == 0xF0 or boot[21] >= 0xF8)
    )
