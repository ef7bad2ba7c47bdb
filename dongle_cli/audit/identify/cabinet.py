"""The members of a Windows cabinet ([MS-CAB] 2.4), by their names: its content is not unpacked here."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from dongle_cli.audit.identify.item import Item
from dongle_cli.audit.identify.names import text_of
from dongle_cli.audit.identify.sealed import Unseen
from dongle_cli.audit.model import Gap, Hit

_UTF8 = 0x80  # of a member's attributes
_MOST = 1 << 20  # bytes of the list of members


def look(item: Item) -> Iterator[Hit | Gap | Item]:
    """The members whose names promise documents; Windows has many cabinets, so the others are no gap each."""
    unseen = Unseen(item)
    if len(item.head) < 36:
        yield item.gap("damaged", "CAB: cut short")
        return
    at, count = struct.unpack_from("<I8xH", item.head, 16)
    file = item.open()
    file.seek(at)
    data, place = file.read(_MOST), 0
    for _number in range(count):
        item.budget.entry()
        end = data.find(b"\0", place + 16)
        if end < 0:
            yield item.gap("damaged", "CAB: cut short")
            return
        size, attributes = struct.unpack_from("<I10xH", data, place)
        name = text_of(data[place + 16 : end], "utf-8" if attributes & _UTF8 else "cp932").replace("\\", "/")
        yield from unseen.add(name, "unsupported", size)
        place = end + 1
