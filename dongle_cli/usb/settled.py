"""Whether udev is done with a device: its drivers loaded, its ttys there and given to their owners.

systemd-udevd keeps a file for each device it has finished under /run/udev/data, and /run/udev/queue while it has work.
"""

from __future__ import annotations

from pathlib import Path

from dongle_cli.usb import sysfs
from dongle_cli.usb.device import UsbDevice

_UDEV = Path("/run/udev")


def settled(device: UsbDevice) -> bool:
    """Whether `device` will not get more drivers or ttys now; on a bus without sysfs always."""
    ttys = [interface.tty for interface in device.interfaces if interface.tty]
    if not all(Path(tty).exists() for tty in ttys):
        return False
    if device.bus is None or device.bus.name != "libusb" or not (_UDEV / "control").exists():
        return True
    if (_UDEV / "queue").exists():
        return False
    number = sysfs.number(device.port.rpartition("/")[2])
    if number is None or not (_UDEV / "data" / f"c{number}").exists():
        return False
    return all(_finished(tty) for tty in ttys)


def _finished(tty: str) -> bool:
    number = sysfs.tty_number(tty)
    return number is not None and (_UDEV / "data" / f"c{number}").exists()
