"""The .rdp file: lines "name:type:value" in UTF-16, UTF-8 or the machine's own code page."""

from __future__ import annotations

import codecs
import re
from typing import BinaryIO

from dongle_cli.audit.hives.unreadable import Unreadable

MAX_BYTES = 1 << 20
_LINE = re.compile(r"\s*([^:\r\n]+?)\s*:\s*([A-Za-z])\s*:(.*)", re.DOTALL)
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def read(file: BinaryIO, where: str) -> dict[str, list[str]]:
    """Every value by its folded name, in the file's order; Unreadable where it is none or too large.

    A line that stands twice keeps both values: which of them counts differs between clients.
    """
    try:
        raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise Unreadable.of(where, error) from None
    if len(raw) > MAX_BYTES:
        raise Unreadable(where, "limit", f"> {MAX_BYTES} bytes")
    found: dict[str, list[str]] = {}
    text = decode(raw)
    for line in text.splitlines():
        if parts := _LINE.fullmatch(line):
            found.setdefault(parts[1].casefold(), []).append(parts[3].strip("\0 \t"))
    if not found and text.strip("\0 \t\r\n"):
        raise Unreadable(where, "damaged", "no line of the form name:type:value")
    return found


def decode(raw: bytes) -> str:
    """The text of `raw`; bytes that do not fit become marks, as names and numbers that matter are ASCII."""
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return raw.decode(encoding, "replace")
    head = raw[:256]
    if len(head) >= 4 and not any(head[1::2][:8]):  # ASCII in UTF-16 without a mark
        return raw.decode("utf-16-le", "replace")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp932", "replace")
