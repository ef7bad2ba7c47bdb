"""A draft model file for a stick that was looked at: what is known as TOML, what was seen as comments."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from dongle_cli.models.model import Dialect, Switch

if TYPE_CHECKING:
    from dongle_cli.usb.device import Interface, UsbDevice


@dataclass(frozen=True)
class Seen:
    """What `learn` saw of one stick."""

    day: str  # ISO 8601
    modem: UsbDevice
    storage: UsbDevice | None = None  # its storage face, where it showed one
    switch: Switch | None = None  # what made it a modem
    manufacturer: str | None = None  # what +CGMI and +CGMM answered
    model: str | None = None
    dialect: Dialect | None = None  # None: no port answered AT
    at_interfaces: tuple[int, ...] = ()  # that answered, best first


def draft(seen: Seen) -> str:
    """The text of a model file that loads, with TODO where a person must decide."""
    return "\n".join(_lines(seen)) + "\n"


def _lines(seen: Seen) -> Iterator[str]:
    modem = seen.modem
    name = seen.model or modem.product or modem.usb
    vendor = seen.manufacturer or modem.manufacturer or f"{modem.vid:04x}"
    yield "# Draft made by 'dongle-cli learn'. Complete what says TODO, then see docs/add-a-model.md."
    yield f"name = {_text(name if name.lower().startswith(vendor.lower()) else f'{vendor} {name}')}"
    yield f"vendor = {_text(vendor)}"
    yield 'radio = "lte"  # TODO: "3g" where it knows nothing newer'
    if seen.dialect is None:
        yield 'control = "http"  # TODO: no port answered AT; "qmi", "mbim", or "at" with other interfaces?'
    if seen.model:
        yield f"aliases = [{_text(seen.model + '*')}]"
    yield 'notes = ""  # TODO: what a technician must know'
    yield f"source = {_text(f'recorded with dongle-cli learn, {seen.day}')}"
    if seen.storage is not None:
        yield ""
        yield from _face(seen.storage)
        yield "[[usb]]"
        yield f"ids = [{_text(seen.storage.usb)}]"
        yield 'mode = "storage"'
    yield ""
    yield from _face(modem)
    yield "[[usb]]"
    yield f"ids = [{_text(modem.usb)}]"
    if seen.at_interfaces:
        yield f"interfaces = {list(seen.at_interfaces)}"
    if seen.at_interfaces and all(i.driver is None for i in modem.interfaces):
        yield '# new_id = "option"  # TODO: needed where the kernel does not know the id; no driver held an interface'
    if seen.switch is not None and seen.storage is not None:
        yield ""
        yield "[switch]"
        yield from _switch(seen.switch)
    if seen.dialect is not None:
        yield ""
        yield "# Every word here was understood; TODO: auth_order is proved by an attach with user and password only."
        yield "[dialect]"
        yield from _dialect(seen.dialect)


def _face(device: UsbDevice) -> Iterator[str]:
    strings = " / ".join(_text(string) for string in (device.manufacturer, device.product) if string)
    yield f"# {device.usb} {strings}, bcdDevice {device.bcd_device:04x}, configuration {device.configuration}"
    for interface in device.interfaces:
        yield f"#   {interface.number}: {_triple(interface)}, {_endpoints(interface)}, driver {interface.driver or '-'}"


def _triple(interface: Interface) -> str:
    return "/".join(f"{part:02x}" for part in interface.triple)


def _endpoints(interface: Interface) -> str:
    kinds = ("control", "isochronous", "bulk", "interrupt")
    ends = [f"{e.address:02x} {kinds[e.attributes & 3]} {e.max_packet}" for e in interface.endpoints]
    return "endpoints " + ", ".join(ends) if ends else "no endpoints"


def _switch(switch: Switch) -> Iterator[str]:
    yield f"method = {_text(switch.method)}"
    if switch.messages:
        yield f"messages = {_list([message.hex() for message in switch.messages])}"
    if switch.configuration is not None:
        yield f"configuration = {switch.configuration}"
    if switch.wait_before:
        yield f"wait_before = {switch.wait_before:g}"
    if switch.release_delay:
        yield f"release_delay = {switch.release_delay:g}"


def _dialect(dialect: Dialect) -> Iterator[str]:
    standard = Dialect()
    for field in fields(Dialect):
        value = getattr(dialect, field.name)
        if value != getattr(standard, field.name):
            yield f"{field.name} = {_list(value) if isinstance(value, tuple) else json.dumps(value)}"


def _list(words: Sequence[str]) -> str:
    return f"[{', '.join(_text(word) for word in words)}]"


def _text(text: str) -> str:
    """A TOML basic string of whatever a stick calls itself; JSON's escapes of control characters are TOML's."""
    scalars = text.encode("utf-8", "replace").decode("utf-8")  # TOML knows no lone surrogates
    return json.dumps(scalars.replace("\x7f", ""), ensure_ascii=False)
