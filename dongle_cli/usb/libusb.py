"""The machine's own USB bus: libusb to talk, and sysfs to know the drivers and ttys without opening anything."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from threading import Lock
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _, reason
from dongle_cli.usb import descriptors, fault, sysfs
from dongle_cli.usb.device import Endpoint, Interface, UsbDevice

if TYPE_CHECKING:
    import usb.core

_HUB = 0x09
_loading = Lock()
_CATCH_UP = 1.0  # seconds libusb may be behind the kernel: it keeps a list of its own, and hears of changes from udev


class LibusbBus:
    """Every device this machine's kernel knows; ports are named as the kernel names them ("1-1.4")."""

    name = "libusb"
    prefix = "libusb/"
    least_timeout = 1

    def devices(self) -> list[UsbDevice]:
        """Every device but hubs, in no particular order; nothing is opened where there is sysfs."""
        if sysfs.present():
            found = [sysfs.read(port, self) for port in sysfs.ports()]
            return [device for device in found if device is not None and device.class_ != _HUB]
        return [_described(port, device, self) for port, device in _listed() if device.bDeviceClass != _HUB]

    def find(self, port: str) -> UsbDevice | None:
        """The device at `port` now, or None."""
        local = port.removeprefix(self.prefix)
        if sysfs.present():
            device = sysfs.read(local, self)
        else:
            device = next((device for device in self.devices() if device.port == local), None)
        return replace(device, port=port) if device is not None else None

    def open(self, device: UsbDevice) -> usb.core.Device:
        """The pyusb device at `device.port`; `usb.vanished` where it is gone or another one came instead."""
        deadline = monotonic() + _CATCH_UP
        while True:
            for port, listed in _listed():
                if port == device.port.removeprefix(self.prefix) and listed.address == device.generation:
                    return listed
            now = self.find(device.port)
            if now is None or now.generation != device.generation or monotonic() >= deadline:
                raise fault.vanished(device.port)
            sleep(0.02)


def _listed() -> list[tuple[str, usb.core.Device]]:
    """Port and pyusb device of everything but root hubs, which have no port."""
    import usb.core

    try:
        found = list(usb.core.find(find_all=True, backend=_backend()))
    except usb.core.USBError as error:
        raise fault.bus("libusb", reason(error)) from None
    return [(f"{d.bus}-{'.'.join(map(str, d.port_numbers))}", d) for d in found if d.port_numbers]


def _backend() -> Any:
    """The one libusb of this process, whichever thread asks first.

    A second one would not be harmless: pyusb ends it with its last user, and devices found through it that are still
    referenced crash the process when they are let go.
    """
    with _loading:
        return _loaded()


@cache
def _loaded() -> Any:
    """The libusb that came as a wheel, else the system's, which takes a compiler's or linker's help to be found."""
    import libusb_package
    import usb.backend.libusb1

    for where in (libusb_package.find_library, None):
        backend = usb.backend.libusb1.get_backend(find_library=where)
        if backend is not None:
            return backend
    raise DongleError(
        _("No libusb can be loaded on this machine."),
        code="usb.bus",
        hint=_("Install the package libusb-1.0-0, or reinstall dongle-cli with its dependencies."),
    )


def _described(port: str, device: usb.core.Device, bus: LibusbBus) -> UsbDevice:
    """What pyusb knows of `device` where there is no sysfs; strings only where this user may open it."""
    import usb.core
    import usb.util

    def words(index: int) -> str | None:
        try:
            return descriptors.printable(usb.util.get_string(device, index) or "")
        except (usb.core.USBError, ValueError, NotImplementedError):
            return None

    try:
        active = device.get_active_configuration()
        settings = [setting for setting in active if setting.bAlternateSetting == 0]
    except (usb.core.USBError, NotImplementedError):
        active, settings = None, []
    found = UsbDevice(
        port=port,
        vid=device.idVendor,
        pid=device.idProduct,
        interfaces=tuple(
            Interface(
                setting.bInterfaceNumber,
                setting.bInterfaceClass,
                setting.bInterfaceSubClass,
                setting.bInterfaceProtocol,
                tuple(Endpoint(e.bEndpointAddress, e.bmAttributes, e.wMaxPacketSize) for e in setting),
            )
            for setting in settings
        ),
        bcd_device=device.bcdDevice,
        class_=device.bDeviceClass,
        manufacturer=words(device.iManufacturer),
        product=words(device.iProduct),
        serial=words(device.iSerialNumber),
        configuration=active.bConfigurationValue if active is not None else 0,
        configurations=device.bNumConfigurations,
        generation=device.address,
        bus=bus,
    )
    usb.util.dispose_resources(device)
    return found
