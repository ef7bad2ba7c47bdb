"""A power cycle without a hand at the plug, as far as the bus can do one."""

from __future__ import annotations

import errno

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _
from dongle_cli.usb import fault
from dongle_cli.usb.device import UsbDevice
from dongle_cli.usb.wait import wait_for_port


def power_cycle(device: UsbDevice, *, timeout: float = 30.0) -> UsbDevice:
    """Reset the port (USB 2.0 clause 7.1.7.5) and wait for the device to be back on it.

    The power stays on: firmware that does not restart on a bus reset does not restart here. DongleError `usb.no-reset`
    where the bus has no reset (USB/IP): use the dongle's own AT command, or a hand.
    """
    import usb.core
    import usb.util

    if device.bus is None or device.bus.name != "libusb":
        raise DongleError(
            _("{port}: this bus cannot reset a port.").format(port=device.port),
            code="usb.no-reset",
            hint=_("Unplug the dongle, wait ten seconds, plug it into the same port."),
            port=device.port,
        )
    opened = device.bus.open(device)
    gone: UsbDevice | None = None
    try:
        opened.reset()
    except usb.core.USBError as error:
        if error.errno not in (errno.ENOENT, errno.ENODEV):  # it came back as something else: libusb let go of it
            raise fault.from_os(error, device.port) from None
        gone = device
    finally:
        usb.util.dispose_resources(opened)
    return wait_for_port(device.port, lambda back: True, timeout, gone_first=gone)
