"""The CD-ROM that a stick shows before it is switched, and the card reader that some show afterwards.

Bulk-only transport and the SCSI that a host asks of them; a host that gets no answer resets the whole stick.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from dongle_cli.lab.device import Pipe
from dongle_cli.lab.family import Switching
from dongle_cli.lab.wire import Setup

_CBW = struct.Struct("<4sIIBBB16s")  # USB Mass Storage BOT clause 5.1
_CSW = struct.Struct("<4sIIB")  # clause 5.2
_BLOCK = 2048
_BLOCKS = 64
# Sense key, ASC and ASCQ (SPC-3 clause 4.5).
_NO_SENSE, _NO_MEDIUM = (0, 0, 0), (2, 0x3A, 0)
_UNKNOWN_COMMAND, _BAD_FIELD, _OUT_OF_RANGE = (5, 0x20, 0), (5, 0x24, 0), (5, 0x21, 0)
# Commands that need a medium: TEST UNIT READY, the READs, READ CAPACITY, READ TOC.
_MEDIUM = (0x00, 0x28, 0xA8, 0x25, 0x43)
_INQUIRY = bytes([0x05, 0x80, 0x02, 0x02, 0x1F, 0, 0, 0]) + b"LAB     " + b"Mass Storage    " + b"2.31"


class Storage:
    """A CD-ROM of blank blocks that calls `switched` when it is told to give way; without it, an empty card reader."""

    def __init__(self, pipe: Pipe, switching: Switching, switched: Callable[[], None] | None) -> None:
        self._pipe = pipe
        self._switching = switching
        self._switched = switched
        self._sense = _NO_SENSE
        self._incoming = 0  # bytes of a data-out phase that are still to come
        self._pending = b""  # the status that ends it

    def receive(self, data: bytes) -> None:
        """A command block wrapper, or the data that one announced."""
        if self._incoming:
            self._incoming -= min(len(data), self._incoming)
            if not self._incoming:
                self._pipe.write(self._pending)
            return
        if len(data) != _CBW.size or data[:4] != b"USBC":
            return  # not valid (clause 6.2.1): nothing is answered
        _signature, tag, length, flags, _lun, size, block = _CBW.unpack(data)
        if self._is_switch(data, block):
            self._answer(tag, length, flags, b"", failed=False)
            self._give_way()
            return
        reply = self._scsi(block[:size])
        self._answer(tag, length, flags, reply or b"", failed=reply is None)

    def control(self, setup: Setup, data: bytes) -> bytes | None:
        """GET MAX LUN and bulk-only reset (clauses 3.1 and 3.2)."""
        if setup.request == 0xFE:
            return b"\0"
        if setup.request == 0xFF:
            self._incoming = 0
            return b""
        return None

    def close(self) -> None:
        """Nothing runs."""

    def _answer(self, tag: int, length: int, flags: int, reply: bytes, *, failed: bool) -> None:
        reply = reply[:length]
        status = _CSW.pack(b"USBS", tag, length - len(reply), int(failed))
        if flags & 0x80 or not length:
            if length:
                self._pipe.write(reply)  # shorter than asked, even empty: the residue says so
            self._pipe.write(status)
        else:
            self._incoming, self._pending = length, status

    def _is_switch(self, data: bytes, block: bytes) -> bool:
        wanted = self._switching
        return any(data[8:] == message[8:] for message in wanted.messages) or any(map(block.startswith, wanted.blocks))

    def _give_way(self) -> None:
        if self._switched is not None:
            self._switched()

    def _scsi(self, block: bytes) -> bytes | None:
        """The data of one command (SPC-3, MMC-5); None is CHECK CONDITION."""
        code = block[0] if block else 0xFF
        block = block.ljust(16, b"\0")
        sense, self._sense = self._sense, _NO_SENSE
        if code == 0x03:  # REQUEST SENSE
            fixed = bytes([0x70, 0, sense[0], 0, 0, 0, 0, 10, 0, 0, 0, 0, sense[1], sense[2], 0, 0, 0, 0])
            return fixed[: block[4] or 18]
        if code == 0x12:  # INQUIRY; no vital product data. Peripheral device type 5 is a CD-ROM, 0 a disk
            return self._refuse(_BAD_FIELD) if block[1] & 1 else (_INQUIRY if self._switched else b"\0" + _INQUIRY[1:])
        if code in _MEDIUM and self._switched is None:
            return self._refuse(_NO_MEDIUM)
        if code in (0x00, 0x01, 0x1E, 0x35, 0xBB):  # TEST UNIT READY, REZERO, PREVENT ALLOW, SYNCHRONIZE, SET SPEED
            return b""
        if code == 0x1B:  # START STOP UNIT
            if self._switching.eject and block[4] & 0x03 == 0x02:
                self._give_way()
            return b""
        if code == 0x25:  # READ CAPACITY
            return struct.pack(">II", _BLOCKS - 1, _BLOCK)
        if code in (0x28, 0xA8):  # READ(10), READ(12)
            start = struct.unpack_from(">I", block, 2)[0]
            count = struct.unpack_from(">H", block, 7)[0] if code == 0x28 else struct.unpack_from(">I", block, 6)[0]
            return self._refuse(_OUT_OF_RANGE) if start + count > _BLOCKS else bytes(count * _BLOCK)
        if code == 0x1A:  # MODE SENSE(6): no pages, write protected
            return bytes([3, 0, 0x80, 0])
        if code == 0x5A:  # MODE SENSE(10)
            return bytes([0, 6, 0, 0, 0, 0, 0, 0])
        if code == 0x43:  # READ TOC: one data track and the lead-out
            if block[9] >> 6 or block[2] & 0x0F:
                return self._refuse(_BAD_FIELD)
            return struct.pack(">HBB BBBBI BBBBI", 18, 1, 1, 0, 0x14, 1, 0, 0, 0, 0x14, 0xAA, 0, _BLOCKS)
        if code == 0x46:  # GET CONFIGURATION: CD-ROM profile, no features
            return struct.pack(">IHH", 4, 0, 0x0008)
        if code == 0x4A:  # GET EVENT STATUS NOTIFICATION: media present, nothing new
            return struct.pack(">HBBBBH", 6, 4, 0x10, 0, 2, 0)
        return self._refuse(_UNKNOWN_COMMAND)

    def _refuse(self, sense: tuple[int, int, int]) -> bytes | None:
        self._sense = sense
        return None
