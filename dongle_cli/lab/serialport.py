"""Serial functions that are no AT port: one that keeps silent, one that tells its position all the time."""

from __future__ import annotations

import asyncio

from dongle_cli.lab.device import Pipe
from dongle_cli.lab.wire import Setup

_LINE_CODING = bytes.fromhex("00c20100000008")
_NMEA = b"$GPRMC,,V,,,,,,,,,,N*53\r\n$GPGSV,1,1,00*79\r\n"


class Silent:
    """A diagnostic or network function: takes everything, says nothing."""

    def __init__(self, *, dtr: bool = True, serial: bool = True) -> None:
        self._dtr = dtr
        self._serial = serial

    def receive(self, data: bytes) -> None:
        """Swallow `data`."""

    def control(self, setup: Setup, data: bytes) -> bytes | None:
        """Line coding and control lines on serial functions; everything else is stalled."""
        if not self._serial or (setup.request == 0x22 and not self._dtr):
            return None
        return {0x22: b"", 0x20: b"", 0x21: _LINE_CODING}.get(setup.request)

    def close(self) -> None:
        """Nothing runs."""


class Gps(Silent):
    """A receiver without a fix: NMEA 0183 sentences once a second, as long as somebody reads."""

    def __init__(self, pipe: Pipe, *, dtr: bool = True) -> None:
        super().__init__(dtr=dtr)
        self._pipe = pipe
        self._timer: asyncio.TimerHandle | None = None
        pipe.on_read = self._start

    def close(self) -> None:
        """Stop the chatter."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _start(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(1.0, self._tell)

    def _tell(self) -> None:
        self._timer = None
        if self._pipe.awaited:
            self._pipe.write(_NMEA)
            if self._pipe.awaited:
                self._start()
