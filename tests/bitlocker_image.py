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
_BY_PASSWORD, _BY_STARTUP_KEY = 0x2000, 0x0200


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
    (wrapped,) = (value for kind, what, value in _all(block) if kind == _FVEK and what == _AES_CCM)
    return _unwrapped(_master_key(block, password), wrapped)


def _master_key(block: bytes, password: str) -> bytes:
    for kind, what, value in _all(block):
        if kind == _VMK and what == _KEY and struct.unpack_from("<H", value, 26)[0] == _BY_PASSWORD:
            inner = {what: value for _kind, what, value in _entries(value[28:])}
            return _unwrapped(_stretched(password, inner[_STRETCH][4:20]), inner[_AES_CCM])
    raise AssertionError("the volume has no password")


def _all(block: bytes) -> Iterator[tuple[int, int, bytes]]:
    (size,) = struct.unpack_from("<I", block, 64)
    return _entries(block[64 + 48 : 64 + size])


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


def with_startup_key(real: bytes, password: str) -> tuple[bytes, bytes]:
    """`real` with one more protector, a startup key, and the .BEK file that holds the key."""
    places = struct.unpack_from("<QQQ", real, 0xB0)
    block = bytearray(real[places[0] : places[0] + _BLOCK])
    (size,) = struct.unpack_from("<I", block, 64)
    external, name, nonce = bytes(range(32)), bytes(range(16)), bytes(range(100, 112))
    master = _master_key(block, password)
    plain = struct.pack("<IHHI", 12 + len(master), 1, 0, 0x8004) + master
    sealed = AESCCM(external).encrypt(nonce, plain, None)
    wrapped = _entry(0, _AES_CCM, nonce + sealed[-16:] + sealed[:-16])
    protector = _entry(_VMK, _KEY, name + bytes(8) + struct.pack("<HH", 0, _BY_STARTUP_KEY) + wrapped)
    block[64 + size : 64 + size + len(protector)] = protector
    struct.pack_into("<I", block, 64, size + len(protector))
    struct.pack_into("<I", block, 64 + 12, size + len(protector))
    disk = bytearray(real)
    for place in places:
        disk[place : place + _BLOCK] = block
    key = _entry(6, 9, name + bytes(8) + _entry(0, 1, struct.pack("<I", 0x2002) + external))
    head = struct.pack("<IIII", 48 + len(key), 1, 48, 48 + len(key)) + name + struct.pack("<IIQ", 0, 0, 0)
    return bytes(disk), head + key


def _entry(kind: int, what: int, value: bytes) -> bytes:
    return struct.pack("<HHHH", 8 + len(value), kind, what, 1) + value
