"""Which dongles a command is about: --device, DONGLE_DEVICE or --all, or the only one there is."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from dongle_cli.cli.list import describe, dongles
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _

if TYPE_CHECKING:
    from dongle_cli.usb.device import UsbDevice


def choose(
    spec: str | None,
    all_: bool | None = None,
    *,
    imei_of: Callable[[UsbDevice], str | None] | None = None,
    devices: Sequence[UsbDevice] | None = None,
) -> list[UsbDevice]:
    """The dongles that `spec` (port path, tty, USB serial, IMEI) or --all names, or the only one.

    `all_` is None for a command that has no --all.

    An IMEI is known only to the dongle: `imei_of` asks one, None where it cannot tell. Errors: `device.none`,
    `device.several` (and none chosen), `device.unknown`, `usage.all` (both are on the command line).
    """
    from dongle_cli.usb.enumerate import scan

    if all_ and named_here():
        raise DongleError(
            _("--all takes every dongle, and --device names one."),
            code="usage.all",
            hint=_("Leave one of the two out."),
        )
    found = dongles(scan() if devices is None else list(devices))
    if not found:
        raise DongleError(
            _("No dongle is plugged in."),
            code="device.none",
            hint=_("Push it in firmly, without a hub, then look with: dongle-cli list"),
        )
    if all_:
        return found
    if spec or (spec is not None and named_here()):  # an empty --device is a variable nobody set, not "whatever"
        return [_named(spec, found, imei_of, several=all_ is not None)]
    if len(found) > 1:
        raise _several(_("{count} dongles are plugged in:").format(count=len(found)), found, several=all_ is not None)
    return found


def named_here() -> bool:
    """Whether --device stands on this command line: DONGLE_DEVICE is only a default, and gives way to --all."""
    ctx = click.get_current_context(silent=True)
    return ctx is not None and ctx.get_parameter_source("device") is ParameterSource.COMMANDLINE


def _named(
    spec: str, found: list[UsbDevice], imei_of: Callable[[UsbDevice], str | None] | None, *, several: bool
) -> UsbDevice:
    ports = (spec, spec.rpartition(":")[0])  # "1-1", or an AT port of it: "1-1:1.2"
    matches = [device for device in found if device.port in ports or _has_tty(device, spec)]
    matches = matches or [device for device in found if device.serial == spec]
    if not matches and imei_of and re.fullmatch(r"[0-9]{14,16}", spec):
        matches = [device for device in found if (imei_of(device) or "")[:14] == spec[:14]]
    if len(matches) > 1:
        raise _several(
            _("{spec} names {count} dongles:").format(spec=spec, count=len(matches)), matches, several=several
        )
    if not matches:
        raise DongleError(
            _("There is no dongle {spec}.").format(spec=spec or '""'),
            code="device.unknown",
            hint=_("These are plugged in:") + "\n" + _listed(found),
            spec=spec,
        )
    return matches[0]


def _has_tty(device: UsbDevice, spec: str) -> bool:
    """Whether `spec` is one of the device's ttys, also by a link such as /dev/serial/by-id/..."""
    if not spec.startswith("/"):
        return False
    path = os.path.realpath(spec)
    return any(interface.tty in (spec, path) for interface in device.interfaces if interface.tty)


def _several(what: str, devices: list[UsbDevice], *, several: bool) -> DongleError:
    how = _("Choose one with --device, or take every one with --all.") if several else _("Choose one with --device.")
    return DongleError(
        what,
        code="device.several",
        hint=_listed(devices) + "\n" + how,
        devices=[{"port": device.port, "usb": device.usb, "serial": device.serial} for device in devices],
    )


def _listed(devices: list[UsbDevice]) -> str:
    lines = []
    for device in devices:
        about = describe(device)
        lines.append("  ".join(str(about[key]) for key in ("port", "usb", "model", "serial") if about[key]))
    return "\n".join(lines)
