"""A dongle for one program at a time: a lock that dies with its process, and ModemManager asked to keep away."""

from __future__ import annotations

import errno
import fcntl
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dongle_cli import paths
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _, reason
from dongle_cli.usb import fault
from dongle_cli.usb.device import UsbDevice
from dongle_cli.usb.inhibit import Inhibition

__all__ = ["claim", "keep"]
Notice = Callable[[str], None]
_claims: dict[str, tuple[Inhibition, Notice]] = {}  # by lock file name: what this process holds


@contextmanager
def claim(device: UsbDevice, notice: Notice = lambda _text: None) -> Iterator[None]:
    """Hold the port of `device` for as long as the block lasts, whatever is plugged into it meanwhile.

    DongleError `port.held` with pid and program where another program of ours holds it. ModemManager is asked to let
    the device go where it runs (InhibitDevice); it takes it back when the block or the process ends.
    """
    path = paths.lock_dir() / _name(device)
    descriptor = _locked(path, device.port)
    inhibition = Inhibition()
    try:
        _claims[path.name] = (inhibition, notice)
        keep(device)
        yield
    finally:
        _claims.pop(path.name, None)
        inhibition.close()
        with suppress(OSError):
            os.ftruncate(descriptor, 0)
        os.close(descriptor)


def keep(device: UsbDevice) -> None:
    """Ask ModemManager to keep away from `device` too, if this process has claimed its port: it may have come anew."""
    held = _claims.get(_name(device))
    if held is not None:
        inhibition, notice = held
        inhibition.ask(device, notice)


def _name(device: UsbDevice) -> str:
    """The lock's file name; buses without a kernel have ports of the same names, so theirs carry the server's."""
    bus = device.bus.name if device.bus is not None else "libusb"
    local = device.port.rpartition("/")[2]
    place = local if bus == "libusb" else f"{bus.partition('://')[2]}-{local}"
    return "dongle-cli-" + re.sub(r"[^0-9A-Za-z.:-]", "_", place) + ".lock"


def _locked(path: Path, port: str) -> int:
    """The descriptor of the lock file, locked and with our pid and name in it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = _opened(path)
    except OSError as error:
        raise _unwritable(path, error, port) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()} dongle-cli\n".encode())
    except BlockingIOError:
        holder = _holder(os.read(descriptor, 256))
        os.close(descriptor)
        raise fault.held(port, holder) from None
    except OSError as error:  # a full disk, or one that knows no locks
        os.close(descriptor)
        raise _unwritable(path, error, port) from None
    return descriptor


def _unwritable(path: Path, error: OSError, port: str) -> DongleError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return DongleError(
        _("The lock {path} cannot be written: {reason}.").format(path=path, reason=reason(error)),
        code="port.lock",
        hint=_("Make room on the disk, then run the same command again.")
        if full
        else _("Set DONGLE_HOME to a folder that everybody who works at this bench may write to."),
        port=port,
    )


def _opened(path: Path) -> int:
    """Everybody's file in everybody's folder: opened without O_CREAT first (sysctl fs.protected_regular forbids it)."""
    flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
    while True:
        with suppress(FileNotFoundError):
            return os.open(path, flags)
        with suppress(FileExistsError):
            descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o666)
            os.fchmod(descriptor, 0o666)  # the umask took the others' bits away
            return descriptor


def _holder(text: bytes) -> list[tuple[int, str]]:
    match = re.match(rb"([0-9]{1,9}) ([ -~]+)\n", text)
    return [(int(match[1]), match[2].decode())] if match else []
