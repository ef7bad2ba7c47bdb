"""An AT port as a pair of bulk endpoints, for dongles that no kernel driver binds."""

from __future__ import annotations

import errno
from time import monotonic
from typing import TYPE_CHECKING

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _
from dongle_cli.transport.open import port_name
from dongle_cli.usb import fault
from dongle_cli.usb.device import Interface, UsbDevice

if TYPE_CHECKING:
    import usb.core

_WRITE = 5.0  # seconds
_SET_CONTROL_LINE_STATE = 0x22  # USB CDC PSTN 1.2 clause 6.3.12
_DTR_RTS = 0x0003
_COMMUNICATION, _CDC_DATA = 0x02, 0x0A  # interface classes


class BulkTransport:
    """The first bulk pair of one interface, read one packet at a time.

    A reply whose length is a multiple of the packet size may come without a short packet after it (USB 2.0 clause
    5.8.3); a longer request would then wait for bytes that never come.
    """

    def __init__(self, device: UsbDevice, interface: Interface, *, dtr: bool = True) -> None:
        import usb.core
        import usb.util

        self.name = port_name(device, interface)
        if not interface.endpoints:  # another program had it when it was listed
            device, interface = _looked_at_again(device, interface)
        pair = interface.bulk_pair()
        if pair is None or device.bus is None:
            raise fault.failed(self.name, _("it has no pair of bulk endpoints"))
        self._out, self._in = pair
        packets = {e.address: e.max_packet & 0x07FF or 64 for e in interface.endpoints}
        self._packet, self._full = packets[self._in], packets[self._out]
        self._device = device
        self._least = device.bus.least_timeout
        self._usb_error = usb.core.USBError
        self._usb: usb.core.Device | None = device.bus.open(device)
        try:
            usb.util.claim_interface(self._usb, interface.number)
            if dtr:
                self._raise_dtr(_control_interface(device, interface))
        except usb.core.USBError as error:
            self.close()
            raise self._error(error) from None
        except BaseException:
            self.close()
            raise

    def write(self, data: bytes) -> None:
        """Send all of `data` within 5 s, with an empty packet where the last one is full."""
        deadline = monotonic() + _WRITE
        device = self._opened()
        try:
            at = 0
            while at < len(data):
                left = max(1, round((deadline - monotonic()) * 1000))
                at += device.write(self._out, data[at:] if at else data, left)
            if data and len(data) % self._full == 0:
                device.write(self._out, b"", max(1, round((deadline - monotonic()) * 1000)))
        except self._usb_error as error:
            raise self._error(error) from None

    def read(self, timeout: float) -> bytes:
        """At least one byte as soon as there is one, or b"" after `timeout` seconds of silence."""
        deadline = monotonic() + timeout
        device = self._opened()
        while True:
            left = round((deadline - monotonic()) * 1000)
            try:
                data = bytes(device.read(self._in, self._packet, max(self._least, left)))
            except self._usb_error as error:
                if error.errno == errno.ETIMEDOUT:
                    return b""
                raise self._error(error) from None
            if data or left <= 0:  # an empty packet is no answer
                return data

    def close(self) -> None:
        """Let go of the port; calling it twice is harmless."""
        if self._usb is not None:
            import usb.util

            device, self._usb = self._usb, None
            usb.util.dispose_resources(device)

    def _raise_dtr(self, number: int) -> None:
        """Some sticks stay silent until the host raises DTR; others stall the request, and work all the same."""
        try:
            self._opened().ctrl_transfer(0x21, _SET_CONTROL_LINE_STATE, _DTR_RTS, number, b"", 1000)
        except self._usb_error as error:
            if error.errno not in (errno.EPIPE, errno.ETIMEDOUT):
                raise

    def _opened(self) -> usb.core.Device:
        if self._usb is None:
            raise fault.failed(self.name, _("it is closed"))
        return self._usb

    def _error(self, error: OSError) -> DongleError:
        if error.errno in (errno.EIO, errno.EPIPE) and self._gone():  # what a transfer meets while its device leaves
            return fault.vanished(self.name)
        return fault.from_os(error, self.name)

    def _gone(self) -> bool:
        bus = self._device.bus
        now = bus.find(self._device.port) if bus is not None else None
        return now is None or now.generation != self._device.generation


def _looked_at_again(device: UsbDevice, interface: Interface) -> tuple[UsbDevice, Interface]:
    now = device.bus.find(device.port) if device.bus is not None else None
    if now is None or now.generation != device.generation:
        raise fault.vanished(device.port)
    if not any(other.endpoints for other in now.interfaces):
        raise fault.held(device.port, [])
    return now, next((i for i in now.interfaces if i.number == interface.number), interface)


def _control_interface(device: UsbDevice, interface: Interface) -> int:
    """Where class requests go: CDC data interfaces take none, their control interface stands before them (CDC 1.2)."""
    before = [i.number for i in device.interfaces if i.number < interface.number and i.class_ == _COMMUNICATION]
    return before[-1] if interface.class_ == _CDC_DATA and before else interface.number
