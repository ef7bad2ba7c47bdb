"""The right transport for an interface: its tty where a kernel driver made one, its bulk endpoints otherwise."""

from __future__ import annotations

from dongle_cli.transport.base import Transport
from dongle_cli.usb.device import Interface, UsbDevice


def open_port(device: UsbDevice, interface: Interface) -> Transport:
    """Open `interface` of `device`; errors as in `Transport`."""
    if interface.tty:
        from dongle_cli.transport.tty import TtyTransport

        return TtyTransport(interface.tty)
    from dongle_cli.transport.bulk import BulkTransport

    return BulkTransport(device, interface)


def port_name(device: UsbDevice, interface: Interface) -> str:
    """ "/dev/ttyUSB2", or "1-1:1.2" (port path, configuration, interface) where there is no tty."""
    return interface.tty or f"{device.port}:{device.configuration or 1}.{interface.number}"
