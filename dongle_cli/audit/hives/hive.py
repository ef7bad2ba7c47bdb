"""One registry hive: keys and values by path, with its logs replayed; what is damaged says so and is never "absent"."""

from __future__ import annotations

import logging
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO

from dongle_cli.audit.hives.pages import Pages
from dongle_cli.audit.hives.replay import BASE, SECTOR, BaseBlock, replay
from dongle_cli.audit.hives.unreadable import Unreadable
from dongle_cli.i18n import _

Data = int | str | bytes | list[str]

_NODE = 76  # bytes of a key's record before its name
_MAX_KEYS = 200_000  # under one key; the largest ones of Windows have some ten thousand
_MAX_VALUES = 20_000


class Key:
    """One key of a hive; names are matched whatever their case."""

    def __init__(self, hive: Hive, record: Any) -> None:
        self._hive = hive
        self._record = record
        self._keys: dict[str, Any] | None = None
        self._values: dict[str, tuple[str, Data]] | None = None

    @property
    def name(self) -> str:
        """The key's own name."""
        return str(self._record.name)

    def subkeys(self) -> list[str]:
        """The names below, in the hive's order."""
        return [str(record.name) for record in self._children().values()]

    def subkey(self, name: str) -> Key | None:
        """The key of that name below, or None."""
        record = self._children().get(name.casefold())
        return None if record is None else Key(self._hive, record)

    def values(self) -> dict[str, tuple[str, Data]]:
        """Every value by its folded name: its name as it is written, and what it holds."""
        if self._values is None:
            with self._hive.reading():
                self._values = self._read_values()
        return self._values

    def value(self, name: str) -> Data | None:
        """What the value of that name holds, or None where there is none."""
        found = self.values().get(name.casefold())
        return None if found is None else found[1]

    def _children(self) -> dict[str, Any]:
        if self._keys is None:
            with self._hive.reading():
                self._keys = self._read_children()
        return self._keys

    def _read_children(self) -> dict[str, Any]:
        count = self._record.subkey_count
        if count > _MAX_KEYS:
            raise ValueError(f"{count} keys in one")
        found: dict[str, Any] = {}
        seen = 0
        for record in self._record.iter_subkeys():
            seen += 1
            # regipy does not look whether a key's record is one; it has just read it, so the file stands behind it.
            pages = self._hive.pages
            pages.seek(pages.tell() - record.header.key_name_size - _NODE)
            if pages.read(2) != b"nk" or seen > count:
                raise ValueError("a list of keys points at something else")
            found.setdefault(record.name.casefold(), record)
        if seen != count:
            raise ValueError(f"{seen} keys instead of {count}")
        return found

    def _read_values(self) -> dict[str, tuple[str, Data]]:
        count = self._record.values_count
        if count > _MAX_VALUES:
            raise ValueError(f"{count} values in one key")
        read = list(self._record.iter_values(trim_values=False))
        # regipy stops at a value that it cannot read, and says nothing: a policy behind it would look unset.
        if len(read) != count:
            raise ValueError(f"{len(read)} values instead of {count}")
        return {value.name.casefold(): (value.name, plain(value.value)) for value in read}


class Hive:
    """A hive that is read in place; Unreadable says why one cannot be, at the start or at any key."""

    def __init__(self, file: BinaryIO, where: str, logs: Sequence[BinaryIO] = ()) -> None:
        self.where = where
        self._keys: dict[str, Key | None] = {}
        with self.reading():
            self.pages, root = self._open(file, logs)
            from regipy.registry import Cell, NKRecord

            record: Any = NKRecord  # regipy has types, but not for this

            # Its log says of damage what Unreadable says; without a handler it would go to stderr.
            logging.getLogger("regipy").addHandler(logging.NullHandler())
            self.pages.seek(BASE + root + 4)
            if self.pages.read(2) != b"nk":
                raise ValueError("there is no root key")
            self._keys[""] = Key(self, record(Cell(BASE + root + 6, "nk", 0), self.pages))

    def key(self, path: str) -> Key | None:
        r"""The key at `path` ("Microsoft\Windows NT\CurrentVersion"), or None where there is none."""
        folded = path.strip("\\").casefold()
        if folded not in self._keys:
            parent, _slash, name = folded.rpartition("\\")
            above = self.key(parent)
            self._keys[folded] = above.subkey(name) if above is not None else None
        return self._keys[folded]

    def value(self, path: str, name: str) -> Data | None:
        """What the value `name` of the key at `path` holds, or None where there is no such value."""
        key = self.key(path)
        return None if key is None else key.value(name)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Turn everything that damaged bytes can make a reader say into Unreadable."""
        from construct import ConstructError
        from regipy.exceptions import RegipyException

        try:
            yield
        except OSError as error:
            raise Unreadable.of(self.where, error) from None
        except (RegipyException, ConstructError, struct.error, ValueError, TypeError, LookupError, OverflowError) as e:
            raise Unreadable(self.where, "damaged", str(e) or type(e).__name__) from None

    def _open(self, file: BinaryIO, logs: Sequence[BinaryIO]) -> tuple[Pages, int]:
        file.seek(0)
        base = BaseBlock.of(file.read(SECTOR))
        if base.valid and base.primary == base.secondary:
            pages = Pages(file, None)
        else:
            replayed = replay(base, logs)
            if replayed is None:
                raise ValueError(_("it was not closed properly, and no log completes it"))
            pages = Pages(file, replayed)
        header = pages.read(SECTOR)
        root, bins = struct.unpack_from("<2I", header, 36)
        if header[:4] != b"regf" or pages.length < BASE + (bins if base.valid else 32):
            raise ValueError(_("it is cut short"))
        return pages, root


def plain(value: object) -> Data:
    """A value as settings are compared: texts end at their NUL, lists have no empty parts."""
    if isinstance(value, bool | int | bytes):
        return value
    if isinstance(value, str):
        return value.split("\0", 1)[0]
    if isinstance(value, list):
        return [str(part) for part in value if part != ""]
    return str(value)
