"""A hash chain: each link carries the digest of the one before, so that nothing is changed, dropped or moved unseen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dongle_cli.evidence.canonical import canonical, digest

START = "0" * 64  # what the first link carries


@dataclass(frozen=True)
class Link:
    """One entry: `body` is canonical JSON text, `digest` covers all the rest."""

    seq: int  # 1, 2, 3, without gaps
    at: str  # ISO 8601 with offset
    kind: str
    body: str
    previous: str
    digest: str


def linked(before: Link | None, *, at: str, kind: str, body: Mapping[str, object]) -> Link:
    """The link that follows `before` (None: the first)."""
    seq = before.seq + 1 if before else 1
    previous = before.digest if before else START
    text = canonical(body).decode("utf-8")
    return Link(seq, at, kind, text, previous, _digest(seq, at, kind, text, previous))


def _digest(seq: int, at: str, kind: str, body: str, previous: str) -> str:
    return digest(canonical({"seq": seq, "at": at, "kind": kind, "body": body, "previous": previous}))


def first_break(links: Iterable[Link]) -> int | None:
    """The `seq` that should stand where the chain first does not hold, or None where all of it does.

    A chain that was cut off at its end, or written anew from some link on, holds: against that only a digest that is
    kept elsewhere helps (a signature, a printed report).
    """
    previous, expected = START, 1
    for link in links:
        whole = _digest(link.seq, link.at, link.kind, link.body, link.previous)
        if (link.seq, link.previous, link.digest) != (expected, previous, whole):
            return expected
        previous, expected = link.digest, expected + 1
    return None
