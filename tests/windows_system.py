"""A Windows that answers as its documentation says, over a folder: what the live source is tested on away from it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from dongle_cli.audit.sources.windows import FOLDER, Named


def refused(code: int, path: str) -> OSError:
    """An error as Python raises it on Windows."""
    kind = {2: FileNotFoundError, 3: FileNotFoundError, 5: PermissionError, 32: PermissionError}.get(code, OSError)
    error = kind(22, f"error {code}", path)
    error.winerror = code  # type: ignore[attr-defined]
    return error


@dataclass
class Tree:
    """The registry as `winreg` shows it: mappings are keys, all else values; numbers are the roots."""

    roots: Mapping[int, Mapping[str, Any]]

    def OpenKeyEx(self, key: Any, sub_key: str, reserved: int, access: int) -> Any:
        assert (reserved, access) == (0, 0x20119)
        at: Any = self.roots[key]
        for part in filter(None, sub_key.split("\\")):
            names = {name.casefold(): name for name, inner in at.items() if isinstance(inner, Mapping)}
            if part.casefold() not in names:
                raise refused(2, sub_key)
            at = at[names[part.casefold()]]
        return at

    def EnumKey(self, key: Any, index: int) -> str:
        return str(self._at([name for name, inner in key.items() if isinstance(inner, Mapping)], index))

    def EnumValue(self, key: Any, index: int) -> tuple[str, Any, int]:
        name, value = self._at([pair for pair in key.items() if not isinstance(pair[1], Mapping)], index)
        return name, value, 1

    def _at(self, found: list[Any], index: int) -> Any:
        if index >= len(found):
            raise refused(259, "")
        return found[index]


@dataclass
class System:
    """Drives are folders; what a Linux folder does not have (attributes, streams, locks) is told by path below."""

    letters: Mapping[str, Path]
    kinds: Mapping[str, int] = field(default_factory=dict)
    identities: Mapping[str, str] = field(default_factory=dict)
    marked: Mapping[str, tuple[int, int]] = field(default_factory=dict)  # "C:/x": attributes and reparse tag
    hidden: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict)  # streams by path
    errors: Mapping[str, int] = field(default_factory=dict)  # what opening or listing it ends in
    tree: Tree = field(default_factory=lambda: Tree({}))
    opened: list[str] = field(default_factory=list)

    def drives(self) -> str:
        return "".join(f"{name}\\\0" for name in self.letters) + "\0"

    def kind(self, root: str) -> int:
        return self.kinds.get(root[:2], 3)

    def identity(self, root: str) -> str:
        return self.identities.get(root[:2], root)

    def list(self, path: str) -> Iterator[Named]:
        name, real = self._real(path)
        for child in sorted(real.iterdir()):
            yield self._named(f"{name}/{child.name}", child)

    def look(self, path: str) -> Named:
        name, real = self._real(path)
        if not real.exists():
            raise refused(2, path)
        return self._named(name, real)

    def streams(self, path: str) -> Iterator[tuple[str, int]]:
        name, real = self._real(path)
        if real.is_file():
            yield "::$DATA", real.stat().st_size
        for stream, content in self.hidden.get(name, {}).items():
            yield f":{stream}:$DATA", len(content)

    def open(self, path: str) -> BinaryIO:
        name, real = self._real(path)
        self.opened.append(name)
        file, colon, stream = name.partition(":")[2].partition(":")
        if colon:
            out = real.with_name("stream.tmp")
            out.write_bytes(self.hidden[name[:2] + file][stream])
            handle = out.open("rb")
            out.unlink()
            return handle
        return real.open("rb")

    def registry(self) -> Tree:
        return self.tree

    def _real(self, path: str) -> tuple[str, Path]:
        assert path.startswith("\\\\?\\")
        letter, _slash, rest = path[4:].partition("\\")
        assert "/" not in rest
        name = f"{letter}/{rest}".replace("\\", "/").rstrip("/")
        if name in self.errors:
            raise refused(self.errors[name], path)
        return name, self.letters[letter] / rest.replace("\\", "/")

    def _named(self, name: str, real: Path) -> Named:
        about = os.lstat(real)
        attributes, tag = self.marked.get(name, (0x20, 0))
        return Named(real.name, attributes | (FOLDER if real.is_dir() else 0), tag, about.st_size, about.st_mtime)
