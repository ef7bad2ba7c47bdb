"""Names of members as their archives hold them: bytes of an unknown code page, mostly UTF-8 or CP932."""

from __future__ import annotations


def text_of(raw: bytes, first: str = "utf-8") -> str:
    """`raw` as text, `first` before the other of the two; what is neither keeps its bytes as surrogates (PEP 383)."""
    for encoding in (first, "cp932" if first == "utf-8" else "utf-8"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("utf-8", "surrogateescape")
