"""What the kernel says is plugged in, read from sysfs and from nothing of ours."""

from __future__ import annotations

from pathlib import Path

DEVICES = Path("/sys/bus/usb/devices")


def ports(usb: str) -> list[str]:
    """Port paths where a device "12d1:1506" is plugged in, sorted."""
    return sorted(path.name for path in DEVICES.iterdir() if ":" not in path.name and _id(path) == usb)


def plugged() -> dict[str, str]:
    """Port path to "12d1:1506", hubs left out."""
    devices = {path.name: _id(path) for path in DEVICES.iterdir() if ":" not in path.name}
    return {port: usb for port, usb in devices.items() if usb and not port.startswith("usb")}


def _id(path: Path) -> str | None:
    vendor, product = _word(path / "idVendor"), _word(path / "idProduct")
    return f"{vendor}:{product}" if vendor and product else None


def whole(port: str) -> bool:
    """Whether the device has all interfaces of its configuration: they come after the device itself."""
    return _word(DEVICES / port / "bNumInterfaces") == str(len(_below(DEVICES, f"{port}:*")))


def drivers(port: str) -> dict[int, str | None]:
    """Interface number to the driver bound to it, of the active configuration."""
    found: dict[int, str | None] = {}
    for interface in _below(DEVICES, f"{port}:*"):
        link = interface / "driver"
        if number := _word(interface / "bInterfaceNumber"):
            found[int(number, 16)] = link.resolve().name if link.exists() else None
    return dict(sorted(found.items()))


def ttys(port: str) -> dict[int, str]:
    """Interface number to its tty's name, for ttyUSB (below the interface) and ttyACM (below its folder tty)."""
    found = {}
    for interface in _below(DEVICES, f"{port}:*"):
        number = _word(interface / "bInterfaceNumber")
        for pattern in ("ttyUSB*", "tty/ttyACM*"):
            for tty in _below(interface, pattern):
                if number:
                    found[int(number, 16)] = tty.name
    return dict(sorted(found.items()))


def disks(port: str) -> list[str]:
    """Block devices of a storage face, such as sr0."""
    return [path.name for path in _below(DEVICES, f"{port}:*/host*/target*/*/block/*")]


def _word(path: Path) -> str | None:
    """What an attribute says; None where its device leaves the bus, before (ENOENT) or after (ENODEV) it was opened."""
    try:
        return path.read_text().strip()
    except OSError:
        return None


def _below(folder: Path, pattern: str) -> list[Path]:
    """What is there now; nothing where a folder on the way goes while it is listed."""
    try:
        return sorted(folder.glob(pattern))
    except OSError:
        return []
