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
    try:
        return f"{(path / 'idVendor').read_text().strip()}:{(path / 'idProduct').read_text().strip()}"
    except FileNotFoundError:
        return None  # it left the bus while we looked


def whole(port: str) -> bool:
    """Whether the device has all interfaces of its configuration: they come after the device itself."""
    try:
        wanted = (DEVICES / port / "bNumInterfaces").read_text().strip()
    except FileNotFoundError:
        return False
    return wanted == str(len(list(DEVICES.glob(f"{port}:*"))))


def drivers(port: str) -> dict[int, str | None]:
    """Interface number to the driver bound to it, of the active configuration."""
    found: dict[int, str | None] = {}
    for interface in DEVICES.glob(f"{port}:*"):
        link = interface / "driver"
        number = int((interface / "bInterfaceNumber").read_text(), 16)
        found[number] = link.resolve().name if link.exists() else None
    return dict(sorted(found.items()))


def ttys(port: str) -> dict[int, str]:
    """Interface number to its tty's name, for ttyUSB (below the interface) and ttyACM (below its folder tty)."""
    found = {}
    for pattern in ("ttyUSB*", "tty/ttyACM*"):
        for tty in DEVICES.glob(f"{port}:*/{pattern}"):
            interface = next(parent for parent in tty.parents if parent.name.startswith(f"{port}:"))
            found[int((interface / "bInterfaceNumber").read_text(), 16)] = tty.name
    return dict(sorted(found.items()))


def disks(port: str) -> list[str]:
    """Block devices of a storage face, such as sr0."""
    return sorted(path.name for path in DEVICES.glob(f"{port}:*/host*/target*/*/block/*"))
