"""Sticks of the Japanese market: Fujisoft, Abit, NCXX, and the Longcheer platform under several of them."""

from __future__ import annotations

from dongle_cli.lab.at import Answer, AtPort, Call
from dongle_cli.lab.commands.sim import card
from dongle_cli.lab.families.qualcomm import QCPDPP
from dongle_cli.lab.family import STORAGE, VENDOR, Family, Layout, Switching, cd_rom, ports
from dongle_cli.lab.modem import Command, Modem, Persona
from dongle_cli.lab.network import Context
from dongle_cli.lab.simcard import PIN_TRIES, PUK_TRIES

_LONGCHEER_BLOCK = bytes.fromhex("06f504025270")


def _cpnnum(modem: Modem, _port: AtPort, _call: Call) -> Answer:
    sim = card(modem)
    return [f"PIN1={sim.pin_tries}; PUK1={sim.puk_tries}; PIN2={PIN_TRIES}; PUK2={PUK_TRIES}"]


def _epinc(modem: Modem, _port: AtPort, _call: Call) -> Answer:
    return [f"+EPINC: {card(modem).pin_tries}, {PIN_TRIES}, {card(modem).puk_tries}, {PUK_TRIES}"]


_ICCID = {"+ICCID": Command(lambda modem, _port, _call: [f"+ICCID: {card(modem).iccid}"], "sim")}
_CPNNUM = {"+CPNNUM": Command(_cpnnum, "sim")}
_DIAG_AT_AT: Layout = ((VENDOR, "diag", False), (VENDOR, "at", True), (VENDOR, "at", False))

FAMILIES = (
    Family(
        "fs040u",
        ports(0x1C9E, 0x9B02, "FUJISOFT", "FS040U", (*_DIAG_AT_AT, (VENDOR, "inert", True))),
        Persona(
            "FUJISOFT", "FS040U", "FS040U_1.00", commands={**_ICCID, **_CPNNUM}, lacks=("+CPINR",),
            presets=(Context(1, "IP", "sample.apn.example"),),
        ),
    ),
    Family(
        "fs01bu",
        ports(
            0x1C9E, 0x6801, "FUJISOFT", "FS01BU",
            ((VENDOR, "diag", False), (VENDOR, "diag", True), (VENDOR, "at", False), (STORAGE, "card", False)),
        ),
        Persona(
            "FUJISOFT", "FS01BU", "FS01BU_2.01", "3g", commands={**_ICCID, **_CPNNUM, "$QCPDPP": QCPDPP},
            lacks=("+CPINR", "+CGAUTH", "+CEREG", "+CESQ", "+CGCONTRDP"), presets=(Context(1),),
        ),
        cd_rom(0x1C9E, 0x98FF, "USB Modem", "USB Modem"),
        Switching(messages=(bytes.fromhex("55534243123456780000000080000606f50402527000000000000000000000"),)),
    ),
    Family(
        "abit-ak020",
        ports(
            0x15EB, 0x7D0E, "MediaTek Inc", "Product",
            ((VENDOR, "diag", False), (VENDOR, "diag", False), (VENDOR, "at", True), (STORAGE, "card", False)),
        ),
        Persona(
            "MTK2", "MTK2", "MTK_3.00", "3g",
            commands={**_ICCID, "+EPINC": Command(_epinc, "sim")},
            lacks=("+CPINR", "+CEREG", "+CESQ", "+CGCONTRDP", "+CGDEL"), starts_offline=True,
        ),
        cd_rom(0x15EB, 0xA403, "MediaTek Inc", "Product"),
        Switching(eject=True),
    ),
    Family(
        "ncxx-ux302nc",
        ports(
            0x11F6, 0x1034, "NCXX", "UX302NC",
            ((VENDOR, "diag", False), (VENDOR, "at", True), (VENDOR, "diag", True), (VENDOR, "inert", True)),
        ),
        Persona("NCXX", "UX302NC", "1.10", presets=(Context(1, "IP", "spmode.ne.jp"),)),
        cd_rom(0x11F6, 0x1035, "NCXX", "UX302NC"),
        Switching(blocks=(_LONGCHEER_BLOCK,)),
    ),
    Family(
        "longcheer",
        ports(0x1C9E, 0x9603, "Longcheer", "USB Modem", (*_DIAG_AT_AT, (VENDOR, "inert", True))),
        Persona(
            "Longcheer", "LTE Modem", "1.2.0", commands={**_CPNNUM, **_ICCID, "$QCPDPP": QCPDPP},
            lacks=("+CPINR", "+CGAUTH"), presets=(Context(1),),
        ),
        cd_rom(0x1C9E, 0xF000, "Longcheer", "Modem"),
        Switching(messages=(bytes.fromhex("555342431234567800000000000001ff000000000000000000000000000000"),)),
    ),
)  # fmt: skip
