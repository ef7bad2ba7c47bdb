"""Path patterns of policies, case ignored: "Users/*/Desktop/**"; "*" stays inside one name, "**" does not."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

_PIECE = re.compile(r"\*\*/|\*\*|\*|\?|[^*?]+")
_MEANS = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def compiled(patterns: Iterable[str]) -> re.Pattern[str] | None:
    """One expression for whole paths that any of `patterns` covers; None where there are none."""
    parts = [translated(pattern) for pattern in patterns]
    return re.compile("|".join(parts), re.IGNORECASE | re.DOTALL) if parts else None


@lru_cache(maxsize=1024)
def one(pattern: str) -> re.Pattern[str]:
    """The expression for a single pattern."""
    return re.compile(translated(pattern), re.IGNORECASE | re.DOTALL)


def translated(pattern: str) -> str:
    """The expression for `pattern` as text, up to the end of the path."""
    plain = pattern.replace("\\", "/").removeprefix("/")
    return "".join(_MEANS.get(piece, re.escape(piece)) for piece in _PIECE.findall(plain)) + r"\Z"


def covers(pattern: re.Pattern[str] | None, volume: str, path: str) -> bool:
    """Whether a pattern covers `path`, with or without its volume in front ("D:/data/**" names one volume)."""
    if pattern is None:
        return False
    return bool(pattern.match(path) or (volume and pattern.match(f"{volume}/{path}")))
