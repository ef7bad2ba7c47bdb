"""One spot where a document was found: its word, whose it is, and where the document stood before."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file is, in words that stay the same between runs and languages."""

    word: str  # a word of places.words
    user: str | None = None  # whose profile or recycle bin; a name where one is known, else a SID or a number
    original: str | None = None  # the path it had before it was thrown away or copied here
    hint: str | None = None  # a second word: where it would be, were it not deleted, a stream, a shadow, an old Windows
    deleted_at: str | None = None  # ISO 8601, UTC: when it was thrown away
