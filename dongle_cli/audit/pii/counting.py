"""Count in a process of its own: a file made to be endless or to eat memory costs a deadline, and never the run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import BinaryIO

from dongle_cli.audit.apart import Ended, apart
from dongle_cli.audit.identify import Limits, sniff
from dongle_cli.audit.identify.item import Item
from dongle_cli.audit.identify.limits import Budget, Spent
from dongle_cli.audit.identify.settle import _dig as dig
from dongle_cli.audit.identify.unpack import DAMAGE
from dongle_cli.audit.model import Entry, Hit, Volume
from dongle_cli.audit.pii.extract import Unmeasured, count_file
from dongle_cli.audit.pii.numbers import Counts

DEADLINE = 60.0  # seconds for one file with all that is inside
WHOLE = (None, "")  # the key that stands where nothing is missing

Key = tuple[str | None, str]  # member and kind
Found = dict[Key, Counts | Unmeasured]


def numbers(volume: Volume, path: str, kind: str | None, limits: Limits, deadline: float = DEADLINE) -> Found:
    """What the file at `path`, of `kind`, and each document inside it hold; `WHOLE` is among them where all came."""
    _ready()
    found: Found = {}
    try:
        for key, said in apart(lambda _beat: _all(volume, path, kind, limits), quiet=deadline, total=deadline):
            found[key] = said
        found[WHOLE] = Counts()
    except Ended as ended:
        if kind is not None:
            found.setdefault((None, kind), Unmeasured(ended.reason, str(ended)))
    return found


@cache
def _ready() -> None:
    """Import what reads documents once, before the fork: a tenth of a second that each file would pay again."""
    for name in ("pypdf", "xlrd", "openpyxl"):
        with suppress(ImportError):
            import_module(name)


def _all(volume: Volume, path: str, kind: str | None, limits: Limits) -> Iterator[tuple[Key, Counts | Unmeasured]]:
    try:
        with volume.open(path) as file:
            head = file.read(4096)
            name = path.rpartition("/")[2]
            guess = sniff(head, name, True)
            if kind is not None:
                yield (None, kind), _one(kind, file)
            if guess is None:
                return
            item = _Counting(Entry(path), name, head, lambda: file, Budget(limits), told={})
            try:
                for found in dig(guess, item):
                    if isinstance(found, Hit) and found.encrypted:
                        item.told[found.member, found.kind] = Unmeasured("encrypted")
            except Spent as spent:
                item.told[None, "limit"] = Unmeasured("limit", str(spent))
            yield from item.told.items()
    except DAMAGE as error:
        yield (None, kind or "damaged"), Unmeasured("damaged", type(error).__name__)
    except MemoryError:
        yield (None, kind or "limit"), Unmeasured("limit", "memory")


@dataclass(slots=True, kw_only=True)
class _Counting(Item):
    """An item that is counted when it is found to be a document."""

    told: Found

    def hit(self, kind: str, evidence: str = "content", encrypted: bool = False) -> Hit:
        if self.member is not None and not encrypted:
            self.told[self.member, kind] = _one(kind, self.open())
        return Item.hit(self, kind, evidence, encrypted)

    def inside(self, name: str, head: bytes, open: object, size: int | None) -> Item:
        inner = Item.inside(self, name, head, open, size)  # type: ignore[arg-type]
        return _Counting(
            inner.entry, inner.name, head, inner.open, self.budget, inner.member, size, inner.depth, told=self.told
        )


def _one(kind: str, file: BinaryIO) -> Counts | Unmeasured:
    try:
        return count_file(kind, file)
    except Unmeasured as unmeasured:
        return unmeasured
    except MemoryError:
        return Unmeasured("limit", "memory")
    except Exception as error:  # whatever a stranger's file does to a reader, the others are counted
        return Unmeasured("damaged", type(error).__name__)
