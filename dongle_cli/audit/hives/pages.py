"""The bytes of a hive as they are after its logs: a file to read from, in blocks, with replaced sectors on top."""

from __future__ import annotations

from typing import BinaryIO

from dongle_cli.audit.hives.replay import SECTOR, Replayed

_BLOCK = 16 * 1024
_BLOCKS = 256  # 4 MiB of blocks are remembered
_INLINE = 0x80000000


class Pages:
    """A file object for regipy: reads, seeks and tells; the source below is only read."""

    def __init__(self, file: BinaryIO, replayed: Replayed | None) -> None:
        self._file = file
        self._sectors = replayed.sectors if replayed else {}
        self.length = file.seek(0, 2)
        if replayed and replayed.length:
            self.length = max(self.length, replayed.length)
        self._at = 0
        self._blocks: dict[int, bytes] = {}

    def tell(self) -> int:
        """Where the next read begins."""
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        """As of any file."""
        self._at = max(0, offset + (self._at if whence == 1 else self.length if whence == 2 else 0))
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes."""
        # Of a value that stands in its own record regipy reads 2 GiB and more beside it, and throws it away.
        if size >= _INLINE:
            return b""
        end = self.length if size < 0 else min(self._at + size, self.length)
        parts = []
        while self._at < end:
            number, inside = divmod(self._at, _BLOCK)
            part = self._block(number)[inside : inside + end - self._at]
            if not part:
                break
            parts.append(part)
            self._at += len(part)
        return b"".join(parts)

    def _block(self, number: int) -> bytes:
        if number not in self._blocks:
            if len(self._blocks) >= _BLOCKS:
                del self._blocks[next(iter(self._blocks))]
            self._file.seek(number * _BLOCK)
            data = bytearray(self._file.read(_BLOCK))
            room = min(_BLOCK, self.length - number * _BLOCK)
            data.extend(bytes(max(0, room - len(data))))
            for sector in range(_BLOCK // SECTOR):
                new = self._sectors.get(number * _BLOCK // SECTOR + sector)
                if new is not None:
                    data[sector * SECTOR : sector * SECTOR + len(new)] = new
            self._blocks[number] = bytes(data[:room])
        return self._blocks[number]
