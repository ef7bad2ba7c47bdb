"""What holds the disk: raw files, qcow2, VHD, VHDX, VMDK, VDI, E01; told apart by content, never by name."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath
from types import ModuleType
from typing import Any

from dongle_cli.audit.model import Gap
from dongle_cli.audit.sources import qcow2, vdi, vhd
from dongle_cli.audit.sources.media import Cached, Media, MediaFile, RawFiles, Unsupported, Yal, said, segments
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _


@dataclass(slots=True)
class Disk:
    """A container's content as one medium, and what the container itself could not give."""

    media: Media
    format: str  # raw, qcow2, vhd, vhdx, vmdk, vdi, e01
    gaps: list[Gap] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Beside:
    """What a container in several files needs: its own name, and what opens another file of its folder by name."""

    name: str
    open: Callable[[str], Media]  # OSError where it cannot be opened


class Refused(Exception):
    """A container that cannot be read; `reason` is a word of Gap."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


def library(name: str) -> ModuleType:
    """One of the modules of the extra [images]; DongleError `audit.extra-missing` where it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        raise DongleError(
            _("Disk images need parts that are not installed: {module} is missing.").format(module=name),
            code="audit.extra-missing",
            hint=_("Install them with: pip install 'dongle-cli[images]'"),
            module=name,
        ) from None


def format_of(media: Media) -> str:
    """Which container `media` is; "raw" where it is none that is known."""
    head = media.pread(0, 512)
    for magic, name in _MAGICS:
        if head.startswith(magic):
            return name
    if head.startswith(vdi.MAGIC, vdi.MAGIC_AT):
        return "vdi"
    return "vhd" if vhd.is_vhd(media) else "raw"


_MAGICS = (
    (b"QFI\xfb", "qcow2"),
    (b"vhdxfile", "vhdx"),
    (b"KDMV", "vmdk"),
    (b"COWD", "vmdk"),
    (b"# Disk DescriptorFile", "vmdk"),
    (b"EVF\x09\x0d\x0a\xff\x00", "e01"),
    (b"EVF2\x0d\x0a\x81\x00", "e01"),
    (b"LVF\x09\x0d\x0a\xff\x00", "l01"),
    (b"LEF2\x0d\x0a\x81\x00", "l01"),
    (b"AFF10\r\n\x00", "aff"),
    (b"MSWIM\x00\x00\x00", "wim"),
)


def open_disk(path: Path) -> Disk:
    """The disk in the file `path`; OSError where the file cannot be read, Refused where its content cannot."""
    return unwrap(RawFiles(segments(path)), Beside(path.name, lambda name: RawFiles([path.with_name(name)])))


def unwrap(raw: Media, beside: Beside | None) -> Disk:
    """The disk inside `raw`; `beside` gives further files of the container, if anything does."""
    name = format_of(raw)
    if name == "raw":
        return Disk(raw, name)
    reader = _READERS.get(name)
    if reader is None:
        raise Refused("unsupported", f"{name}: this kind of container is not read")
    try:
        return reader(raw, beside)
    except Unsupported as error:
        raise Refused("encrypted" if "encrypted" in str(error) else "unsupported", f"{name}: {error}") from None
    except (OSError, ValueError, OverflowError, MemoryError) as error:
        raise Refused("damaged", f"{name}: {said(error)}") from None


def _qcow2(raw: Media, beside: Beside | None) -> Disk:
    disk = qcow2.Qcow2(raw)
    missing = disk.missing()
    notes = ["it is marked as corrupt"] if disk.corrupt else []
    notes += [f"it is cut short: {missing} clusters are missing"] if missing else []
    return Disk(disk, "qcow2", [Gap("", "damaged", f"qcow2: {note}") for note in notes])


def _vdi(raw: Media, beside: Beside | None) -> Disk:
    return Disk(vdi.open_vdi(raw), "vdi")


def _vhd(raw: Media, beside: Beside | None) -> Disk:
    disk = vhd.open_vhd(raw)
    gaps = [] if vhd.is_whole(raw) else [Gap("", "damaged", "vhd: it is cut short: the footer at its end is missing")]
    return Disk(disk, "vhd", gaps)


def _vhdx(raw: Media, beside: Beside | None) -> Disk:
    disk = library("pyvhdi").file()
    disk.open_file_object(MediaFile(raw))
    if disk.parent_identifier:
        raise Unsupported("it only holds what changed since its parent: merge it first")
    gaps = []
    if vhd.has_open_log(raw):
        gaps.append(Gap("", "damaged", "vhdx: it was not closed cleanly, and its log is not replayed"))
    return Disk(Cached(Yal(disk, disk.media_size)), "vhdx", gaps)


def _vmdk(raw: Media, beside: Beside | None) -> Disk:
    descriptor_at = int.from_bytes(raw.pread(28, 8), "little") * 512
    if raw.pread(0, 4) == b"KDMV" and not (descriptor_at and any(raw.pread(descriptor_at, 512))):
        raise Unsupported("it is a part of a disk, whose descriptor stands in another file")
    disk = library("pyvmdk").handle()
    disk.open_file_object(MediaFile(raw))
    if disk.parent_content_identifier not in (None, 0xFFFFFFFF):
        raise Unsupported("it only holds what changed since its parent: merge it first")
    extents: list[Any] = [_extent(raw, beside, extent.filename) for extent in disk.extent_descriptors]
    disk.open_extent_data_files_as_file_objects([MediaFile(extent) for extent in extents])
    return Disk(Cached(Yal(disk, disk.media_size, extents)), "vmdk")


def _extent(raw: Media, beside: Beside | None, name: str | None) -> Media:
    """The file of one extent: beside the descriptor and nowhere else, because an image may be hostile."""
    if not name or raw.pread(0, 4) in (b"KDMV", b"COWD"):  # in one file, whatever that is called by now
        return raw
    if beside is None:
        raise Unsupported(f'its content stands in another file ("{name}"): name it as a target of its own')
    return beside.open(PureWindowsPath(PurePosixPath(name).name).name)


_SECTION = 76  # bytes of an EWF section's header; the last one has nothing behind it, and says "done" or "next"


def _e01(raw: Media, beside: Beside | None) -> Disk:
    part = raw.pread(0, 11)
    if part.startswith(b"EVF\x09") and part[9:11] != b"\1\0":
        raise Unsupported(f"it is part {int.from_bytes(part[9:11], 'little')} of a disk: name the first as a target")
    if beside is None and raw.pread(raw.size - _SECTION, 16).rstrip(b"\0") == b"next":
        raise Unsupported("it goes on in other files: name it as a target of its own")
    ewf = library("pyewf")
    disk = ewf.handle()
    files: list[Media] = [raw]
    if beside is not None:
        files += _e01_segments(beside)
    disk.open_file_objects([MediaFile(file) for file in files], "r")
    return Disk(Cached(Yal(disk, disk.get_media_size(), files)), "e01")


def _e01_segments(beside: Beside) -> Iterator[Media]:
    """.E02 to .E99, then .EAA to .EZZ, .FAA and on (the numbering of EnCase), as far as they stand without a hole."""
    stem, _dot, first = beside.name.rpartition(".")
    lead = first[:-2]
    if not lead or not first.endswith("01"):
        return
    a = "A" if lead[0].isupper() else "a"
    letters = [chr(ord(a) + index) for index in range(26)]
    names = [f"{lead}{number:02}" for number in range(2, 100)]
    if len(lead) == 1:
        names += [f"{x}{y}{z}" for x in letters[ord(lead) - ord(a) :] for y in letters for z in letters]
    for name in names:
        try:
            yield beside.open(f"{stem}.{name}")
        except FileNotFoundError:
            return


_READERS = {
    "qcow2": _qcow2,
    "vdi": lambda raw, path: Disk(vdi.open_vdi(raw), "vdi"),
    "vhd": _vhd,
    "vhdx": _vhdx,
    "vmdk": _vmdk,
    "e01": _e01,
}
