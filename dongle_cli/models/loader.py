"""Which model a device is, what mode it is in, how it is switched and where its AT port may be: from data alone."""

from __future__ import annotations

import re
from dataclasses import replace
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from dongle_cli import paths
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _
from dongle_cli.models import interfaces, modeswitch
from dongle_cli.models.model import Model, Switch, UsbId
from dongle_cli.models.parse import parse

if TYPE_CHECKING:
    from dongle_cli.usb.device import Interface, Mode, UsbDevice

GENERIC = "generic"


def directories() -> list[Path]:
    """Where model files are, the winning folder first: the person's own, this machine's, the ones that came with us."""
    return [paths.config_dir() / "models", Path("/etc/dongle-cli/models"), Path(__file__).with_name("data")]


def load() -> tuple[Model, ...]:
    """Every model, winning ones first; DongleError `model.invalid` or `model.unreadable` names the file at fault."""
    return _load(tuple(directories()))


@cache
def _load(folders: tuple[Path, ...]) -> tuple[Model, ...]:
    found: list[Model] = []
    known: dict[str, Model] = {}
    for folder in reversed(folders):  # ours first: a person's file may be `like` one of them
        models = _read(folder, known)
        found = models + [model for model in found if model.id not in {m.id for m in models}]
    return tuple(found)


def _read(folder: Path, known: dict[str, Model]) -> list[Model]:
    models: list[Model] = []
    try:
        texts = {file: file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.toml"))}
    except (OSError, UnicodeDecodeError) as error:
        raise DongleError(
            _("The model files in {folder} cannot be read: {reason}.").format(folder=folder, reason=error),
            code="model.unreadable",
        ) from None
    while texts:
        # A file that is `like` another one here waits for it; where all wait for each other, the first one is wrong.
        ready = (f for f in texts if _like(texts[f]) not in {other.stem for other in texts if other != f})
        file = next(ready, next(iter(texts)))
        model = parse(texts.pop(file), file=str(file), known=known)
        known[model.id] = model
        models.append(model)
    return models


def _like(text: str) -> str | None:
    found = re.search(r'^like\s*=\s*["\']([^"\']+)["\']', text, re.MULTILINE)
    return found[1] if found else None


def generic() -> Model:
    """The model of a stick that keeps to 3GPP TS 27.007 and of which nothing else is known."""
    return next(model for model in load() if model.id == GENERIC)


def find(device: UsbDevice) -> Model:
    """The model of `device` by its USB id, else by its vendor's family, else the generic one.

    A stick known only to the mode-switch data is its family's model under its own name and with its own switch.
    """
    if named := _named(device):
        return named[0][0]
    family = next((model for model in load() if device.vid in model.vids), None)
    if record := modeswitch.record_for(device):
        return replace(family or generic(), name=record.name, switch=record.switch)
    return family if family and interfaces.has_port(device) else generic()


def refine(model: Model, answer: str) -> Model:
    """The model that `answer` (to +CGMM) names by an alias, among those of the same vendor; `model` where none does."""
    name = answer.strip().strip('"')
    for other in load():
        if other.vendor == model.vendor and any(fnmatch(name.upper(), alias.upper()) for alias in other.aliases):
            return replace(other, usb=other.usb or model.usb)
    return model


def mode_of(device: UsbDevice) -> Mode:
    """Whether `device` shows its storage face or is a modem; "unknown" for everything that is no known stick."""
    modes: set[Mode] = {usb_id.mode for _model, usb_id in _named(device)}
    record = modeswitch.record_for(device)
    if record:
        modes.add("storage")
        if not record.targets:
            modes.add("modem")
    if (device.vid, device.pid) in modeswitch.targets():
        modes.add("modem")
    if len(modes) == 1:
        return modes.pop()
    if modes:  # both faces have one id: only the interfaces tell them apart
        return "modem" if interfaces.has_port(device) else "storage"
    return "modem" if interfaces.has_cdc_modem(device) or find(device).id != GENERIC else "unknown"


def is_dongle(device: UsbDevice) -> bool:
    """Whether `list` shows `device`: a known stick in either mode, or one that looks like a modem."""
    return mode_of(device) != "unknown"


def switch_for(device: UsbDevice) -> Switch | None:
    """How `device`, which shows its storage face, is made a modem; None where it is none or nobody knows how."""
    if mode_of(device) != "storage":
        return None
    for model, usb_id in _named(device):
        if usb_id.mode == "storage":
            switch = usb_id.switch or model.switch
            return switch if switch.method != "none" else None
    record = modeswitch.record_for(device)
    return record.switch if record else None


def at_interfaces(model: Model, device: UsbDevice) -> list[Interface]:
    """The interfaces that may be the AT port, best first; nothing is asked of the device.

    Those that the model names for this id or by class triple; where it names none that is there, CDC-ACM ports (by the
    interface that carries the bytes), then vendor-specific ones with a bulk pair (those that also have an interrupt
    endpoint first: diagnostic ports have none).
    """
    numbers = [n for usb_id in model.usb if _is_id(usb_id, device) for n in usb_id.at_interfaces]
    usable = [i for i in device.interfaces if i.driver is None or i.driver in interfaces.SERIAL_DRIVERS]
    named = [
        *(i for number in numbers for i in usable if i.number == number),
        *(i for triple in model.at_triples for i in usable if i.triple == triple),
    ]
    vendor = [i for i in usable if interfaces.is_vendor_serial(i)]
    likely = [
        *(i for i in usable if interfaces.is_cdc_acm(i)),
        *sorted(vendor, key=lambda i: (len(i.endpoints) < 3, i.number)),
    ]
    ports = (interfaces.port_of(device, interface) for interface in named or likely)
    return list({port.number: port for port in ports if port is not None}.values())


def _named(device: UsbDevice) -> list[tuple[Model, UsbId]]:
    """The winning model that names the device's id, once for each mode the id stands for."""
    hits = [(model, usb_id) for model in load() for usb_id in model.usb if _is_id(usb_id, device)]
    hits.sort(key=lambda hit: hit[1].product is None)  # an entry that also matches the strings wins
    return [hit for hit in hits if hit[0].id == hits[0][0].id]


def _is_id(usb_id: UsbId, device: UsbDevice) -> bool:
    strings = f"{device.manufacturer or ''} {device.product or ''}".lower()
    return (usb_id.vid, usb_id.pid) == (device.vid, device.pid) and (usb_id.product or "").lower() in strings
