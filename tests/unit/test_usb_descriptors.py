"""Descriptors: what a real one says, and that no damaged one stops the reading."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from dongle_cli.usb import descriptors

# A modem with a CDC control interface (two class descriptors, one notify endpoint), data, and a second setting of it.
CONTROL = (
    struct.pack("<BBBBBBBBB", 9, 4, 0, 0, 1, 2, 2, 1, 0)
    + bytes([5, 0x24, 0, 0x10, 1])
    + bytes([5, 0x24, 6, 0, 1])
    + struct.pack("<BBBBHB", 7, 5, 0x81, 3, 16, 9)
)
DATA = struct.pack("<BBBBBBBBB", 9, 4, 1, 0, 0, 10, 0, 0, 0) + (
    struct.pack("<BBBBBBBBB", 9, 4, 1, 1, 2, 10, 0, 0, 0)
    + struct.pack("<BBBBHB", 7, 5, 0x82, 2, 512, 0)
    + struct.pack("<BBBBHB", 7, 5, 0x01, 2, 512, 0)
)
WHOLE = struct.pack("<BBHBBBBB", 9, 2, 9 + len(CONTROL) + len(DATA), 2, 3, 0, 0xA0, 250) + CONTROL + DATA


def test_a_composite_modem() -> None:
    found = descriptors.parse_configuration(WHOLE)
    assert found is not None
    assert (found.bConfigurationValue, found.bNumInterfaces, found.bMaxPower) == (3, 2, 250)
    control, data = found.interfaces
    assert control[0].extra_descriptors == [5, 0x24, 0, 0x10, 1, 5, 0x24, 6, 0, 1]
    assert [setting.bNumEndpoints for setting in data] == [0, 2]
    first, second = descriptors.interfaces(found)
    assert (first.triple, first.bulk_pair()) == ((2, 2, 1), None)
    assert (second.number, second.endpoints) == (1, ()), "the first alternate setting counts"


def test_a_string_is_words_without_control_characters() -> None:
    text = "HUAWEI\x1b[31m 株式会社\n"
    assert descriptors.text(bytes([2 + 2 * len(text), 3]) + text.encode("utf-16-le")) == "HUAWEI[31m 株式会社"
    assert descriptors.text(b"\x02\x03") is None
    assert descriptors.text(b"") is None


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for raw in (data, WHOLE[:9] + data, WHOLE + data):
        found = descriptors.parse_configuration(raw)
        assert found is None or found.bNumInterfaces == len(descriptors.interfaces(found))
    assert descriptors.parse_device(data) is None or len(data) >= 18
    descriptors.text(data)


@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 255))
def test_one_wrong_byte_loses_no_more_than_what_follows(at: int, value: int) -> None:
    damaged = WHOLE[:at] + bytes([value]) + WHOLE[at + 1 :]
    found = descriptors.parse_configuration(damaged)
    if at >= 9 + len(CONTROL):
        assert found is not None
        assert found.interfaces[0][0].endpoints[0].bEndpointAddress == 0x81
