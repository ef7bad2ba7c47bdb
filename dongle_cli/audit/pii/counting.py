"""Count in a process of its own: a file made to be endless or to eat memory costs a deadline, and never the run."""

from __future__ import annotations

import json
import os
import select
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import BinaryIO

from dongle_cli.audit.identify import Limits, sniff
from dongle_cli.audit.identify.item import Item
from dongle_cli.audit.identify.limits import Budget, Spent
from dongle_cli.audit.identify.settle import _dig as dig
from dongle_cli.audit.identify.unpack import DAMAGE
from dongle_cli.audit.model import Entry, Hit, Volume
from dongle_cli.audit.pii.extract import Unmeasured, count_file
from dongle_cli.audit.pii.numbers import Counts

DEADLINE = 60.0  # seconds for one file with all that is inside
_MEMORY = 1536 * 1024 * 1024  # bytes of address space on top of what the program has

Key = tuple[str | None, str]  # member and kind
Found = dict[Key, Counts | Unmeasured]


def numbers(volume: Volume, path: str, kind: str | None, limits: Limits, deadline: float = DEADLINE) -> Found:
    """What the file at `path`, of `kind`, and each document inside it hold; None where it is only a container."""
    _ready()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _child(reader, writer, volume, path, kind, limits)
    os.close(writer)
    try:
        lines, late = _heard(reader, time.monotonic() + deadline)
    finally:
        os.close(reader)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    found: Found = {}
    for member, what, *said in map(json.loads, lines):
        found[member, what] = Counts(*said) if isinstance(said[0], int) else Unmeasured(*said)
    if (None, "") not in found and kind is not None:  # its last line never came
        found.setdefault((None, kind), Unmeasured("limit", f"{deadline:g} s") if late else Unmeasured("crashed"))
    return found


@cache
def _ready() -> None:
    """Import what reads documents once, before the fork: a tenth of a second that each file would pay again."""
    for name in ("pypdf", "xlrd", "openpyxl"):
        with suppress(ImportError):
            import_module(name)


def _heard(reader: int, until: float) -> tuple[list[bytes], bool]:
    """Whole lines, until the other side has closed; and whether the time was over before."""
    data = b""
    while (left := until - time.monotonic()) > 0 and select.select([reader], [], [], left)[0]:
        piece = os.read(reader, 65536)
        if not piece:
            return data.split(b"\n")[:-1], False
        data += piece
    return data.split(b"\n")[:-1], True


def _child(reader: int, writer: int, volume: Volume, path: str, kind: str | None, limits: Limits) -> None:
    """Never returns; whatever happens here, happens to nobody else."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        os.close(reader)
        for stream in (1, 2):  # the readers print and log, and could show what they read
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
        _bound()
        with os.fdopen(writer, "w", encoding="ascii") as out:
            for key, said in _all(volume, path, kind, limits):
                values = (
                    (said.reason, said.detail)
                    if isinstance(said, Unmeasured)
                    else (said.my_number, said.corporate_number, said.possible)
                )
                out.write(json.dumps([*key, *values]) + "\n")
                out.flush()
            out.write(json.dumps([None, "", 0, 0, 0]) + "\n")
    finally:
        os._exit(0)


def _bound() -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    now = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (now + _MEMORY, now + _MEMORY))


def _all(volume: Volume, path: str, kind: str | None, limits: Limits) -> Iterable[tuple[Key, Counts | Unmeasured]]:
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


@dataclass(frozen=True, slots=True, kw_only=True)
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
