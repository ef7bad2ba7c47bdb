"""Registry.pol: what a local group policy wants, as [key;value;type;size;data] in UTF-16 (MS-GPREG clause 2.2.1)."""

from __future__ import annotations

import struct
from typing import BinaryIO

from dongle_cli.audit.hives.unreadable import Unreadable

MAX_BYTES = 32 * 1024 * 1024
_DELETE = "**del."
Data = int | str | bytes | list[str]


class RegistryPol:
    """The values of one file, by folded key and name."""

    def __init__(self, file: BinaryIO, where: str) -> None:
        self.where = where
        self._values: dict[tuple[str, str], Data | None] = {}
        try:
            raw = file.read(MAX_BYTES + 1)
        except OSError as error:
            raise Unreadable.of(where, error) from None
        if len(raw) > MAX_BYTES:
            raise Unreadable(where, "limit", f"> {MAX_BYTES} bytes")
        if raw[:8] != b"PReg\1\0\0\0":
            raise Unreadable(where, "damaged", "no PReg header of version 1")
        try:
            self._parse(raw)
        except (ValueError, struct.error, IndexError) as error:
            raise Unreadable(where, "damaged", str(error)) from None

    def value(self, key: str, name: str) -> Data | None:
        """What the policy sets the value to, or None where it says nothing of it or deletes it."""
        return self._values.get((key.strip("\\").casefold(), name.casefold()))

    def keys(self) -> set[str]:
        """Every key that the file names, folded."""
        return {key for key, _name in self._values}

    def names(self, key: str) -> set[str]:
        """The folded names of the values that it sets under `key`."""
        return {name for inner, name in self._values if inner == key and self._values[inner, name] is not None}

    def _parse(self, raw: bytes) -> None:
        at = 8
        while at < len(raw):
            at = _expect(raw, at, "[")
            key, at = _text(raw, at)
            at = _expect(raw, at, ";")
            name, at = _text(raw, at)
            at = _expect(raw, at, ";")
            (kind,) = struct.unpack_from("<I", raw, at)
            at = _expect(raw, at + 4, ";")
            (size,) = struct.unpack_from("<I", raw, at)
            at = _expect(raw, at + 4, ";")
            data = raw[at : at + size]
            if len(data) != size:
                raise ValueError("a value is cut short")
            at = _expect(raw, at + size, "]")
            self._put(key.strip("\\").casefold(), name.casefold(), kind, data)

    def _put(self, key: str, name: str, kind: int, data: bytes) -> None:
        if name == "**delvals.":
            for known in [k for k in self._values if k[0] == key]:
                self._values[known] = None
        elif name.startswith(_DELETE):
            self._values[key, name.removeprefix(_DELETE)] = None
        else:
            self._values[key, name.removeprefix("**soft.")] = decode(kind, data)


def _expect(raw: bytes, at: int, mark: str) -> int:
    if raw[at : at + 2] != mark.encode("utf-16-le"):
        raise ValueError(f"no {mark} at byte {at}")
    return at + 2


def _text(raw: bytes, at: int) -> tuple[str, int]:
    end = at
    while raw[end : end + 2] != b"\0\0":
        if end + 2 > len(raw):
            raise ValueError("a name without an end")
        end += 2
    return raw[at:end].decode("utf-16-le", "surrogatepass"), end + 2


def decode(kind: int, data: bytes) -> Data:
    """A value's bytes as its type says: 1 and 2 text, 4 and 11 little-endian numbers, 5 big-endian, 7 several texts."""
    if kind in (1, 2, 7):
        text = data[: len(data) // 2 * 2].decode("utf-16-le", "replace")
        return [part for part in text.split("\0") if part] if kind == 7 else text.split("\0", 1)[0]
    if kind in (4, 5, 11):
        return int.from_bytes(data, "big" if kind == 5 else "little")
    return data
