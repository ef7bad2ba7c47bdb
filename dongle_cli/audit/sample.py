"""Draw machines from a list so that anybody can draw the same again: by hash, from a seed that was named beforehand.

Each name is hashed with the seed (SHA-256 over "SEED\\nNAME" in UTF-8), and the n smallest hashes are drawn, in their
order. The draw depends on seed and names alone: not on the order of the list, not on a version of Python, and a
spreadsheet or `sha256sum` can check it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

ALGORITHM = "sha256(seed + LF + name), ascending"


@dataclass(frozen=True, slots=True)
class Drawn:
    """One machine that was drawn."""

    position: int  # from 1
    name: str
    row: int  # of the list
    hash: str  # hexadecimal


def hashed(seed: str, name: str) -> str:
    """What decides about `name`."""
    return hashlib.sha256(f"{seed}\n{name}".encode("utf-8", "surrogateescape")).hexdigest()


def draw(seed: str, names: Iterable[tuple[int, str]], count: int) -> list[Drawn]:
    """At most `count` of `names` (each with its row); a name that stands twice has one chance, at its first row."""
    rows: dict[str, int] = {}
    for row, name in names:
        rows.setdefault(name, row)
    ordered = sorted((hashed(seed, name), name) for name in rows)[:count]
    return [Drawn(place, name, rows[name], digest) for place, (digest, name) in enumerate(ordered, start=1)]
