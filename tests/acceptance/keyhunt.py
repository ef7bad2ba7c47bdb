"""Looks for a private key wherever it could have been left: in any file, in any encoding in which keys are written."""

from __future__ import annotations

import base64
import binascii
import itertools
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

SIZE = 32  # bytes of a P-256 scalar
# 32 random bytes have 30 different values among them; fewer than 22 have not been seen in 10 million tries.
_VARIED = 22
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-](?:[A-Za-z0-9+/_=-]|\\?[rn]|\s(?=[A-Za-z0-9+/_-])){42,}")


def _decoded(data: bytes) -> Iterator[bytes]:
    """`data` itself, and everything in it that decodes: hex (with colons or blanks), Base64, decimal numbers."""
    yield data
    yield data[::-1]  # Windows writes numbers with the last byte first
    for run in re.findall(rb"(?:[0-9A-Fa-f]{2}[:\s]{0,6}){32,}", data):
        yield binascii.unhexlify(re.sub(rb"[:\s]", b"", run))
    for run in re.findall(rb"[0-9]{70,80}", data):
        number = int(run)
        if number < 1 << 256:
            yield number.to_bytes(SIZE)
    for run in _BASE64.findall(data):
        bare = re.sub(rb"\\[rn]|[\s=]", b"", run).replace(b"-", b"+").replace(b"_", b"/")
        for start in range(4):
            usable = bare[start:]
            yield base64.b64decode(usable[: len(usable) // 4 * 4])


def found(paths: Iterable[Path], public: ec.EllipticCurvePublicKey) -> list[Path]:
    """The files in which the private key of `public` stands; each varied run of 32 bytes is tried as one."""
    tried: set[bytes] = set()
    hits = []
    wanted = public.public_numbers()
    for path in paths:
        for text in _decoded(path.read_bytes()):
            for start in range(len(text) - SIZE + 1):
                window = text[start : start + SIZE]
                if window in tried or len(set(window)) < _VARIED:
                    continue
                tried.add(window)
                number = int.from_bytes(window)
                try:
                    same = ec.derive_private_key(number, ec.SECP256R1()).public_key().public_numbers() == wanted
                except ValueError:
                    continue  # not below the order of the curve
                if same:
                    hits.append(path)
                    tried.discard(window)
    return hits


def everything(*folders: Path, but: Iterable[Path] = ()) -> list[Path]:
    """Every file below `folders` that is not below one of `but`."""
    left = list(but)
    files = itertools.chain.from_iterable(folder.rglob("*") for folder in folders)
    return [f for f in files if f.is_file() and not any(f.is_relative_to(each) for each in left)]


def armoured(paths: Iterable[Path]) -> dict[Path, set[bytes]]:
    """Which kinds of private keys in PEM stand in which file."""
    kinds = {path: set(re.findall(rb"BEGIN ([A-Z0-9 ]*PRIVATE KEY)", path.read_bytes())) for path in paths}
    return {path: names for path, names in kinds.items() if names}
