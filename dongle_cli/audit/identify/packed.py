"""One compressed stream (gzip, bzip2, xz, Zstandard): the file in it, or the tar archive in it without unpacking it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from io import BytesIO

from dongle_cli.audit.identify import tarred
from dongle_cli.audit.identify.flow import Flow
from dongle_cli.audit.identify.item import Item
from dongle_cli.audit.identify.sniff import sniff
from dongle_cli.audit.identify.unpack import STREAMS, beginning, expand, joined, pieces
from dongle_cli.audit.model import Gap, Hit

# What a name loses with its wrapping, and what it gets instead.
_ENDINGS = {
    **dict.fromkeys((".gz", ".bz2", ".xz", ".zst"), ""),
    **dict.fromkeys((".tgz", ".tbz", ".tbz2", ".txz", ".tzst"), ".tar"),
}


def look(word: str, item: Item) -> Iterator[Hit | Gap | Item]:
    """What is in the stream that `word` names."""
    most = item.budget.limits.member

    def packed(step: int) -> Iterator[bytes]:
        yield item.head  # often enough, and at hand
        file = item.open()
        at = len(item.head)
        yield from pieces(file, at, file.seek(0, 2) - at, step)

    def plain(limit: int, step: int) -> Iterator[bytes]:
        return expand(packed(step), STREAMS[word], limit, item.budget)

    head = beginning(item.head, len(item.head) < 4096, STREAMS[word], 4096, item.budget)
    if head is None:
        head = joined(plain(4096, 4096), 4096)
    inside = item.inside(_bare(item.name), head, lambda: BytesIO(joined(plain(most, 1 << 18), most)), None)
    if sniff(head, inside.name) == "tar":
        yield from tarred.members(item, Flow(plain(item.budget.limits.bytes, 1 << 18)))
    else:
        yield inside


def _bare(name: str) -> str:
    stem, dot, suffix = name.rpartition(".")
    ending = _ENDINGS.get(dot + suffix.lower())
    return name if ending is None or not stem else stem + ending


LOOK: dict[str, Callable[[Item], Iterator[Hit | Gap | Item]]] = {word: partial(look, word) for word in STREAMS}
