"""Whatever stands in a model file or in a stick's strings: an error that names the file, or a model; nothing else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dongle_cli.errors import DongleError
from dongle_cli.models import loader
from dongle_cli.models.draft import Seen, draft
from dongle_cli.models.model import Dialect, Model, Switch
from dongle_cli.models.parse import parse
from dongle_cli.usb.device import Endpoint, Interface, UsbDevice

KEYS = [
    "name", "vendor", "source", "like", "control", "radio", "aliases", "vids", "notes", "usb", "switch", "at",
    "dialect", "ids", "mode", "interfaces", "method", "messages", "configuration", "triples", "iccid", "settle",
    "auth_order", "x",
]  # fmt: skip
VALUES = [
    '"text"', '""', "1", "-1", "1.5", "nan", "true", "[]", '["+CCID"]', "[1]", "[[]]", "{}", '{ method = "eject" }',
    '"eject"', '["12d1:1506"]', '["ff/02/02"]', '"modem"', "1979-05-27", '["AT"]', '"generic"', '"\\u0000"',
    '[{ ids = ["12d1:1506"] }]',
]  # fmt: skip
assignments = st.builds("{} = {}".format, st.sampled_from(KEYS), st.sampled_from(VALUES))
headers = st.sampled_from(["[[usb]]", "[switch]", "[at]", "[dialect]", "[usb]", "[[switch]]", "[[dialect]]"])
REQUIRED = ['name = "N"', 'vendor = "V"', 'source = "S"']


@given(st.lists(assignments | headers, max_size=12), st.booleans())
def test_any_toml_is_a_model_or_an_error_that_names_the_file(lines: list[str], complete: bool) -> None:
    text = "\n".join([*(REQUIRED if complete else []), *lines])
    try:
        assert isinstance(parse(text, file="mine.toml", known={"generic": loader.generic()}), Model)
    except DongleError as error:
        assert error.code == "model.invalid"
        assert error.details["file"] == "mine.toml"


@given(st.text())
def test_any_text_is_a_model_or_an_error_that_names_the_file(text: str) -> None:
    try:
        parse(text, file="mine.toml")
    except DongleError as error:
        assert error.details["file"] == "mine.toml"


bytes_, sizes = st.integers(0, 255), st.integers(0, 65535)
ports = st.builds(
    Interface,
    bytes_,
    bytes_,
    bytes_,
    bytes_,
    st.lists(st.builds(Endpoint, bytes_, bytes_, st.integers(0, 65535))).map(tuple),
)
strings = st.none() | st.text(st.characters(), max_size=40)  # lone surrogates included
devices = st.builds(
    UsbDevice, st.just("1-1"), st.integers(0, 65535), st.integers(0, 65535), st.lists(ports, max_size=4).map(tuple),
    manufacturer=strings, product=strings,
)  # fmt: skip
switches = st.sampled_from([None, Switch("eject", wait_before=0.25), Switch("configuration", configuration=2)])


@given(devices, st.none() | devices, switches, strings, strings, st.booleans())
def test_a_draft_loads_whatever_the_stick_calls_itself(
    modem: UsbDevice,
    storage: UsbDevice | None,
    switch: Switch | None,
    manufacturer: str | None,
    model: str | None,
    at: bool,
) -> None:
    dialect = Dialect(iccid=("^ICCID?", "+CSIM"), auth_order="unknown") if at else None
    seen = Seen("2026-01-31", modem, storage, switch, manufacturer, model, dialect, (2, 1) if at else ())
    parsed = parse(draft(seen), file="draft.toml")
    assert (modem.vid, modem.pid) in {(u.vid, u.pid) for u in parsed.usb}
    assert parsed.dialect == (dialect or Dialect())
    assert parsed.switch == (switch if switch and storage else Switch())


@given(devices)
def test_every_device_has_a_model_a_mode_and_ports_of_its_own(device: UsbDevice) -> None:
    model = loader.find(device)
    mode = loader.mode_of(device)
    assert mode in ("storage", "modem", "unknown")
    assert loader.is_dongle(device) == (mode != "unknown")
    assert (loader.switch_for(device) is None) or mode == "storage"
    for interface in loader.at_interfaces(model, device):
        assert interface in device.interfaces
        assert interface.tty or interface.bulk_pair()
