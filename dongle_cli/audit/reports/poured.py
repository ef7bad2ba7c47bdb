"""One JSON object whose long lists are written one thing at a time."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping
from typing import Any, BinaryIO


class Pour:
    """Marks places in an object, and writes the object with the things that belong there."""

    def __init__(self) -> None:
        self._lists: dict[str, Iterable[Mapping[str, Any]]] = {}

    def list(self, things: Iterable[Mapping[str, Any]]) -> list[str]:
        """What stands in the object for the list of `things`."""
        mark = secrets.token_hex(16)
        self._lists[mark] = things
        return [mark]

    def write(self, whole: Mapping[str, Any], file: BinaryIO) -> None:
        """UTF-8; a lone surrogate (an undecodable byte of a name) as its JSON escape."""
        rest = _text(whole) + "\n"
        for mark in sorted(self._lists, key=rest.index):
            before, _quoted, rest = rest.partition(f'"{mark}"')
            file.write(before.encode("utf-8", "backslashreplace"))
            comma = ""
            for thing in self._lists[mark]:
                file.write((comma + _text(thing)).encode("utf-8", "backslashreplace"))
                comma = ",\n"
        file.write(rest.encode("utf-8", "backslashreplace"))


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)
