"""A whole BitLocker volume made from a real one: with the keys in its metadata another NTFS is encrypted into it.

The metadata stay as Windows wrote them. After "BitLocker Drive Encryption (BDE) format", libbde's documentation: three
blocks of metadata, each with entries that hold keys wrapped in AES-CCM; sectors in AES-XTS, whose tweak is the number
of the sector; the first 8 KiB of the volume stand encrypted behind the first block of metadata.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESCCM

_SECTOR, _HEADER, _BLOCK = 512, 8192, 64 * 1024
_VMK, _FVEK = 2, 3  # types of an entry
_STRETCH, _AES_CCM, _KEY = 3, 5, 8  # types of its value
_BY_PASSWORD = 0x2000


def rewritten(real: bytes, plain: Path, password: str, target: Path) -> Path:
    """`real` with the NTFS `plain`, of the same size, as its content."""
    places = struct.unpack_from("<QQQ", real, 0xB0)
    block = real[places[0] : places[0] + _BLOCK]
    (header_at,) = struct.unpack_from("<Q", block, 56)
    key = _volume_key(block, password)
    content = plain.read_bytes()
    assert len(content) == len(real)
    kept = [(0, _HEADER), (header_at, _HEADER), *((place, _BLOCK) for place in places)]
    assert not any(content[at : at + size].strip(b"\0") for at, size in kept[1:]), "files lie where metadata must be"
    disk = bytearray(real)
    for at in range(0, len(content), _SECTOR):
        if not any(start <= at < start + size for start, size in kept):
            disk[at : at + _SECTOR] = _encrypted(key, at, content[at : at + _SECTOR])
    for at in range(0, _HEADER, _SECTOR):
        disk[header_at + at : header_at + at + _SECTOR] = _encrypted(key, header_at + at, content[at : at + _SECTOR])
    target.write_bytes(disk)
    return target


def _encrypted(key: bytes, at: int, sector: bytes) -> bytes:
    tweak = (at // _SECTOR).to_bytes(16, "little")
    return Cipher(algorithms.AES(key), modes.XTS(tweak)).encryptor().update(sector)


def _volume_key(block: bytes, password: str) -> bytes:
    """The key of the sectors, from the metadata and the password."""
    (size,) = struct.unpack_from("<I", block, 64)
    entries = list(_entries(block[64 + 48 : 64 + size]))
    (wrapped,) = (value for kind, what, value in entries if kind == _FVEK and what == _AES_CCM)
    for kind, what, value in entries:
        if kind == _VMK and what == _KEY and struct.unpack_from("<H", value, 26)[0] == _BY_PASSWORD:
            inner = {what: value for _kind, what, value in _entries(value[28:])}
            return _unwrapped(_unwrapped(_stretched(password, inner[_STRETCH][4:20]), inner[_AES_CCM]), wrapped)
    raise AssertionError("the volume has no password")


def _entries(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Type, type of the value, and value."""
    at = 0
    while at + 8 <= len(data):
        size, kind, what = struct.unpack_from("<HHH", data, at)
        if size < 8:
            return
        yield kind, what, data[at + 8 : at + size]
        at += size


def _unwrapped(key: bytes, value: bytes) -> bytes:
    nonce, tag, sealed = value[:12], value[12:28], value[28:]
    plain = AESCCM(key).decrypt(nonce, sealed + tag, None)
    (size,) = struct.unpack_from("<I", plain)
    return plain[12:size]


def _stretched(password: str, salt: bytes) -> bytes:
    first = hashlib.sha256(hashlib.sha256(password.encode("utf-16-le")).digest()).digest()
    last, tail = bytes(32), first + salt
    for count in range(0x100000):
        last = hashlib.sha256(last + tail + count.to_bytes(8, "little")).digest()
    return last
