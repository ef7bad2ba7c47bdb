"""Sticks that keep to the standards, and those that have no AT port at all."""

from __future__ import annotations

from dongle_cli.lab.face import Endpoint, Face, Interface, Numbers
from dongle_cli.lab.family import HUAWEI_NEW, Family, Switching, cd_rom
from dongle_cli.lab.modem import Persona
from dongle_cli.lab.network import Context

# Functional descriptors (CDC 1.2 clause 5.2.3): header, call management, ACM (line coding and state), union of 0 and 1.
_ACM = bytes.fromhex("05240010010524010001042402020524060001")
# Header, union, Ethernet networking with the MAC address in string 4 (ECM 1.2 clause 5.4).
_ECM = bytes.fromhex("052400100105240600010d240f0400000000ea05000000")


def _acm() -> Face:
    numbers = Numbers()
    control = Interface(0, (0x02, 0x02, 0x01), "control", (numbers.notify(),), _ACM)
    data = Interface(1, (0x0A, 0x00, 0x00), "at", numbers.pair())
    return Face(0x1D6B, 0x0104, ((control, data),), "Practice Works", "LTE Stick", class_triple=(2, 0, 0))


def _ecm() -> Face:
    notify, pair = Endpoint(0x82, 3, 16, 9), (Endpoint(0x81), Endpoint(0x01))
    interfaces = (
        Interface(0, (0x02, 0x06, 0x00), "inert", (notify,), _ECM),
        Interface(1, (0x0A, 0x00, 0x00), "inert"),
        Interface(1, (0x0A, 0x00, 0x00), "inert", pair, alternate=1),
    )
    return Face(
        0x12D1, 0x14DB, (interfaces,), "HUAWEI_MOBILE", "HUAWEI_MOBILE", class_triple=(2, 0, 0),
        strings={4: "0C5B8F279A64"},
    )  # fmt: skip


FAMILIES = (
    Family(
        "cdc-acm",
        _acm(),
        Persona("Practice Works", "LTE Stick", "1.0.4", presets=(Context(1, "IP", "internet"),)),
        serial="{imei}",
    ),
    Family(
        "huawei-hilink",
        _ecm(),
        Persona("huawei", "E3372h", "22.333.01.00.00"),
        cd_rom(0x12D1, 0x1F01, "HUAWEI_MOBILE", "HUAWEI_MOBILE"),
        Switching(messages=(HUAWEI_NEW,)),
    ),
)
