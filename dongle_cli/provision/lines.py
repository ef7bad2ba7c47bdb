"""Where in a TOML text a key stands: the reader itself is asked, with ever shorter beginnings of the text."""

from __future__ import annotations

import tomllib


def line_of(text: str, key: str) -> int:
    """The line (from 1) where `key` ("context.apn") enters the valid TOML `text`, or that of its table, or 1."""
    lines = text.split("\n")
    names = key.split(".")
    while names and not _holds(tomllib.loads(text), names):
        names.pop()
    if not names:
        return 1
    # The longest beginning that is valid and does not hold the key yet has from `low` to `high` - 1 lines.
    low, high = 0, len(lines)
    while high - low > 1:
        middle = (low + high) // 2
        end = next((n for n in range(middle, high) if _parsed(lines[:n]) is not None), None)
        if end is None or _holds(_parsed(lines[:end]), names):
            high = middle
        else:
            low = end
    return low + 1


def _parsed(lines: list[str]) -> dict[str, object] | None:
    try:
        return tomllib.loads("\n".join(lines) + "\n")
    except tomllib.TOMLDecodeError:  # cut in the middle of a value that takes several lines
        return None


def _holds(value: object, names: list[str]) -> bool:
    for name in names:
        if not isinstance(value, dict) or name not in value:
            return False
        value = value[name]
    return True
