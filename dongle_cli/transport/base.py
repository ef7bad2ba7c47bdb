"""What every way to an AT port has in common."""

from __future__ import annotations

from typing import Protocol


class Transport(Protocol):
    """A byte pipe to one AT port. Errors: `usb.vanished` (the device is gone), `port.held`, `usb.permission`."""

    name: str  # "/dev/ttyUSB2" or "1-1:1.2"

    def write(self, data: bytes) -> None:
        """Send all of `data` within 5 s."""

    def read(self, timeout: float) -> bytes:
        """At least one byte as soon as there is one, or b"" after `timeout` seconds of silence."""

    def close(self) -> None:
        """Let go of the port; calling it twice is harmless."""
