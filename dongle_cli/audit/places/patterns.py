"""Tables of path patterns, compiled into one expression: a word for a path in a single match."""

from __future__ import annotations

import re
from functools import cached_property

from dongle_cli.audit import globs

Table = tuple[tuple[str, tuple[str, ...]], ...]  # a word of `words`, and the globs (see `globs`) that mean it


class Patterns:
    """Words by path; of several that fit, the first of the table."""

    def __init__(self, table: Table) -> None:
        pairs = [(word, pattern.casefold()) for word, patterns in table for pattern in patterns]
        self._words = [word for word, _pattern in pairs]
        self._globs = [pattern for _word, pattern in pairs]

    @cached_property
    def _expression(self) -> re.Pattern[str]:
        """Compiled when the first path comes: it takes longer than a path does."""
        return re.compile("|".join(f"({globs.translated(one)})" for one in self._globs), re.DOTALL)

    def word(self, folded: str) -> str | None:
        """The word for a path in folded case, or None."""
        match = self._expression.match(folded)
        return self._words[match.lastindex - 1] if match and match.lastindex else None
