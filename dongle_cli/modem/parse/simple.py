"""Answers that are one line of fields: which name stands where (3GPP TS 27.007 and the vendors' AT manuals)."""

from __future__ import annotations

from collections.abc import Sequence

from dongle_cli.modem.at import split_fields
from dongle_cli.modem.parse.lines import after, number

# A name with # is a number, one without is text, - is a field that nobody explains.
LAYOUTS: dict[str, str] = {
    "+CSCS": "charset",
    "+CPAS": "#activity",
    "+CMEE": "#mode",
    "+CEMODE": "#mode",
    "+CGEREP": "#mode #buffer",
    "+CGCLASS": "class",
    "+CGSMS": "#service",
    "+WS46": "#system",
    "+CSCA": "service_centre #type",
    "+CTZU": "#automatic",
    "+CIND": "#battery #signal #service",
    # Huawei
    "^CARDLOCK": "#card_lock #tries operator",  # 1 locked, 2 unlocked, 3 locked for good
    "^SYSINFO": "#srv_status #srv_domain #roaming #sys_mode #sim_state - #sys_submode",
    "^SYSINFOEX": "#srv_status #srv_domain #roaming #sim_state - #sys_mode system #sys_submode subsystem",
    "^SYSCFG": "#mode #acquisition_order band #roaming #srv_domain",
    "^PREFMODE": "#mode",
    "^CURC": "#mode",
    "^U2DIAG": "#composition",
    "^RFSWITCH": "#hardware #software",
    "^RSSI": "#rssi",
    "^MODE": "#sys_mode #sys_submode",
    "^SIMST": "#sim_state",
    "^SRVST": "#srv_status",
    # Quectel, SIMCom, ZTE, u-blox, Sierra
    "+QNWINFO": "system operator band #channel",
    "+QCFG": "name value",
    "+QSIMSTAT": "#enabled #inserted",
    "+CNMP": "#mode",
    "+CUSBPIDSWITCH": "#pid",
    "+ZSNT": "#mode #selection #order",
    "+UUSBCONF": "#id name audio pid",
    "+URAT": "#mode #preferred #second",
    "!SELRAT": "#mode name",
}


def simple(name: str, lines: Sequence[str]) -> dict[str, object]:
    """The fields of the first line of `name` by their names; what is empty, or no number where it should, is absent."""
    found: dict[str, object] = {}
    for value in after(lines, name)[:1]:
        for key, field in zip(LAYOUTS[name].split(), split_fields(value), strict=False):
            meant = number(field) if key.startswith("#") else field or None
            if meant is not None and key != "-":
                found[key.lstrip("#")] = meant
    return found
