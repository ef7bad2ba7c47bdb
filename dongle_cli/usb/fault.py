"""What an operating system's or a bus's error number means to a person: one table for ttys and USB transfers."""

from __future__ import annotations

import errno

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _, reason

_GONE = frozenset({errno.ENODEV, errno.ENXIO, errno.ESHUTDOWN, errno.ENOENT})


def vanished(port: str) -> DongleError:
    """The device at `port` is not there any more."""
    return DongleError(
        _("The dongle at {port} vanished from the bus.").format(port=port),
        code="usb.vanished",
        hint=_("Plug it in again, straight into the hub, and run the same command once more."),
        port=port,
    )


def permission(port: str) -> DongleError:
    """This user may not open the device or tty at `port`."""
    return DongleError(
        _("You are not allowed to open {port}.").format(port=port),
        code="usb.permission",
        hint=_("Run once as root: dongle-cli setup udev --install"),
        port=port,
    )


def held(port: str, holders: list[tuple[int, str]]) -> DongleError:
    """Another program has `port`; `holders` are pid and program, as far as they could be found."""
    if holders:
        who = ", ".join(f"{program} ({pid})" for pid, program in holders)
        message = _("{port} is in use by {who}.").format(port=port, who=who)
    else:
        message = _("{port} is in use by another program.").format(port=port)
    return DongleError(
        message,
        code="port.held",
        hint=_("Wait until it is done, or end it, and run the same command once more."),
        port=port,
        holders=[{"pid": pid, "program": program} for pid, program in holders],
    )


def failed(port: str, reason: str) -> DongleError:
    """The system refused something on `port` for a reason none of the others names."""
    return DongleError(
        _("{port} does not work: {reason}.").format(port=port, reason=reason), code="port.failed", port=port
    )


def bus(server: str, reason: str) -> DongleError:
    """The bus itself cannot be asked: no dongle's fault."""
    return DongleError(
        _("The USB bus {bus} cannot be used: {reason}.").format(bus=server, reason=reason),
        code="usb.bus",
        hint=_("Check DONGLE_BUS, and that the server it names is running."),
        bus=server,
    )


def from_os(error: OSError, port: str, holders: list[tuple[int, str]] | None = None) -> DongleError:
    """The DongleError for an error number of the system, of pyserial or of pyusb on `port`."""
    number = error.errno
    if number in _GONE:
        return vanished(port)
    if number in (errno.EACCES, errno.EPERM):
        return permission(port)
    if number in (errno.EBUSY, errno.EAGAIN, errno.EWOULDBLOCK):
        return held(port, holders or [])
    return failed(port, reason(error))
