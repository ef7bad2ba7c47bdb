"""The first guess at a file, from its first 4 KiB and its name: the hot path, some hundred nanoseconds a file."""

from __future__ import annotations

import re

from dongle_cli.audit.identify.kinds import BY_NAME, SUFFIXES
from dongle_cli.audit.identify.signatures import FIRST

_HINTS = {suffix: word for suffix, word in SUFFIXES.items() if word in BY_NAME} | {"rdp": "rdp"}
# Every ending that says something, as the last four characters of a lower-cased name can show it.
_TAILS = {("." + suffix)[-4:]: word for suffix, word in _HINTS.items()}
_LZH = re.compile(rb"..-l[hz][0-9ds]-", re.DOTALL)
_PDF = re.compile(rb"%PDF-\d\.\d")
_IMAGES = (b"\x89PNG", b"\xff\xd8\xff", b"II*\0", b"MM\0*")
_BINARY = bytes(set(range(32)) - {7, 8, 9, 10, 11, 12, 13, 26, 27}) + b"\x7f"  # ESC begins Japanese in ISO-2022-JP


def sniff(head: bytes, name: str, weak: bool = False) -> str | None:
    """A guess for a file that begins with `head` (up to 4096 bytes) and is called `name`; None: surely of no interest.

    The guess is a kind, or a word that `settle` knows how to look into. Weak kinds cost more and are looked for only
    with `weak`.
    """
    rows = FIRST.get(head[:2])
    if rows is not None:
        for prefix, what in rows:
            if head.startswith(prefix):
                if isinstance(what, str):
                    return what
                if (word := what(head)) is not None:
                    return word
    if head[257:262] == b"ustar":
        return "tar"
    if head[2:4] == b"-l" and _LZH.match(head):
        return "lzh"
    if b"%PDF-" in head[:1029] and _PDF.search(head, 0, 1032):  # ISO 32000-1 annex H, 3.4.1: it may begin later
        return "pdf"
    if head[144:149] == b"JDASH":
        return "jtd"
    hint = _TAILS.get(name[-4:].lower())
    if hint is not None and (hint == "rdp" or not (b"\n" in head and _is_plain(head))):
        return hint
    return _weak(head) if weak else None


def _weak(head: bytes) -> str | None:
    if head.startswith(_IMAGES) or (head.startswith(b"BM") and head[6:10] == b"\0\0\0\0"):
        return "image"
    return "text" if head and (head.startswith((b"\xff\xfe", b"\xfe\xff")) or _is_plain(head)) else None


def _is_plain(head: bytes) -> bool:
    """Whether it holds nothing that no text holds."""
    return len(head.translate(None, _BINARY)) == len(head)
