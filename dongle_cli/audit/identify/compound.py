"""Which document an OLE2 compound file is, by the names of its streams; and the documents that stand inside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO

from dongle_cli.audit.identify.item import Item
from dongle_cli.audit.identify.kinds import BY_NAME, by_name
from dongle_cli.audit.identify.limits import MIB
from dongle_cli.audit.identify.ole2 import Compound, Stream, slots_in
from dongle_cli.audit.model import Gap, Hit

# Names in lower case; the first row of which all names are there decides, so the more special one stands first.
_ROWS: tuple[tuple[str, frozenset[str]], ...] = tuple(
    (kind, frozenset(names.split("|")))
    for kind, names in (
        ("ooxml-encrypted", "encryptedpackage"),
        ("jttc", "jscompdocument"),
        ("jtd", "documenttext|\x04jsrv_segmentinformation"),
        ("jtd", "documenttext|jsrv_segmentinformation"),
        ("jtd", "documenttext|\x04jsrv_summaryinformation"),
        ("jtd", "documenttext|documenttextpositiontables"),
        ("jtd", "\x04jsrv_segmentinformation"),
        ("jtd", "jsrv_segmentinformation"),
        ("jtd", "jsrv_summaryinformation"),
        ("jtd", "\x04jsrv_summaryinformation"),
        ("hwp", "fileheader|docinfo"),
        ("hwp", "fileheader|bodytext"),
        ("works", "contents|spelling"),
        ("msg", "__properties_version1.0"),
        ("msg", "__nameid_version1.0"),
        ("works", "wksssworkbook"),
        ("works", "matost"),
        ("ppt", "powerpoint document"),
        ("ppt", "pp40"),
        ("ppt", "pp97_dualstorage"),
        ("doc", "worddocument"),
        ("xls", "workbook"),
        ("xls", "book"),
        ("vsd", "visiodocument"),
        ("pub", "quill"),
        ("mpp", "tbkndtask"),
        ("mpp", "props9"),
        ("mpp", "props12"),
        ("mpp", "props14"),
        ("wpd", "perfectoffice_main"),
        ("staroffice", "starwriterdocument"),
        ("staroffice", "starcalcdocument"),
        ("staroffice", "stardrawdocument"),
        ("staroffice", "stardrawdocument3"),
        ("staroffice", "starimpressdocument"),
        ("staroffice", "starchartdocument"),
        ("staroffice", "starmathdocument"),
    )
)
_NAMES = frozenset(name for _kind, needs in _ROWS for name in needs)
# Names that many programs give to their streams: what these begin with decides.
_STARTS: dict[str, tuple[tuple[re.Pattern[bytes], str], ...]] = {
    "fileheader": ((re.compile(rb"HWP Document File"), "hwp"),),
    "contents": (
        (re.compile(rb"CHNKWKS|CHNKINK"), "works"),  # from Works 2000 on
        (re.compile(rb"\xe8\xac.\0", re.DOTALL), "pub"),  # Publisher without Quill, its text engine
    ),
}
# What the streams of one kind begin with, for files whose directory is lost.
_RAW = ((b"SsmgV.01", "jtd"), (b"TextV.01", "jtd"), (b"HWP Document File", "hwp"))
_SMALLEST = 1536  # a header, a FAT and a directory sector ([MS-CFB] 2.2): what is shorter holds no stream
_RAW_BYTES = 4 * MIB


def kind_of(names: set[str]) -> str | None:
    """The kind of a storage that holds streams of these `names` (lower case)."""
    if names.isdisjoint(_NAMES):
        return None
    return next((kind for kind, needs in _ROWS if needs <= names), None)


def _kind(ole: Compound, streams: list[Stream]) -> str | None:
    """The kind of a storage that holds these `streams`, by their names, or by what they begin with."""
    kind = kind_of({stream.name.lower() for stream in streams})
    if kind is None:
        for stream in streams:
            for start, said in _STARTS.get(stream.name.lower(), ()):
                if start.match(ole.read(stream, 32)):
                    return said
    return kind


def _stray(ole: Compound) -> list[Stream]:
    """What no storage leads to: the tree of names that ought to is damaged there."""
    storages = [slot for slot, stream in enumerate(ole.streams) if stream.kind in (1, 5)]
    reached = {inner for slot in storages for inner in ole.inside(slot)}
    return [s for slot, s in enumerate(ole.streams) if s.kind in (1, 2) and slot not in reached]


def look(item: Item) -> Iterator[Hit | Gap | Item]:
    """The document that the compound file is, and those inside it."""
    file = item.open()
    size = file.seek(0, 2)
    ole = Compound(file, item.head, item.budget.limits.entries)
    root = [ole.streams[slot] for slot in ole.inside(0)]
    everything = [stream for stream in ole.streams if stream.kind in (1, 2)]
    kind = _kind(ole, root)
    if kind is None and len(root) < len(everything):
        kind = _kind(ole, everything if ole.broken or not root else _stray(ole))
    if kind is None and (ole.broken or not everything) and size >= _SMALLEST:
        file.seek(0)
        data = file.read(_RAW_BYTES)
        kind = _kind(ole, list(slots_in(data))) or next((kind for mark, kind in _RAW if mark in data), None)
    names = {stream.name.lower() for stream in root}
    if kind == "jtd" and "documenttext" not in names and by_name(item.name) == "jhd":
        kind = "jhd"  # the maker's newer programs share these storages; only Ichitaro has that text
    evidence = "content"
    if kind is None and by_name(item.name) in BY_NAME:
        kind, evidence = by_name(item.name), "extension"
    if kind is not None:
        yield item.hit(kind, evidence, encrypted=kind == "ooxml-encrypted")
    elif ole.broken or not ole.streams:
        yield item.gap("damaged", "OLE2")
    if kind == "msg":
        yield from _attached(item, ole)
    elif kind != "mpp":  # its own parts stand in storages that look like plans
        yield from _embedded(item, ole)


def _embedded(item: Item, ole: Compound) -> Iterator[Hit | Gap | Item]:
    """Documents in storages of their own, as Word's ObjectPool and Excel's MBD storages hold them: by names alone."""
    for slot, storage in enumerate(ole.streams):
        if storage.kind != 1 or storage.child > len(ole.streams):
            continue
        kind = kind_of({name.lower() for name in ole.children(slot)})
        if kind is not None:
            item.budget.entry()
            inside = item.inside(storage.name, b"", item.open, None)
            yield inside.hit(kind, encrypted=kind == "ooxml-encrypted")


def _attached(item: Item, ole: Compound) -> Iterator[Hit | Gap | Item]:
    """The attachments of a message ([MS-OXMSG] 2.2.2): data in __substg1.0_37010102, its name in 3707 or 3704."""
    for slot, storage in enumerate(ole.streams):
        if storage.kind != 1 or not storage.name.lower().startswith("__attach_version1.0_"):
            continue
        item.budget.entry()
        slots = {ole.streams[one].name.lower(): one for one in ole.inside(slot)}
        parts = {name: ole.streams[one] for name, one in slots.items()}
        name = _words(ole, parts, "3707") or _words(ole, parts, "3704") or storage.name
        data = parts.get("__substg1.0_37010102")
        if data is not None:
            yield _attachment(item, ole, data, name)
        elif "__substg1.0_3701000d" in parts:  # a message inside the message, or an OLE object
            kind = kind_of({name.lower() for name in ole.children(slots["__substg1.0_3701000d"])})
            if kind is not None:
                yield item.inside(name, b"", item.open, None).hit(kind)


def _attachment(item: Item, ole: Compound, data: Stream, name: str) -> Item:
    def whole() -> BytesIO:
        content = ole.read(data, item.budget.limits.member)
        item.budget.took(len(content))
        return BytesIO(content)

    return item.inside(name, ole.read(data, 4096), whole, data.size)


def _words(ole: Compound, parts: dict[str, Stream], tag: str) -> str:
    """A text property: UTF-16 (type 001F) or in the sender's code page (001E, taken for CP932)."""
    wide, narrow = parts.get(f"__substg1.0_{tag}001f"), parts.get(f"__substg1.0_{tag}001e")
    if wide is not None:
        return ole.read(wide, 1024).decode("utf-16-le", "replace").rstrip("\0")
    return ole.read(narrow, 1024).decode("cp932", "replace").rstrip("\0") if narrow is not None else ""
