"""Which laptop this is: placeholders of vendors are no identity, and what could not be read is never guessed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dongle_cli.binding import laptop as room
from dongle_cli.errors import DongleError, ExitCode
from dongle_cli.identity import Laptop

UUID = "4c4c4544-0031-5a10-8051-b9c04f4a4c32"


@pytest.mark.parametrize(
    "text",
    [
        UUID,
        UUID.upper(),
        f"{{{UUID}}}",
        f"urn:uuid:{UUID}",
        UUID.replace("-", ""),
        f" {UUID}\n",
        UUID.replace("4", "４"),
    ],
)
def test_every_way_to_write_a_uuid_is_the_same_laptop(text: str) -> None:
    assert Laptop.parse(uuid=text).uuid == UUID


@pytest.mark.parametrize(
    "uuid",
    [
        "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "00000000-0000-0000-0000-000000000000",
        "03000200-0400-0500-0006-000700080009", "00020003-0004-0005-0006-000700080009", "To be filled by O.E.M.",
        "Not Settable", "", UUID[:-1], UUID + "0", UUID.replace("c", "g"),
    ],
)  # fmt: skip
def test_no_uuid_no_laptop(uuid: str) -> None:
    with pytest.raises(DongleError) as refused:
        Laptop.parse(uuid=uuid, serial="LT00042")
    assert refused.value.code == "identity.laptop"


@pytest.mark.parametrize(
    "serial",
    [
        "To be filled by O.E.M.", "To Be Filled By O.E.M", "Default string", "System Serial Number", "Not Specified",
        "None", "N/A", "0", "00000000", "xxxxxxxx", "........", "", "0123456789", "INVALID", "ＯＥＭ",
    ],
)  # fmt: skip
def test_a_vendors_placeholder_is_no_serial_number(serial: str) -> None:
    with pytest.raises(DongleError) as refused:
        Laptop.parse(uuid=UUID, serial=serial)
    assert refused.value.code == "identity.laptop"


@pytest.mark.parametrize(
    "wrong",
    [{"serial": "LT\x1b[2J42"}, {"serial": "L" * 129}, {"host": "a b"}, {"host": "pc\n"}, {"host": ""},
     {"host": "x" * 254}, {"ek_sha256": "00"}, {"ek_sha256": "g" * 64}, {"host": "pc\u202e"}],
)  # fmt: skip
def test_what_cannot_be_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(DongleError):
        Laptop.parse(uuid=UUID, **wrong)


def test_a_description_survives_its_file(tmp_path: Path) -> None:
    laptop = Laptop.parse(uuid=UUID, serial="LT00042", host="pc-042", ek_sha256="A1" * 32)
    file = tmp_path / "laptop.json"
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):  # PowerShell 5.1 writes the last
        file.write_bytes(json.dumps(room.describe(laptop)).encode(encoding))
        assert room.from_file(file) == laptop
    assert room.describe(laptop)["schema"] == 1


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", "null", "[" * 50_000, " " * 70_000, "\x00", '{"schema":1}', '{"schema":1,"uuid":5}',
     json.dumps({"schema": 2, "uuid": UUID}), json.dumps({"schema": 1, "uuid": UUID, "serial": 5}),
     json.dumps({"schema": 1, "uuid": UUID, "host": []})],
)  # fmt: skip
def test_other_files_are_refused_by_name(text: str, tmp_path: Path) -> None:
    file = tmp_path / "laptop.json"
    file.write_text(text)
    with pytest.raises(DongleError) as refused:
        room.from_file(file)
    assert refused.value.code == "identity.laptop" and "laptop.json" in refused.value.message


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(DongleError) as refused:
        room.from_file(tmp_path / "laptop.json")
    assert refused.value.code == "identity.unreadable"


@settings(max_examples=200)
@given(
    st.binary(max_size=300)
    | st.dictionaries(st.text(), st.text()).map(lambda d: json.dumps(d | {"schema": 1}).encode())
)
def test_no_bytes_are_more_than_a_refusal(data: bytes) -> None:
    try:
        room.from_bytes(data, "laptop.json")
    except DongleError as error:
        assert error.code == "identity.laptop"


def firmware(root: Path, **values: str) -> Path:
    """A /sys whose firmware says `values`."""
    folder = root / "class/dmi/id"
    folder.mkdir(parents=True)
    for name, value in values.items():
        (folder / name).write_text(value + "\n")
    return root


def test_the_live_machine_says_who_it_is(tmp_path: Path) -> None:
    reading = room.this_laptop(
        firmware(tmp_path, product_uuid=UUID.upper(), product_serial="LT00042"), lambda: "ab" * 32
    )
    laptop = reading.required()
    assert (laptop.uuid, laptop.serial, laptop.ek_sha256) == (UUID, "LT00042", "ab" * 32)
    assert laptop.host == os.uname().nodename and not reading.unread


def test_a_placeholder_serial_is_unknown_and_a_placeholder_uuid_is_nobody(tmp_path: Path) -> None:
    junk = firmware(tmp_path / "a", product_uuid=UUID, product_serial="Default string")
    reading = room.this_laptop(junk)
    assert reading.required().serial is None and "Default string" in reading.unread["serial"]
    nobody = firmware(tmp_path / "b", product_uuid="03000200-0400-0500-0006-000700080009", product_serial="LT00042")
    with pytest.raises(DongleError) as refused:
        room.this_laptop(nobody).required()
    assert refused.value.exit_code == ExitCode.INCOMPLETE


def test_what_cannot_be_read_could_not_be_measured(tmp_path: Path) -> None:
    def broken() -> str | None:
        raise DongleError("the TPM does not answer", code="keystore.tpm")

    reading = room.this_laptop(firmware(tmp_path, product_uuid=UUID), broken)
    assert reading.required() == Laptop(UUID, host=os.uname().nodename)
    assert set(reading.unread) == {"serial", "ek_sha256"}
    assert room.this_laptop(tmp_path / "nothing").laptop is None


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_fields_for_root_only_are_not_a_missing_laptop(tmp_path: Path) -> None:
    root = firmware(tmp_path, product_uuid=UUID)
    (root / "class/dmi/id/product_uuid").chmod(0)
    with pytest.raises(DongleError) as refused:
        room.this_laptop(root).required()
    assert refused.value.code == "identity.unmeasured" and "root" in (refused.value.hint or "")


def test_two_descriptions_are_compared_field_by_field() -> None:
    one = Laptop.parse(uuid=UUID, serial="LT00042", host="PC-042")
    assert room.compare(one, Laptop.parse(uuid=UUID, serial="lt00042", host="pc-042")) == {
        "uuid": "same", "serial": "same", "host": "same", "ek_sha256": "unknown",
    }  # fmt: skip
    other = Laptop.parse(uuid="44454c4c-3100-105a-8051-b9c04f4a4c32", host="pc-043", ek_sha256="ab" * 32)
    assert room.compare(one, other) == {
        "uuid": "byte-order", "serial": "unknown", "host": "other", "ek_sha256": "unknown",
    }  # fmt: skip
    assert Laptop.parse(uuid=one.swapped_uuid).swapped_uuid == UUID
