"""What Linux says of its USB devices under /sys/bus/usb/devices (ABI: sysfs-bus-usb); nothing is opened."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from dongle_cli.usb import descriptors
from dongle_cli.usb.device import Bus, UsbDevice

ROOT = Path("/sys/bus/usb/devices")
_PORT = re.compile(r"[0-9]+-[0-9]+(\.[0-9]+)*")


def present() -> bool:
    """Whether this system has USB in sysfs."""
    return ROOT.is_dir()


def ports() -> list[str]:
    """The port paths at which a device is plugged in, hubs included, root hubs not."""
    return [entry.name for entry in ROOT.iterdir() if _PORT.fullmatch(entry.name)]


def read(port: str, bus: Bus | None = None) -> UsbDevice | None:
    """The device at `port`, or None where nothing is plugged in or it left while it was read."""
    if not _PORT.fullmatch(port):
        return None
    folder = ROOT / port
    try:
        raw = (folder / "descriptors").read_bytes()
        generation = int((folder / "devnum").read_text())
    except (OSError, ValueError):
        return None
    device = descriptors.parse_device(raw)
    if device is None:
        return None
    active = int(_word(folder / "bConfigurationValue") or 0)
    configuration = next((c for c in _configurations(raw[device.bLength :]) if c.bConfigurationValue == active), None)
    interfaces = descriptors.interfaces(configuration) if configuration is not None else ()
    return UsbDevice(
        port=port,
        vid=device.idVendor,
        pid=device.idProduct,
        interfaces=tuple(
            replace(interface, driver=driver, tty=tty)
            for interface in interfaces
            for driver, tty in [_bound(ROOT / f"{port}:{active}.{interface.number}")]
        ),
        bcd_device=device.bcdDevice,
        class_=device.bDeviceClass,
        manufacturer=_word(folder / "manufacturer"),
        product=_word(folder / "product"),
        serial=_word(folder / "serial"),
        configuration=active,
        configurations=device.bNumConfigurations,
        generation=generation,
        bus=bus,
    )


def physical(port: str) -> str | None:
    """The device's own path under /sys/devices, which is how ModemManager names it; None where it is gone."""
    try:
        return str((ROOT / port).resolve(strict=True))
    except OSError:
        return None


def _configurations(raw: bytes) -> list[descriptors.ConfigurationDescriptor]:
    """The configuration descriptors that stand one after the other in the file `descriptors`."""
    found = []
    while raw:
        configuration = descriptors.parse_configuration(raw[: int.from_bytes(raw[2:4], "little")])
        if configuration is None or configuration.wTotalLength < configuration.bLength:
            break
        found.append(configuration)
        raw = raw[configuration.wTotalLength :]
    return found


def _bound(folder: Path) -> tuple[str | None, str | None]:
    """The driver and the tty of an interface; usb-serial puts the tty below, cdc_acm into a folder `tty`."""
    try:
        driver = (folder / "driver").readlink().name
    except OSError:
        driver = None
    for place in (folder, folder / "tty"):
        try:
            names = sorted(entry.name for entry in place.iterdir() if re.fullmatch(r"tty[A-Za-z]+[0-9]+", entry.name))
        except OSError:
            continue
        if names:
            return driver, f"/dev/{names[0]}"
    return driver, None


def _word(path: Path) -> str | None:
    try:
        return descriptors.printable(path.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return None


def number(port: str) -> str | None:
    """Major and minor number of the device at `port` ("189:4"), or None where it is gone."""
    return _word(ROOT / port / "dev")


def tty_number(tty: str) -> str | None:
    """Major and minor number of a tty ("188:2"), or None where it is gone."""
    return _word(Path("/sys/class/tty") / Path(tty).name / "dev")
