"""`dongle-cli list`: what is plugged in, whatever its mode."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dongle_cli.cli import output
from dongle_cli.cli.options import Format, explained
from dongle_cli.i18n import N_, _

if TYPE_CHECKING:
    from dongle_cli.models.model import Model
    from dongle_cli.usb.device import UsbDevice

# Why a stick is listed and yet cannot be provisioned over AT.
NOTES = {
    "3g-only": N_("3G only: its network is closed down in Japan"),
    "http-only": N_("set up over its own web page, not over AT"),
    "mbim-only": N_("speaks MBIM only, no AT port"),
    "qmi-only": N_("speaks QMI only, no AT port"),
}


@explained(
    _(
        "Show the dongles that are plugged in, one a line: where, what they are, whether they still show their CD-ROM "
        "(storage) or are modems, and which AT ports can be opened. Nothing is asked of them. Sticks that cannot "
        "be provisioned over AT are named as such."
    ),
    example="dongle-cli list --format json",
)
def list_(format_: Format = "text") -> None:
    from dongle_cli.usb.enumerate import scan

    answers = [describe(device) for device in dongles(scan())]
    if format_ == "json":
        for answer in answers:
            output.emit(answer)
    elif answers:
        output.table(
            [_("PORT"), _("USB"), _("MODE"), _("MODEL"), _("VENDOR"), _("SERIAL"), _("AT PORTS"), _("NOTE")],
            [
                [
                    answer["port"],
                    answer["usb"],
                    answer["mode"],
                    answer["model"],
                    answer["vendor"],
                    answer["serial"],
                    " ".join(answer["at_ports"]),  # type: ignore[arg-type]
                    _(NOTES[str(answer["note"])]) if answer["note"] else "",
                ]
                for answer in answers
            ],
        )
    if not answers:
        output.say(_("No dongle found."))
        output.say("  " + _("Push it in firmly, into the computer or a powered hub; then look at: lsusb"))
        output.say("  " + _("No dongle at hand? Practise with: dongle-cli lab start"))


def dongles(devices: list[UsbDevice]) -> list[UsbDevice]:
    """Those of `devices` that are dongles."""
    from dongle_cli.models import loader

    return [device for device in devices if loader.is_dongle(device)]


def describe(device: UsbDevice) -> dict[str, object]:
    """The contract's object for one dongle, from descriptors and model files alone."""
    from dongle_cli.models import loader
    from dongle_cli.transport.open import port_name

    model = loader.find(device)
    mode = loader.mode_of(device)
    at = loader.at_interfaces(model, device) if mode == "modem" and model.control == "at" else []
    drivers = [interface.driver for interface in (at or device.interfaces) if interface.driver]
    return {
        "port": device.port,
        "usb": device.usb,
        "mode": mode,
        "model": _model_name(model, device),
        "vendor": device.manufacturer if model.id == loader.GENERIC else model.vendor,
        "serial": device.serial,
        "at_ports": [port_name(device, interface) for interface in at],
        "driver": drivers[0] if drivers else None,
        "model_id": model.id,
        "note": note(model),
    }


def note(model: Model) -> str | None:
    """The key of NOTES that holds for `model`, or None where it can be provisioned over AT."""
    if model.radio == "3g":
        return "3g-only"
    return None if model.control == "at" else f"{model.control}-only"


def _model_name(model: Model, device: UsbDevice) -> str:
    from dongle_cli.models.loader import generic

    named = model.name != generic().name  # the mode-switch data alone may know a name
    return model.name if named else device.product or model.name
