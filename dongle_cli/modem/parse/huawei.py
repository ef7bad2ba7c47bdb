"""Huawei's own answers: which ports a stick has, and which radio modes and bands (MU509 and E3372 AT manuals)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dongle_cli.modem.at import split_fields
from dongle_cli.modem.parse.lines import after, at, number

_PORTS = {
    "pcui": "PCUI", "mdm": "MODEM", "modem": "MODEM", "3g_modem": "MODEM", "ndis": "NET", "ncm": "NET", "rndis": "NET",
    "ecm": "NET", "mbim": "NET", "diag": "DIAG", "3g_diag": "DIAG", "4g_diag": "DIAG", "a_shell": "SHELL",
    "c_shell": "SHELL", "cdrom": "CDROM", "sd": "SD", "mass": "SD", "mass_two": "SD", "gps": "GPS", "bt": "BT",
}  # fmt: skip
_GENERATIONS = {"01": "2G", "02": "3G", "03": "4G"}
# Masks that stand for every band the stick has.
_ALL_BANDS = (0x3FFFFFFF, 0x7FFFFFFFFFFFFFFF)


@dataclass(frozen=True)
class Port:
    """One function of ^GETPORTMODE: what it is for, its name as sent, and its number."""

    kind: str  # "PCUI" is the AT port, "MODEM" dials, "NET", "DIAG", "SHELL", "CDROM", "SD", "GPS", "BT", "OTHER"
    name: str
    number: int


def port_modes(lines: Sequence[str]) -> list[Port]:
    """The functions of a stick, in the order that ^GETPORTMODE gives them."""
    found = []
    for value in after(lines, "^GETPORTMODE"):
        for name, index in re.findall(r"\b([A-Za-z0-9_]{1,32})\s*:\s*(\d{1,3})\s*(?=,|$)", value, re.ASCII):
            found.append(Port(_PORTS.get(name.lower(), "OTHER"), name, int(index)))
    return found


@dataclass(frozen=True)
class RadioMode:
    """An entry of ^SYSCFGEX: `code` as sent ("0302"), the generations it allows, and the one it tries first."""

    code: str
    allowed: tuple[str, ...]
    preferred: str | None


@dataclass(frozen=True)
class RadioOptions:
    """What ^SYSCFGEX=? offers: modes, and the masks of all bands that are named one by one."""

    modes: tuple[RadioMode, ...]
    bands: int
    lte_bands: int


@dataclass(frozen=True)
class RadioSetting:
    """What ^SYSCFGEX? says; masks as sent, None where the stick has no such bands."""

    code: str
    bands: int | None
    roaming: int | None
    domain: int | None
    lte_bands: int | None


def radio_options(lines: Sequence[str]) -> RadioOptions | None:
    """The modes and bands of a ^SYSCFGEX=? reply; code "99" (leave it as it is) is no mode."""
    for value in after(lines, "^SYSCFGEX"):
        fields = split_fields(value)
        codes = [code for code in re.findall(r'"(\d+)"', at(fields, 0), re.ASCII) if code != "99"]
        every = tuple(name for key, name in _GENERATIONS.items() if any(key in _pairs(code) for code in codes))
        modes = tuple(_mode(code, every) for code in codes)
        return RadioOptions(modes, _masks(at(fields, 1)), _masks(at(fields, 4))) if modes else None
    return None


def radio_setting(lines: Sequence[str]) -> RadioSetting | None:
    """The answer of ^SYSCFGEX?."""
    for value in after(lines, "^SYSCFGEX"):
        fields = split_fields(value)
        if re.fullmatch(r"\d+", at(fields, 0), re.ASCII):
            bands, lte = number(at(fields, 1), 16), number(at(fields, 4), 16)
            return RadioSetting(fields[0], bands, number(at(fields, 2)), number(at(fields, 3)), lte)
    return None


def setting_in(options: RadioOptions, setting: RadioSetting) -> tuple[RadioMode | None, int, int]:
    """What `setting` comes to on a stick that offers `options`: mode, bands, LTE bands, with "all" made explicit."""
    mode = next((mode for mode in options.modes if mode.code == setting.code), None)
    bands = options.bands if setting.bands in _ALL_BANDS else setting.bands or 0
    lte = options.lte_bands if setting.lte_bands in _ALL_BANDS else setting.lte_bands or 0
    return mode, bands, lte


def _pairs(code: str) -> list[str]:
    return [code[index : index + 2] for index in range(0, len(code), 2)]


def _mode(code: str, every: tuple[str, ...]) -> RadioMode:
    if code == "00":  # automatic: whatever the list has
        return RadioMode(code, every, None)
    allowed = tuple(_GENERATIONS[pair] for pair in _pairs(code) if pair in _GENERATIONS)
    return RadioMode(code, allowed, allowed[0] if len(allowed) > 1 else None)


def _masks(field: str) -> int:
    """All masks in `((2000004e80380,"GSM850/…"),(3fffffff,"All Bands"))`."""
    masks = [int(mask, 16) for mask in re.findall(r"\(\s*([0-9A-Fa-f]{1,16})\s*,", field)]
    union = 0
    for mask in masks:
        union |= 0 if mask in _ALL_BANDS else mask
    return union
