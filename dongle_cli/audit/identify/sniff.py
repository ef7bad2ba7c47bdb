"""The first guess at a file, from its first 4 KiB and its name: the hot path, some hundred nanoseconds a file."""

from __future__ import annotations

import re
import struct
from collections.abc import Collection

from dongle_cli.audit.identify.kinds import BY_NAME, SUFFIXES
from dongle_cli.audit.identify.pages import is_page, jpeg, png
from dongle_cli.audit.identify.signatures import FIRST

_HINTS = {suffix: word for suffix, word in SUFFIXES.items() if word in BY_NAME} | {
    "rdp": "rdp", "tar": "tar", **dict.fromkeys(("iso", "img", "raw", "vhd"), "iso"),
}  # fmt: skip
_OLD_TAR = re.compile(rb"[0-7]{6}[ \0]")  # the checksum of a header that has no name of its own
# Every ending that says something, as the last four characters of a lower-cased name can show it.
TAILS = {("." + suffix)[-4:]: word for suffix, word in _HINTS.items()}
_LZH = re.compile(rb"..-l[hz][0-9ds]-", re.DOTALL)
_PDF = re.compile(rb"%PDF-\d\.\d(?<![\"'`]........)")  # in quotes it is a program's; looked for from behind: faster
_RDP = re.compile(rb":\0?[bis]\0?:")  # "name:type:value", in one byte or two a character
# What has its own signature is nothing of a kind that has none, whatever it is called.
_OTHERS = (
    b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"\x7fELF", b"MZ",
    b"\xca\xfe\xba\xbe", b"L\0\0\0\x01\x14\x02\0", b"SQLite format 3\0", b"RIFF", b"OggS", b"fLaC", b"ID3",
    b"%SEMI-OASIS",  # the layout of chips, .oas as well
)  # fmt: skip
_SURE = frozenset((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"))  # TIFF and BigTIFF
_IMAGES = frozenset(b"\x89\xffIMB")
_MARKS = (b",", b"\t", b";")
BINARY = bytes(set(range(32)) - {7, 8, 9, 10, 11, 12, 13, 26, 27}) + b"\x7f"  # ESC begins Japanese in ISO-2022-JP


def sniff(head: bytes, name: str, weak: Collection[str] | bool = False) -> str | None:
    """A guess for a file that begins with `head` (up to 4096 bytes) and is called `name`; None: surely of no interest.

    The guess is a kind, or a word that `settle` knows how to look into. Weak kinds cost more: those in `weak` are
    looked for, with True all of them.
    """
    rows = FIRST.get(head[:2])
    if rows is not None:
        for prefix, what in rows:
            if head.startswith(prefix):
                if isinstance(what, str):
                    return what
                if (word := what(head)) is not None:
                    return word
    hint = TAILS.get(name[-4:].lower())
    if head[257:262] == b"ustar" or (hint == "tar" and _OLD_TAR.match(head, 148)):
        return "tar"
    if head[2:4] == b"-l" and _LZH.match(head):
        return "lzh"
    # ISO 32000-1 annex H, 3.4.1: it may begin later. One byte is searched for ten times faster than five.
    if head.find(b"%", 0, 1025) >= 0 and _PDF.search(head, 0, 1032):
        return "pdf"
    if head[144:149] == b"JDASH":
        return "jtd"
    if head[7:14] == b"**ACE**":
        return "ace"
    if hint == "rdp" and _RDP.search(head):
        return hint
    if hint in BY_NAME and head and not _is_plain(head) and not _is_other(head):
        return hint
    guess = _weak(head, weak) if weak and head else None
    if guess is not None or hint is None:
        return guess
    return hint if hint == "rdp" or (hint == "iso" and not _is_plain(head)) else None


def _weak(head: bytes, weak: Collection[str] | bool) -> str | None:
    if head[0] in _IMAGES:
        if (start := head[:4]) in _SURE or (start[:2] == b"BM" and head[6:10] == b"\0\0\0\0"):
            return "image"
        if start == b"\x89PNG" or start[:3] == b"\xff\xd8\xff":
            return "image" if _may_be_page(head) else None
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "text"
    if b"\0" in head:
        return None
    if weak is not True and "txt" not in weak and not _like_table(head):  # type: ignore[operator]
        return None
    return "text" if _is_plain(head) else None


def _is_other(head: bytes) -> bool:
    """Whether it begins as something that is well known, a text in UTF-16 included."""
    if head.startswith(_OTHERS) or head[4:8] == b"ftyp" or (head[:2] == b"BM" and head[6:10] == b"\0\0\0\0"):
        return True
    return head.startswith((b"\xff\xfe", b"\xfe\xff")) and (b"\n\0" in head or b"\0\n" in head)


def _may_be_page(head: bytes) -> bool:
    """Whether a PNG or JPEG may be a scanned page; most are icons and what web pages show."""
    try:
        picture = png(head) if head[0] == 0x89 else jpeg(head)
    except (struct.error, IndexError):
        return True
    return picture is None or is_page(picture)


def _like_table(head: bytes) -> bool:
    """Whether the first two lines have one of the marks, equally often; a quick no for most of what is text."""
    end = head.find(b"\n")
    if end < 0 or b"\x1b" in head:
        return b"\r" in head or b"\x1b" in head or _is_long_row(head)
    second = head.find(b"\n", end + 1)
    cut = second < 0 and len(head) >= 4096  # rows so long that the second does not end here
    second = len(head) if second < 0 else second
    for mark in _MARKS:
        count = head.count(mark, 0, end)
        if count and (cut or head.count(mark, end, second) == count or head.find(b'"', 0, second) >= 0):
            return True
    return False


def _is_long_row(head: bytes) -> bool:
    """Whether the first row may go on behind the head; what programs write in one line begins with a bracket."""
    return len(head) >= 4096 and head[0] not in b"{[(<" and any(mark in head for mark in _MARKS)


def _is_plain(head: bytes) -> bool:
    """Whether it holds nothing that no text holds."""
    return len(head.translate(None, BINARY)) == len(head)
