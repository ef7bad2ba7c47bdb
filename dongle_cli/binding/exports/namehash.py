"""The names by which OpenSSL finds a CA certificate or a CRL in a folder: what `openssl rehash` makes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography import x509

# The string types that OpenSSL compares after turning them into UTF-8, by tag (X.680 clause 8.4); a teletex string
# counts as Latin-1 there. The value of any other type is taken as it stands.
_TEXT = {12: "utf-8", 19: "ascii", 20: "latin-1", 22: "ascii", 26: "ascii", 28: "utf-32-be", 30: "utf-16-be"}
_SPACE = re.compile(rb"[ \t\n\v\f\r]+")


def name_hash(name: bytes) -> str:
    """The 8 hexadecimal digits for an X.501 Name in DER: the first 4 bytes, little-endian, of SHA-1 over its RDNs.

    Text is compared as UTF-8 with small ASCII letters and single blanks; the outermost SEQUENCE's header is left out.
    """
    from asn1crypto.parser import parse

    rdns = (sorted(_pair(pair) for pair in _parts(rdn)) for rdn in _parts(parse(name, strict=True)[4]))
    canonical = b"".join(_der(0x31, b"".join(pairs)) for pairs in rdns)
    return hashlib.sha1(canonical, usedforsecurity=False).digest()[3::-1].hex()


def _parts(content: bytes) -> Iterator[bytes]:
    """The contents of the constructed values that stand one after the other."""
    from asn1crypto.parser import parse

    while content:
        _class, _method, _tag, header, inner, trailer = parse(content)
        yield inner
        content = content[len(header) + len(inner) + len(trailer) :]


def _pair(content: bytes) -> bytes:
    """An AttributeTypeAndValue in its canonical form."""
    from asn1crypto.parser import parse

    _class, _method, _tag, header, inner, _trailer = parse(content)
    kind, value = header + inner, content[len(header) + len(inner) :]
    _class, _method, tag, _header, inner, _trailer = parse(value)
    if tag in _TEXT:
        text = _SPACE.sub(b" ", inner.decode(_TEXT[tag]).encode()).strip(b" ")
        value = _der(12, text.lower())  # bytes.lower() changes ASCII letters and no others
    return _der(0x30, kind + value)


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    long = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag]) + (bytes([size]) if size < 0x80 else bytes([0x80 | len(long)]) + long) + content


def link_names(certificates: list[x509.Certificate], lists: list[x509.CertificateRevocationList]) -> list[str]:
    """HASH.N for each certificate, then HASH.rN for each CRL, numbered from 0 where several have one name."""
    counted: dict[str, int] = {}
    found = []
    for infix, names in (
        (".", [each.subject.public_bytes() for each in certificates]),
        (".r", [each.issuer.public_bytes() for each in lists]),
    ):
        for name in names:
            stem = name_hash(name) + infix
            found.append(f"{stem}{counted.setdefault(stem, 0)}")
            counted[stem] += 1
    return found
