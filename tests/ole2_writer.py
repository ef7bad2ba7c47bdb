"""Writes small OLE2 compound files ([MS-CFB], version 3): what tests need, and nothing of the reader's code."""

from __future__ import annotations

import struct

_SECTOR, _FREE, _END, _FAT = 512, 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def compound(streams: dict[str, bytes]) -> bytes:
    """A file with these streams; "storage/stream" stands in a storage. Each stream is padded to 4096 bytes."""
    names: list[tuple[str, int]] = [("", -1)]  # a slot's name and its parent's slot
    contents: dict[int, bytes] = {}
    slots: dict[str, int] = {"": 0}
    for path, content in streams.items():
        above = ""
        for part in path.split("/"):
            here = f"{above}/{part}"
            if here not in slots:
                slots[here] = len(names)
                names.append((part, slots[above]))
            above = here
        contents[slots[above]] = content.ljust(4096, b"\0")
    children = {slot: [n for n, (_name, parent) in enumerate(names) if parent == slot] for slot in range(len(names))}
    directory_sectors = -(-len(names) // 4)
    sectors: list[bytes] = []
    chains: list[list[int]] = [list(range(1, 1 + directory_sectors))]
    starts: dict[int, int] = {}
    at = 1 + directory_sectors
    for slot, content in contents.items():
        count = -(-len(content) // _SECTOR)
        starts[slot] = at
        chains.append(list(range(at, at + count)))
        at += count
    directory = b""
    for slot, (name, _parent) in enumerate(names):
        text = (name or "Root Entry").encode("utf-16-le") + b"\0\0"
        kind = 5 if slot == 0 else 2 if slot in contents else 1
        brothers = children[names[slot][1]] if slot else [0]
        place = brothers.index(slot)
        right = brothers[place + 1] if place + 1 < len(brothers) else _FREE
        child = children[slot][0] if children[slot] else _FREE
        directory += text.ljust(64, b"\0") + struct.pack("<HBBIII", len(text), kind, 1, _FREE, right, child)
        directory += b"\0" * 36 + struct.pack("<IQ", starts.get(slot, _END), len(contents.get(slot, b"")))
    directory = directory.ljust(directory_sectors * _SECTOR, b"\0")
    sectors += [directory[n : n + _SECTOR] for n in range(0, len(directory), _SECTOR)]
    for content in contents.values():
        sectors += [content[n : n + _SECTOR].ljust(_SECTOR, b"\0") for n in range(0, len(content), _SECTOR)]
    table = [_FREE] * 128
    assert len(sectors) < 128, "one sector of FAT is all that this writer has"
    table[0] = _FAT
    for chain in chains:
        for here, following in zip(chain, [*chain[1:], _END], strict=True):
            table[here] = following
    header = bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 16 + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + b"\0" * 10
    header += (
        struct.pack("<IIIIIIII", 1, 1, 0, 4096, _END, 0, _END, 0)
        + struct.pack("<I", 0)
        + struct.pack("<I", _FREE) * 108
    )
    return header + struct.pack("<128I", *table) + b"".join(sectors)
