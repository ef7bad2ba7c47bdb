"""From a guess to what is certain: every container is opened as far as the limits allow, and it always ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from typing import BinaryIO

from dongle_cli.audit.identify import cabinet, compound, lzh, mailed, packed, scan, seven, table, tarred, zipped
from dongle_cli.audit.identify.item import Item
from dongle_cli.audit.identify.kinds import BY_NAME, KINDS
from dongle_cli.audit.identify.limits import Budget, Limits, Spent
from dongle_cli.audit.identify.sniff import sniff
from dongle_cli.audit.identify.unpack import DAMAGE
from dongle_cli.audit.model import Entry, Gap, Hit, Tally

_Look = Callable[[Item], Iterator[Hit | Gap | Tally | Item]]


def _disk(word: str, item: Item) -> Iterator[Hit | Gap | Tally]:
    # What reads disks is on the other side of what identifies files, and is loaded where there is one.
    yield from import_module("dongle_cli.audit.sources.inside").look(word, item)


def _closed(detail: str, item: Item) -> Iterator[Hit | Gap | Item]:
    yield item.gap("unsupported", detail)


# What looks into which guess. A guess without a row is a kind already.
_LOOK: dict[str, _Look] = {
    "ole2": compound.look,
    "zip": zipped.look,
    "tar": tarred.look,
    "7z": seven.look,
    "lzh": lzh.look,
    "cab": cabinet.look,
    "eml": mailed.look,
    "text": table.look,
    "image": scan.look,
    **packed.LOOK,
    "rar": partial(_closed, "RAR"),
    "ace": partial(_closed, "ACE"),
    "arj": partial(_closed, "ARJ"),
    **{word: partial(_disk, word) for word in ("disk", "boot", "iso")},
}


def settle(
    guess: str, entry: Entry, head: bytes, file: BinaryIO, limits: Limits,
    beside: Callable[[str], BinaryIO] | None = None,
) -> Iterator[Hit | Gap | Tally]:  # fmt: skip
    """What the file is that `sniff` guessed as `guess`, and the documents inside it, with a gap for what stayed unseen.

    A disk image counts its files in tallies; where it stands in several files, `beside` opens another one by its name.
    `file` may be cut short, change or fail while it is read; nothing is raised for that.
    """
    item = Item(entry, entry.path.rpartition("/")[2], head, lambda: file, Budget(limits), beside=beside)
    try:
        yield from _dig(guess, item)
    except Spent as spent:
        yield item.gap("limit", str(spent))


def _dig(guess: str, item: Item) -> Iterator[Hit | Gap | Tally]:
    look = _LOOK.get(guess)
    if look is None:
        yield from _plain(guess, item)
        return
    if item.depth >= item.budget.limits.depth:
        yield item.gap("limit", f"depth {item.depth}")
        return
    try:
        for found in look(item):
            if isinstance(found, Item):
                inner = sniff(found.head, found.name.rpartition("/")[2], item.budget.limits.kinds)
                if inner is not None:
                    yield from _dig(inner, found)
            else:
                yield found
    except DAMAGE as error:
        yield item.gap("damaged", str(error))


def _plain(guess: str, item: Item) -> Iterator[Hit | Gap]:
    kind = KINDS.get(guess)
    if kind is not None:  # settings too: whose content decides is for the rules
        yield item.hit(guess, "extension" if guess in BY_NAME or not kind.is_document else "content")
