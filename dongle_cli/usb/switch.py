"""Make a modem of a stick that shows its CD-ROM."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from struct import pack
from typing import TYPE_CHECKING

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _
from dongle_cli.models import loader
from dongle_cli.models.model import Model, Switch
from dongle_cli.usb import fault
from dongle_cli.usb.device import Interface, UsbDevice
from dongle_cli.usb.wait import wait_for_port

if TYPE_CHECKING:
    import usb.core

_TRIES = 2
_MASS_STORAGE = 0x08
_STATUS = 13  # bytes of a command status wrapper (BOT clause 5.2)
_TRANSFER = 3000  # milliseconds
_STATUS_WAIT = 1000  # milliseconds; many sticks leave without it
# What an endpoint says when its device is on the way out; at this place that is the wanted outcome.
_LEAVING = frozenset({errno.ENODEV, errno.ENOENT, errno.EIO, errno.EPIPE, errno.ESHUTDOWN, errno.ETIMEDOUT})


def wrapped(block: bytes, lun: int = 0) -> bytes:
    """A command block without data phase in its 31-byte wrapper (USB Mass Storage BOT clause 5.1)."""
    return pack("<4sIIBBB16s", b"USBC", 0x78563412, 0, 0, lun, len(block), block)


# PREVENT ALLOW MEDIUM REMOVAL off, then START STOP UNIT with LoEj (SPC-3 clause 6.13, SBC-3 clause 5.25), LUN 0 and 1.
_EJECT = tuple(
    wrapped(block, lun) for lun in (0, 1) for block in (bytes([0x1E, 0, 0, 0, 0, 0]), bytes([0x1B, 0, 0, 0, 2, 0]))
)
# Huawei's own vendor commands; their wrappers leave the length of the block at 0.
_HUAWEI_NEW = bytes.fromhex("55534243123456780000000000000011062000000101000100000000000000")
_HUAWEI_ALTERNATIVE = bytes.fromhex("55534243123456780000000000000011063000000000010000000000000000")


def to_modem(
    device: UsbDevice, model: Model, switch: Switch | None, *, timeout: float = 30.0, notice: Callable[[str], None]
) -> UsbDevice:
    """Switch `device` and wait until it is back as a modem at the same port, `timeout` seconds each time.

    A stick that comes back as storage is switched once more, which `notice` is told. Errors: `usb.no-switch` (nobody
    knows how), `usb.storage-again`, `usb.no-return`, and those of opening a device.
    """
    if switch is None or switch.method == "none":
        raise DongleError(
            _("{port}: nobody knows how to make a modem of {model} ({usb}).").format(
                port=device.port, model=model.name, usb=device.usb
            ),
            code="usb.no-switch",
            hint=_("Run dongle-cli learn to record what the stick shows."),
            port=device.port,
            usb=device.usb,
        )
    for attempt in range(1, _TRIES + 1):
        _send(device, switch)
        back = _wait_back(device, switch, timeout)
        if loader.mode_of(back) != "storage":
            return back
        if attempt < _TRIES:
            notice(_("{port}: came back as a CD-ROM; it is switched again.").format(port=device.port))
        device = back
        switch = loader.switch_for(back) or switch
    raise DongleError(
        _("{port}: the stick came back as a CD-ROM {count} times.").format(port=device.port, count=_TRIES),
        code="usb.storage-again",
        hint=_(
            "Unplug it, wait ten seconds, plug it in and run the command again. If it stays so, take another dongle."
        ),
        port=device.port,
        usb=device.usb,
    )


def _wait_back(device: UsbDevice, switch: Switch, timeout: float) -> UsbDevice:
    if switch.method != "configuration":
        return wait_for_port(device.port, lambda now: True, timeout, gone_first=device)
    # A stick that changes its configuration may stay plugged in all the while.
    wanted = switch.configuration
    return wait_for_port(
        device.port, lambda now: now.configuration == wanted or now.generation != device.generation, timeout
    )


def _send(device: UsbDevice, switch: Switch) -> None:
    """Do what `switch` says; a stick that leaves meanwhile has understood."""
    time.sleep(switch.wait_before)
    try:
        with _opened(device) as opened:
            match switch.method:
                case "eject":
                    _commands(opened, device, _EJECT)
                case "message":
                    _commands(opened, device, switch.messages)
                case "huawei-new":
                    _commands(opened, device, (_HUAWEI_NEW,))
                case "huawei-alternative":
                    _commands(opened, device, (_HUAWEI_ALTERNATIVE,))
                case "huawei":  # SET_FEATURE(DEVICE_REMOTE_WAKEUP), USB 2.0 clause 9.4.9
                    _control(opened, 0x00, 3, 1)
                case "sierra":
                    _control(opened, 0x40, 0x0B, 1)
                case "configuration":
                    _configure(opened, device, switch.configuration)
            time.sleep(switch.release_delay)
    except OSError as error:
        if error.errno not in _LEAVING:
            raise fault.from_os(error, device.port) from None
    except DongleError as error:
        if error.code != "usb.vanished":  # somebody else, usb_modeswitch perhaps, was faster
            raise


@contextmanager
def _opened(device: UsbDevice) -> Iterator[usb.core.Device]:
    import usb.util

    if device.bus is None:
        raise fault.vanished(device.port)
    opened = device.bus.open(device)
    try:
        yield opened
    finally:
        usb.util.dispose_resources(opened)


def _control(opened: usb.core.Device, request_type: int, request: int, value: int) -> None:
    opened.ctrl_transfer(request_type, request, value, 0, b"", _TRANSFER)


def _configure(opened: usb.core.Device, device: UsbDevice, value: int | None) -> None:
    if value not in {configuration.bConfigurationValue for configuration in opened}:
        raise fault.failed(device.port, _("it has no configuration {value}").format(value=value))
    _release_drivers(opened, device.interfaces)
    opened.set_configuration(value)


def _commands(opened: usb.core.Device, device: UsbDevice, messages: tuple[bytes, ...]) -> None:
    """Send each wrapper to the storage interface and read its status where one comes."""
    import usb.core

    storage = _storage_interface(device)
    pair = storage.bulk_pair()
    if pair is None:
        raise fault.failed(device.port, _("it has no pair of bulk endpoints"))
    out, in_ = pair
    _release_drivers(opened, (storage,))
    for message in messages:
        opened.write(out, message, _TRANSFER)
        try:
            opened.read(in_, _STATUS, _STATUS_WAIT)
        except usb.core.USBError as error:
            if error.errno == errno.EPIPE:  # no such logical unit; the status follows once the halt is cleared (6.7.2)
                opened.clear_halt(in_)
            elif error.errno != errno.ETIMEDOUT:
                raise


def _storage_interface(device: UsbDevice) -> Interface:
    storage = [interface for interface in device.interfaces if interface.class_ == _MASS_STORAGE]
    others = [interface for interface in device.interfaces if interface.bulk_pair() is not None]
    if not storage and not others:
        raise fault.failed(device.port, _("it has no pair of bulk endpoints"))
    return (storage or others)[0]


def _release_drivers(opened: usb.core.Device, interfaces: tuple[Interface, ...]) -> None:
    """Take the interfaces from usb-storage and others; the kernel gives them back after the re-plug."""
    import usb.core

    for interface in interfaces:
        try:
            if opened.is_kernel_driver_active(interface.number):
                opened.detach_kernel_driver(interface.number)
        except NotImplementedError:
            return  # a system without detachable drivers
        except usb.core.USBError as error:
            if error.errno != errno.ENOENT:  # it let go by itself meanwhile
                raise
