"""What the model files and the mode-switch data say, and what the loader makes of it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from dongle_cli.errors import DongleError
from dongle_cli.models import loader, modeswitch
from dongle_cli.models.model import Switch
from dongle_cli.models.parse import parse
from dongle_cli.usb.device import Endpoint, Interface, UsbDevice

MINIMAL = 'name = "N"\nvendor = "V"\nsource = "S"\n'
OURS = Path(loader.__file__).with_name("data")


@pytest.fixture(autouse=True)
def _only_our_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DONGLE_HOME", str(tmp_path))


def endpoints(number: int, interrupt: bool = True) -> tuple[Endpoint, ...]:
    bulk = (Endpoint(0x80 | number, 2, 512), Endpoint(number, 2, 512))
    return (*bulk, Endpoint(0x80 | (number + 8), 3, 10)) if interrupt else bulk


def serial(
    number: int, triple: tuple[int, int, int] = (255, 255, 255), *, driver: str | None = None, interrupt: bool = True
) -> Interface:
    return Interface(number, *triple, endpoints(number + 1, interrupt), driver=driver)


def disc(number: int = 0) -> Interface:
    return Interface(number, 0x08, 0x06, 0x50, endpoints(number + 1, interrupt=False))


def device(
    usb: str, *found: Interface, product: str | None = None, manufacturer: str | None = None, configuration: int = 1
) -> UsbDevice:
    vid, pid = (int(part, 16) for part in usb.split(":"))
    return UsbDevice("1-1", vid, pid, found, product=product, manufacturer=manufacturer, configuration=configuration)


def numbers(found: list[Interface]) -> list[int]:
    return [interface.number for interface in found]


# What the files say


def test_every_file_loads_and_is_a_model_of_its_own() -> None:
    models = loader.load()
    assert {model.id for model in models} == {file.stem for file in OURS.glob("*.toml")}
    assert len({model.name for model in models}) == len(models)


def test_no_two_models_claim_one_id() -> None:
    claims = [(u.vid, u.pid, u.mode, u.product) for model in loader.load() for u in model.usb]
    assert len(claims) == len(set(claims))


def test_every_storage_face_can_be_switched_to_something_known() -> None:
    modems = {(u.vid, u.pid) for model in loader.load() for u in model.usb if u.mode == "modem"}
    for model in loader.load():
        for usb_id in model.usb:
            if usb_id.mode == "storage":
                assert (usb_id.switch or model.switch).method != "none", model.id
                assert usb_id.targets or any(u.mode == "modem" for u in model.usb), model.id
            assert set(usb_id.targets) <= modems, model.id


def test_every_message_is_a_command_block_wrapper() -> None:
    switches = [u.switch or model.switch for model in loader.load() for u in model.usb]
    switches += [record.switch for record in modeswitch.load()]
    messages = [message for switch in switches for message in switch.messages]
    assert len(messages) > 100
    for message in messages:
        assert len(message) == 31
        assert message[:4] == b"USBC"
        assert message[14] <= 16, "bCBWCBLength"


def test_mode_switch_data_is_about_modems_that_no_model_names() -> None:
    named = {(u.vid, u.pid) for model in loader.load() for u in model.usb if u.mode == "storage"}
    records = modeswitch.load()
    assert len(records) == len({(r.vid, r.pid, r.manufacturer, r.product) for r in records})
    for record in records:
        assert (record.vid, record.pid) not in named
        assert record.switch.method != "none"
        assert not re.search(r"LaserJet|Label|WLAN|Wi-?Fi|WiMAX|Ethernet|Projector|Wheel", record.name, re.IGNORECASE)
    assert not any(vid in (0x03F0, 0x0922, 0x046D, 0x1DE1) for vid in (record.vid for record in records))


def test_a_dialect_always_ends_with_a_reader_every_sim_understands() -> None:
    for model in loader.load():
        if model.control == "at":
            assert {"+CRSM", "+CSIM"} <= set(model.dialect.iccid), model.id
            assert "+CSIM" in model.dialect.pin_retries, model.id
            assert "+CGAUTH" in model.dialect.auth, model.id


# What the loader makes of a device


@pytest.mark.parametrize(
    ("usb", "model", "switch"),
    [
        ("12d1:14fe", "huawei-e3372", "huawei-new"),
        ("12d1:1f01", "huawei-hilink", "huawei-new"),
        ("12d1:1f03", "kddi-hwd12", "huawei-new"),
        ("12d1:1003", "emobile-d02hw", "huawei"),
        ("3566:2001", "brovi-e3372-325", "huawei-alternative"),
        ("19d2:0154", "zte-0117", "eject"),
        ("19d2:1421", "zte-1428", "message"),
        ("1c9e:98ff", "fujisoft-fs01bu", "message"),
        ("15eb:a403", "abit-ak020", "eject"),
        ("11f6:1035", "ncxx-ux302nc", "message"),
        ("1004:61dd", "lg-l02c", "eject"),
        ("1004:6327", "lg-l03d", "message"),
        ("1004:6367", "lg-l03f", "eject"),
        ("1199:0fff", "sierra-mc73xx", "sierra"),
    ],
)
def test_a_storage_face_is_named_and_switched(usb: str, model: str, switch: str) -> None:
    found = device(usb, disc())
    assert loader.find(found).id == model
    assert loader.mode_of(found) == "storage"
    chosen = loader.switch_for(found)
    assert chosen is not None
    assert chosen.method == switch


@pytest.mark.parametrize(
    ("usb", "count", "model", "ports"),
    [
        ("2c7c:0125", 5, "quectel-ec25", [2, 3]),
        ("1bc7:1201", 6, "telit-le910", [4, 5]),
        ("1e0e:9001", 6, "simcom-sim7600", [2, 3]),
        ("19d2:0117", 3, "zte-0117", [2, 1]),
        ("19d2:2003", 5, "zte-2003", [3, 1]),
        ("1c9e:9b02", 4, "fujisoft-fs040u", [2, 1, 0]),
        ("1c9e:6801", 3, "fujisoft-fs01bu", [2, 1]),
        ("15eb:7d0e", 4, "abit-ak020", [2]),
        ("11f6:1034", 4, "ncxx-ux302nc", [1, 2]),
        ("1004:618f", 4, "lg-l02c", [2, 1]),
        ("1199:9071", 4, "sierra-mc73xx", [3]),
        ("1c9e:9605", 4, "longcheer", [3, 0, 1, 2]),
        ("1004:6109", 3, "lg-l02a", [0, 1, 2]),  # the model names none: all that could be
    ],
)
def test_a_modem_is_named_and_its_at_port_comes_first(usb: str, count: int, model: str, ports: list[int]) -> None:
    found = device(usb, *(serial(number) for number in range(count)))
    assert loader.find(found).id == model
    assert loader.mode_of(found) == "modem"
    assert loader.switch_for(found) is None
    assert numbers(loader.at_interfaces(loader.find(found), found)) == ports


def test_huawei_ports_are_found_by_class_triple() -> None:
    found = device(
        "12d1:1506",
        serial(0, (0xFF, 0x02, 0x01)),
        serial(1, (0xFF, 0x02, 0x03), interrupt=False),
        serial(2, (0xFF, 0x02, 0x02), interrupt=False),
        serial(3, (0xFF, 0x02, 0x16), driver="huawei_cdc_ncm"),
        disc(4),
    )
    assert numbers(loader.at_interfaces(loader.find(found), found)) == [2, 0]


def test_an_interface_that_another_driver_holds_is_no_at_port() -> None:
    found = device("2c7c:0125", serial(2, driver="option"), serial(3, driver="option"), serial(4, driver="qmi_wwan"))
    assert numbers(loader.at_interfaces(loader.find(found), found)) == [2, 3]


def test_a_diagnostic_port_of_an_unknown_stick_comes_last() -> None:
    found = device("12d1:9999", serial(0, interrupt=False), serial(1), serial(2))
    assert loader.find(found).id == "huawei-e3372"
    assert numbers(loader.at_interfaces(loader.find(found), found)) == [1, 2, 0]


def test_cdc_acm_is_a_modem_and_opened_where_its_bytes_pass() -> None:
    control = Interface(0, 0x02, 0x02, 0x01, (Endpoint(0x83, 3, 16),))
    data = Interface(1, 0x0A, 0, 0, endpoints(1, interrupt=False))
    found = device("1234:5678", control, data)
    assert loader.mode_of(found) == "modem"
    assert loader.find(found).id == "generic"
    assert loader.at_interfaces(loader.find(found), found) == [data]
    bound = replace(control, driver="cdc_acm", tty="/dev/ttyACM0")
    assert loader.at_interfaces(loader.generic(), device("1234:5678", bound, data)) == [bound]
    assert loader.at_interfaces(loader.generic(), device("1234:5678", control)) == []


@pytest.mark.parametrize(
    "found",
    [
        device("046d:c31c", Interface(0, 0x03, 0x01, 0x01)),  # keyboard
        device("0781:5567", disc()),  # memory stick
        device("03f0:002a", disc()),  # printer that shows a disc first
        device("2341:0043", Interface(0, 0x02, 0x02, 0x01), Interface(1, 0x0A, 0, 0, endpoints(1))),  # Arduino
        device("18d1:4ee7", serial(0, (0xFF, 0x42, 0x01))),  # a telephone's debug bridge
        device("12d1:107e", serial(0, (0xFF, 0xFF, 0x00))),  # a Huawei telephone's media transfer
        device("12d1:ffff"),
    ],
)
def test_what_is_no_dongle_is_left_alone(found: UsbDevice) -> None:
    assert loader.mode_of(found) == "unknown"
    assert not loader.is_dongle(found)
    assert loader.switch_for(found) is None


def test_one_id_for_both_faces_is_told_apart_by_interfaces() -> None:
    assert loader.mode_of(device("12d1:1003", disc())) == "storage"
    switched = device("12d1:1003", serial(0), serial(1), disc(2))
    assert loader.mode_of(switched) == "modem"
    assert loader.switch_for(switched) is None
    # 1c9e:6000: a model names the modem, only the mode-switch data names its storage face
    assert loader.mode_of(device("1c9e:6000", disc())) == "storage"
    assert loader.switch_for(device("1c9e:6000", disc())) is not None


def test_a_stick_only_in_the_mode_switch_data_is_switched_under_its_own_name() -> None:
    found = device("1ee8:0054", disc())
    assert loader.find(found).name == "Onda MW875UP"
    assert loader.mode_of(found) == "storage"
    assert loader.switch_for(found) == Switch(
        "message", (bytes.fromhex("5553424312345678" + "00" * 6 + "10ff" + "00" * 15),)
    )
    assert loader.mode_of(device("1ee8:0053", serial(0))) == "modem"


def test_a_configuration_is_a_switch_too() -> None:
    assert loader.switch_for(device("230d:0001", disc())) == Switch("configuration", configuration=3)


def test_strings_tell_apart_what_shares_an_id() -> None:
    longcheer = device("1c9e:f000", disc())
    mobidata = device("1c9e:f000", disc(), manufacturer="USB Modem")
    first, second = loader.switch_for(longcheer), loader.switch_for(mobidata)
    assert first is not None
    assert second is not None
    assert first.messages != second.messages
    assert loader.mode_of(device("05c6:1000", disc())) == "unknown"
    assert loader.mode_of(device("05c6:1000", disc(), manufacturer="AnyDATA Corp.")) == "storage"


def test_the_models_own_answer_refines_what_the_id_left_open() -> None:
    found = device("12d1:1506", serial(0, (0xFF, 0x02, 0x02)))
    refined = loader.refine(loader.find(found), "MS2131i-8")
    assert (refined.id, refined.radio) == ("huawei-ms2131", "3g")
    assert numbers(loader.at_interfaces(refined, found)) == [0]
    assert loader.refine(loader.find(found), "E3372h-153").id == "huawei-e3372"
    assert loader.refine(loader.find(found), "unheard-of").id == "huawei-e3372"
    assert loader.refine(loader.generic(), "MS2131i-8").id == "generic", "another vendor's name says nothing"


# Files of one's own


def own(tmp_path: Path, name: str, text: str) -> None:
    folder = tmp_path / "config" / "models"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


def test_a_model_is_added_with_one_file_and_wins(tmp_path: Path) -> None:
    own(
        tmp_path,
        "mine.toml",
        'like = "huawei-e3372"\nname = "Mine"\nvendor = "Me"\nsource = "bench"\n[[usb]]\nids = ["12d1:1506"]\n',
    )
    found = device("12d1:1506", serial(0, (0xFF, 0x02, 0x02)))
    model = loader.find(found)
    assert (model.id, model.name) == ("mine", "Mine")
    assert model.dialect == loader.find(device("12d1:14fe")).dialect
    assert numbers(loader.at_interfaces(model, found)) == [0]


def test_likeness_is_followed_whatever_the_order_of_the_files(tmp_path: Path) -> None:
    own(tmp_path, "a.toml", MINIMAL + 'like = "b"\n')
    own(tmp_path, "b.toml", 'like = "c"\nname = "B"\nvendor = "V"\nsource = "S"\n')
    own(tmp_path, "c.toml", 'name = "C"\nvendor = "V"\nsource = "S"\nradio = "3g"\n')
    assert next(model for model in loader.load() if model.id == "a").radio == "3g"
    own(tmp_path, "c.toml", 'like = "a"\nname = "C"\nvendor = "V"\nsource = "S"\n')
    loader._load.cache_clear()
    with pytest.raises(DongleError) as caught:
        loader.load()
    assert caught.value.details["key"] == "like"


def test_a_file_of_the_same_name_replaces_ours(tmp_path: Path) -> None:
    own(tmp_path, "generic.toml", MINIMAL)
    assert loader.generic().name == "N"
    assert [model.id for model in loader.load()].count("generic") == 1


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("colour = 1\n" + MINIMAL, "colour"),
        ('vendor = "V"\nsource = "S"\n', "name"),
        ('name = 1\nvendor = "V"\nsource = "S"\n', "name"),
        (MINIMAL + 'control = "smoke"\n', "control"),
        (MINIMAL + 'like = "nobody"\n', "like"),
        (MINIMAL + 'vids = ["12D1"]\n', "vids"),
        (MINIMAL + '[[usb]]\nids = ["12d1:15061"]\n', "usb[0].ids"),
        (MINIMAL + '[[usb]]\nids = ["12d1"]\n', "usb[0].ids"),
        (MINIMAL + "[[usb]]\nids = []\n", "usb[0].ids"),
        (MINIMAL + '[[usb]]\nids = ["12d1:1506"]\nmode = "disc"\n', "usb[0].mode"),
        (MINIMAL + '[[usb]]\nids = ["12d1:1506"]\nport = 2\n', "usb[0].port"),
        (MINIMAL + '[[usb]]\nids = ["12d1:1506"]\ninterfaces = [true]\n', "usb[0].interfaces"),
        (MINIMAL + "usb = 1\n", "usb"),
        (MINIMAL + "switch = 1\n", "switch"),
        (MINIMAL + '[switch]\nmethod = "hit"\n', "switch.method"),
        (MINIMAL + '[switch]\nmethod = "message"\n', "switch.messages"),
        (MINIMAL + '[switch]\nmethod = "message"\nmessages = ["zz"]\n', "switch.messages"),
        (MINIMAL + '[switch]\nmethod = "message"\nmessages = ["5553424300"]\n', "switch.messages"),
        (MINIMAL + '[switch]\nmethod = "configuration"\n', "switch.configuration"),
        (MINIMAL + '[switch]\nmethod = "eject"\nwait_before = "2"\n', "switch.wait_before"),
        (MINIMAL + '[at]\ntriples = ["ff-02-02"]\n', "at.triples"),
        (MINIMAL + '[dialect]\nicid = ["+CCID"]\n', "dialect.icid"),
        (MINIMAL + '[dialect]\niccid = "+CCID"\n', "dialect.iccid"),
        (MINIMAL + '[dialect]\niccid = ["AT+CCID"]\n', "dialect.iccid"),
        (MINIMAL + '[dialect]\niccid = ["+CCID\\r\\nAT+CFUN=0"]\n', "dialect.iccid"),
        (MINIMAL + '[dialect]\nauth_order = "backwards"\n', "dialect.auth_order"),
        (MINIMAL + '[dialect]\nauth = ["+CGAUHT"]\n', "dialect.auth"),
        (MINIMAL + "[dialect]\nauth = []\n", "dialect.auth"),
        (MINIMAL + '[dialect]\nsettle = "3"\n', "dialect.settle"),
    ],
)
def test_a_mistake_is_answered_with_file_and_key(text: str, key: str) -> None:
    with pytest.raises(DongleError) as caught:
        parse(text, file="/etc/dongle-cli/models/mine.toml")
    assert caught.value.code == "model.invalid"
    assert caught.value.details == {"file": "/etc/dongle-cli/models/mine.toml", "key": key}
    assert "mine.toml" in caught.value.message
    assert key in caught.value.message


def test_what_is_no_toml_is_said_to_be_none(tmp_path: Path) -> None:
    own(tmp_path, "broken.toml", "name = ")
    with pytest.raises(DongleError, match=r"broken\.toml") as caught:
        loader.load()
    assert caught.value.code == "model.invalid"


def test_a_file_that_is_no_text_is_said_to_be_unreadable(tmp_path: Path) -> None:
    own(tmp_path, "binary.toml", "")
    (tmp_path / "config" / "models" / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(DongleError) as caught:
        loader.load()
    assert caught.value.code == "model.unreadable"
