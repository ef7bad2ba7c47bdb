"""udev rules, generated from the models: who may open a dongle, and which ids the kernel must be told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from dongle_cli.models import loader, modeswitch

FILE_NAME = "70-dongle-cli.rules"  # before 73-seat-late.rules, which acts on the tag uaccess
GROUP = "dongle"
_ACCESS = f'TAG+="uaccess", GROUP="{GROUP}", MODE="0660"'
# The name a serial driver has on the usb-serial bus, where it is told new ids.
_BUS_NAMES = {"option": "option1"}

Id = tuple[int, int]


def rules(new_id: bool = False) -> str:
    """The text of 70-dongle-cli.rules; with `new_id` the kernel's serial drivers are told of modems they do not know.

    Access to every known id in either face, and to its ttys, for the person at the seat (uaccess) and for the group.
    """
    return "\n".join(_lines(new_id)) + "\n"


def told() -> list[tuple[Id, str]]:
    """Modems that the kernel does not know: id and the driver that must be told of it."""
    return sorted({((u.vid, u.pid), u.new_id) for model in loader.load() for u in model.usb if u.new_id})


def _lines(new_id: bool) -> Iterator[str]:
    yield "# Made from the dongle models by 'dongle-cli setup udev'; changes are lost when it runs again."
    yield 'ACTION=="remove", GOTO="dongle_cli_end"'
    yield 'SUBSYSTEM=="usb", ENV{DEVTYPE}=="usb_device", GOTO="dongle_cli_usb"'
    yield 'SUBSYSTEM=="tty", SUBSYSTEMS=="usb", GOTO="dongle_cli_tty"'
    yield 'GOTO="dongle_cli_end"'
    yield ""
    yield 'LABEL="dongle_cli_usb"'
    for vid, pids in _by_vendor(_storage() | _modems()):
        yield f'ATTR{{idVendor}}=="{vid}", ATTR{{idProduct}}=="{pids}", {_ACCESS}'
    for record in modeswitch.load():
        if string := record.manufacturer or record.product:
            attribute = "manufacturer" if record.manufacturer else "product"
            match = f'ATTR{{idVendor}}=="{record.vid:04x}", ATTR{{idProduct}}=="{record.pid:04x}"'
            yield f'{match}, ATTR{{{attribute}}}=="*{string}*", {_ACCESS}'
    if new_id:
        for (vendor, product), driver in told():
            match = f'ACTION=="add", ATTR{{idVendor}}=="{vendor:04x}", ATTR{{idProduct}}=="{product:04x}"'
            yield f"{match}, RUN{{program}}+=\"/bin/sh -c '{_tell(vendor, product, driver)}'\""
    yield 'GOTO="dongle_cli_end"'
    yield ""
    yield 'LABEL="dongle_cli_tty"'
    for vid, pids in _by_vendor(_modems()):
        yield f'ATTRS{{idVendor}}=="{vid}", ATTRS{{idProduct}}=="{pids}", {_ACCESS}'
    yield ""
    yield 'LABEL="dongle_cli_end"'


def _tell(vid: int, pid: int, driver: str) -> str:
    """A shell line that tells `driver` of an id's vendor-specific interfaces (class ff), once however often it runs."""
    file = f"/sys/bus/usb-serial/drivers/{_BUS_NAMES.get(driver, driver)}/new_id"
    entry = f"{vid:04x} {pid:04x} ff"
    return f"modprobe -q {driver}; grep -qs ^{vid:04x}.{pid:04x}.ff {file} || echo {entry} >{file}"


def _modems() -> set[Id]:
    named = {(u.vid, u.pid) for model in loader.load() for u in model.usb if u.mode == "modem"}
    same_id = {(r.vid, r.pid) for r in modeswitch.load() if not r.targets}
    return named | modeswitch.targets() | same_id


def _storage() -> set[Id]:
    """Storage faces that an id alone tells; where strings must fit too, a rule of its own says so."""
    named = {(u.vid, u.pid) for model in loader.load() for u in model.usb if u.mode == "storage"}
    return named | {(r.vid, r.pid) for r in modeswitch.load() if not (r.manufacturer or r.product)}


def _by_vendor(ids: Iterable[Id]) -> list[tuple[str, str]]:
    products: dict[int, list[int]] = defaultdict(list)
    for vid, pid in sorted(ids):
        products[vid].append(pid)
    return [(f"{vid:04x}", "|".join(f"{pid:04x}" for pid in pids)) for vid, pids in sorted(products.items())]
