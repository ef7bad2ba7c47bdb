"""Registry hives and Registry.pol files for tests, written from the format's description; shares nothing with us."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

SZ, EXPAND, BINARY, DWORD, MULTI, QWORD = 1, 2, 3, 4, 7, 11
PAGE = 4096
# A security descriptor: self-relative, owner and group S-1-5-18, no lists.
_SID = bytes.fromhex("010100000000000512000000")
_DESCRIPTOR = struct.pack("<BBHIIII", 1, 0, 0x8000, 20, 32, 0, 0) + _SID + _SID


class Expand(str):
    """A text of type REG_EXPAND_SZ."""


class Bins:
    """The bins of a hive while it grows: cells one after another, each a multiple of eight bytes."""

    def __init__(self) -> None:
        self.data = bytearray(32)

    def cell(self, content: bytes) -> int:
        """Add an allocated cell; its offset."""
        at = len(self.data)
        size = (4 + len(content) + 7) // 8 * 8
        self.data += struct.pack("<i", -size) + content + bytes(size - 4 - len(content))
        return at

    def done(self) -> bytes:
        """The bins as they stand in the file: one bin, filled up with a free cell."""
        free = -len(self.data) % PAGE
        if free:
            self.data += struct.pack("<i", free) + bytes(free - 4)
        self.data[:32] = struct.pack("<4sIIIIQI", b"hbin", 0, len(self.data), 0, 0, 0, 0)
        return bytes(self.data)


def _typed(value: Any) -> tuple[int, bytes]:
    match value:
        case Expand():
            return EXPAND, value.encode("utf-16-le") + b"\0\0"
        case str():
            return SZ, value.encode("utf-16-le") + b"\0\0"
        case bytes():
            return BINARY, value
        case int():
            return (DWORD, struct.pack("<I", value)) if value < 2**32 else (QWORD, struct.pack("<Q", value))
        case _:
            return MULTI, "".join(f"{part}\0" for part in value).encode("utf-16-le") + b"\0\0"


def _name(name: str) -> tuple[bytes, bool]:
    try:
        return name.encode("latin-1"), True
    except UnicodeEncodeError:
        return name.encode("utf-16-le"), False


def _value(bins: Bins, name: str, value: Any) -> int:
    kind, data = _typed(value)
    raw, latin = _name(name)
    if len(data) <= 4:
        size, offset = len(data) | 0x80000000, struct.unpack("<I", data.ljust(4, b"\0"))[0]
    elif len(data) > 16344:
        parts = [bins.cell(data[at : at + 16344]) for at in range(0, len(data), 16344)]
        listed = bins.cell(b"".join(struct.pack("<I", part) for part in parts))
        size, offset = len(data), bins.cell(struct.pack("<2sHII", b"db", len(parts), listed, 0))
    else:
        size, offset = len(data), bins.cell(data)
    return bins.cell(struct.pack("<2sHIIIHH", b"vk", len(raw), size, offset, kind, int(latin), 0) + raw)


def _hash(name: str) -> int:
    total = 0
    for char in name.upper():
        total = (total * 37 + ord(char)) & 0xFFFFFFFF
    return total


def _key(bins: Bins, name: str, tree: Mapping[str, Any], parent: int, security: int | None, flags: int) -> int:
    raw, latin = _name(name)
    node = bins.cell(bytes(76) + raw)  # readers look for the root key in the first cell
    if security is None:
        security = bins.cell(struct.pack("<2sHIIII", b"sk", 0, 0, 0, 1, len(_DESCRIPTOR)) + _DESCRIPTOR)
        struct.pack_into("<II", bins.data, security + 8, security, security)
    values = [_value(bins, inner, value) for inner, value in tree.items() if not isinstance(value, Mapping)]
    listed = bins.cell(b"".join(struct.pack("<I", at) for at in values)) if values else 0xFFFFFFFF
    names = sorted((inner for inner, value in tree.items() if isinstance(value, Mapping)), key=str.upper)
    keys = [(_key(bins, inner, tree[inner], node, security, 0), _hash(inner)) for inner in names]
    lists = [
        bins.cell(struct.pack("<2sH", b"lh", len(part)) + b"".join(struct.pack("<II", *pair) for pair in part))
        for part in (keys[at : at + 500] for at in range(0, len(keys), 500))
    ]
    if len(lists) > 1:
        lists = [bins.cell(struct.pack("<2sH", b"ri", len(lists)) + b"".join(struct.pack("<I", at) for at in lists))]
    record = struct.pack(
        "<2sHQIIIIIIIIIIIIIIIHH",
        b"nk", flags | (0x20 if latin else 0), 0x01D0000000000000, 0, parent, len(keys), 0,
        lists[0] if lists else 0xFFFFFFFF, 0xFFFFFFFF, len(values), listed, security, 0xFFFFFFFF,
        64, 0, 64, 65536, 0, len(raw), 0,
    )  # fmt: skip
    bins.data[node + 4 : node + 4 + 76] = record
    return node


def checksum(block: bytes) -> int:
    """The exclusive or of the first 127 words of a base block."""
    total = 0
    for word in struct.unpack("<127I", block[:508]):
        total ^= word
    return {0: 1, 0xFFFFFFFF: 0xFFFFFFFE}.get(total, total)


def base_block(root: int, size: int, primary: int, secondary: int, kind: int = 0) -> bytes:
    """The first 512 bytes of a hive (kind 0) or of a log of today's form (kind 6, or 1 for the old form)."""
    block = struct.pack("<4sIIQIIIIIII", b"regf", primary, secondary, 0, 1, 5, kind, 1, root, size, 1)
    block = block.ljust(508, b"\0")
    return block + struct.pack("<I", checksum(block))


def hive(tree: Mapping[str, Any], *, primary: int = 7, secondary: int = 7) -> bytes:
    """A hive of `tree`: mappings are keys, everything else is a value; unequal numbers make it dirty."""
    bins = Bins()
    root = _key(bins, "ROOT", tree, 0, None, 0x2C)
    data = bins.done()
    return base_block(root, len(data), primary, secondary).ljust(PAGE, b"\0") + data


def _rotated(value: int, bits: int) -> int:
    return (value << bits | value >> 32 - bits) & 0xFFFFFFFF


def marvin(data: bytes) -> int:
    """Marvin32 with the registry's seed."""
    high, low = 0x82EF4D88, 0x7A4E55C5
    padded = data + b"\x80" + bytes(-(len(data) + 1) % 4) + bytes(4)
    for at in range(0, len(padded), 4):
        low = (low + int.from_bytes(padded[at : at + 4], "little")) % 2**32
        high ^= low
        low = (_rotated(low, 20) + high) % 2**32
        high = _rotated(high, 9) ^ low
        low = (_rotated(low, 27) + high) % 2**32
        high = _rotated(high, 19)
    return high << 32 | low


def log_entry(before: bytes, after: bytes, number: int) -> bytes:
    """One entry that turns the bins of `before` into those of `after` (both whole hives)."""
    old, new = before[PAGE:], after[PAGE:]
    changed = [at for at in range(0, len(new), PAGE) if old[at : at + PAGE] != new[at : at + PAGE]]
    body = b"".join(struct.pack("<II", at, PAGE) for at in changed)
    body += b"".join(new[at : at + PAGE] for at in changed)
    size = (40 + len(body) + 511) // 512 * 512
    body = body.ljust(size - 40, b"\0")
    head = struct.pack("<4s5IQ", b"HvLE", size, 0, number, len(new), len(changed), marvin(body))
    return head + struct.pack("<Q", marvin(head)) + body


def log(entries: list[bytes], number: int) -> bytes:
    """A log of today's form."""
    return base_block(32, PAGE, number, number, 6) + b"".join(entries)


def old_log(before: bytes, after: bytes, number: int) -> bytes:
    """A log as Windows wrote it up to 8: a bit for each changed sector, then the sectors."""
    old, new = before[PAGE:], after[PAGE:]
    bits, sectors = bytearray(len(new) // PAGE), b""
    for at in range(0, len(new), 512):
        if old[at : at + 512] != new[at : at + 512]:
            bits[at // PAGE] |= 1 << at // 512 % 8
            sectors += new[at : at + 512]
    vector = b"DIRT" + bytes(bits)
    return base_block(32, len(new), number, number, 1) + vector.ljust((len(vector) + 511) // 512 * 512, b"\0") + sectors


def registry_pol(lines: list[tuple[str, str, Any]]) -> bytes:
    """A policy file of (key, value name, value) lines."""
    out = b"PReg\1\0\0\0"
    mark = {char: char.encode("utf-16-le") for char in "[;]"}
    for key, name, value in lines:
        kind, data = _typed(value)
        texts = [text.encode("utf-16-le") + b"\0\0" for text in (key, name)]
        fields = [*texts, struct.pack("<I", kind), struct.pack("<I", len(data)), data]
        out += mark["["] + mark[";"].join(fields) + mark["]"]
    return out
