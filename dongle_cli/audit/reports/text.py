"""Any file name as text that nothing obeys: controls, marks of direction and undecodable bytes stand there visibly."""

from __future__ import annotations

import unicodedata
from urllib.parse import quote

# Characters that show nothing and change how others read: marks and overrides of direction (UAX #9), zero widths.
_UNSEEN = frozenset("\u00ad\u034f\u061c\u180e\ufeff") | {
    chr(code) for span in ((0x200B, 0x2010), (0x2028, 0x202F), (0x2060, 0x2070)) for code in range(*span)
}
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def shown(text: str) -> str:
    """`text` with what cannot be seen or is no character as an escape; a byte that is no UTF-8 as \\xNN (PEP 383)."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if _plain(char) else _escape(char) for char in text)


def _plain(char: str) -> bool:
    return char not in _UNSEEN and unicodedata.category(char) not in ("Cc", "Cs", "Cn", "Co")


def _escape(char: str) -> str:
    code = ord(char)
    if char in _NAMED:
        return _NAMED[char]
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def short(text: str, most: int) -> str:
    """`text` in at most `most` characters: its beginning and its end are what tells it from others."""
    if len(text) <= most:
        return text
    keep = max(most - 3, 2)
    return f"{text[: keep // 3]}...{text[-(keep - keep // 3) :]}"


def uri(path: str) -> str:
    """A path as the path of a URI (RFC 3986): every byte but the unreserved ones and "/" as %NN."""
    raw = b"".join(
        bytes((ord(char) - 0xDC00,)) if 0xDC80 <= ord(char) <= 0xDCFF else char.encode("utf-8", "surrogatepass")
        for char in path
    )
    return quote(raw, safe="/")
