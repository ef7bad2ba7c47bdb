"""Signal strength in dBm and dB (3GPP TS 27.007 clauses 8.5 and 8.69; Huawei and Quectel in their own scales)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from dongle_cli.modem.at import split_fields
from dongle_cli.modem.parse.lines import after, at, number


@dataclass(frozen=True)
class Signal:
    """What was measured: powers in dBm, ratios in dB, None where the modem measured nothing."""

    rssi_dbm: float | None = None
    rsrp_dbm: float | None = None
    rsrq_db: float | None = None
    sinr_db: float | None = None
    rscp_dbm: float | None = None
    ecio_db: float | None = None


def signal(reader: str, lines: Sequence[str]) -> Signal | None:
    """The signal in the reply to `reader` ("+CSQ", "+CESQ", "^HCSQ", "+QCSQ"); None where it is not understood."""
    reader = reader.upper()
    for value in after(lines, reader):
        fields = split_fields(value)
        found = _READERS[reader](fields) if reader in _READERS else None
        if found is not None:
            return found
    return None


def _scaled(value: str, highest: int, step: float, offset: float) -> float | None:
    level = number(value)
    return None if level is None or not 0 <= level <= highest else round(level * step + offset, 1)


def _csq(fields: Sequence[str]) -> Signal | None:
    if number(at(fields, 0)) is None or len(fields) < 2:
        return None
    # 100 to 191 is TD-SCDMA's and some LTE firmwares' scale of 1 dB steps from -116 dBm.
    wide = number(fields[0]) or 0
    if 100 <= wide <= 191:
        return Signal(rssi_dbm=float(wide - 216))
    return Signal(rssi_dbm=_scaled(fields[0], 31, 2, -113))


def _cesq(fields: Sequence[str]) -> Signal | None:
    if len(fields) < 6 or any(number(field) is None for field in fields[:6]):
        return None
    return Signal(
        rssi_dbm=_scaled(fields[0], 63, 1, -111),
        rscp_dbm=_scaled(fields[2], 96, 1, -121),
        ecio_db=_scaled(fields[3], 49, 0.5, -24.5),
        rsrq_db=_scaled(fields[4], 34, 0.5, -20),
        rsrp_dbm=_scaled(fields[5], 97, 1, -141),
    )


def _hcsq(fields: Sequence[str]) -> Signal | None:
    mode = at(fields, 0).upper()
    rssi = _scaled(at(fields, 1), 96, 1, -121)
    if mode == "LTE":
        return Signal(
            rssi_dbm=rssi,
            rsrp_dbm=_scaled(at(fields, 2), 97, 1, -141),
            sinr_db=_scaled(at(fields, 3), 251, 0.2, -20.2),
            rsrq_db=_scaled(at(fields, 4), 34, 0.5, -20),
        )
    if mode in ("WCDMA", "TD-SCDMA"):
        return Signal(
            rssi_dbm=rssi, rscp_dbm=_scaled(at(fields, 2), 96, 1, -121), ecio_db=_scaled(at(fields, 3), 65, 0.5, -32.5)
        )
    return Signal(rssi_dbm=rssi) if mode else None


def _qcsq(fields: Sequence[str]) -> Signal | None:
    """Quectel's values are dBm and dB already, but for the LTE SINR in fifths of a dB from -20 dB."""
    mode = at(fields, 0).upper()
    given = [number(field) for field in fields[1:5]] + [None] * 4
    first, second, third, fourth = (None if v is None else float(v) for v in given[:4])
    if "LTE" in mode or "CAT-" in mode or "EMTC" in mode or "NB" in mode:
        sinr = None if third is None else round(third / 5 - 20, 1)
        return Signal(rssi_dbm=first, rsrp_dbm=second, sinr_db=sinr, rsrq_db=fourth)
    if mode == "WCDMA":
        return Signal(rssi_dbm=first, rscp_dbm=second, ecio_db=third)
    return Signal(rssi_dbm=first) if mode else None


def _xcesq(fields: Sequence[str]) -> Signal | None:
    """Intel's +XCESQ: <n>, the fields of +CESQ, and the signal-to-noise ratio in half dB."""
    found = _cesq(fields[1:])
    ratio = number(at(fields, 7))
    if found is None or ratio is None or not -100 <= ratio <= 100:
        return found
    return replace(found, sinr_db=ratio / 2)


def _plain(value: str) -> float | None:
    return float(value) if re.fullmatch(r"-?\d{1,3}(\.\d+)?", value, re.ASCII) else None


def _smoni(fields: Sequence[str]) -> Signal | None:
    """Cinterion's cell report: values in dBm and dB, the LTE ones just before the connection state at the end."""
    mode = at(fields, 0).upper()
    if mode == "4G" and len(fields) >= 14:
        return Signal(rsrp_dbm=_plain(fields[-3]), rsrq_db=_plain(fields[-2]))
    if mode == "3G":
        return Signal(ecio_db=_plain(at(fields, 3)), rscp_dbm=_plain(at(fields, 4)))
    if mode == "2G":
        return Signal(rssi_dbm=_plain(at(fields, 2)))
    return None


def _qeng(fields: Sequence[str]) -> Signal | None:
    """Quectel's serving cell on LTE: …,<rsrp>,<rsrq>,<rssi>,<sinr> behind the tracking area."""
    if at(fields, 2).upper() != "LTE" or len(fields) < 17:
        return None
    return Signal(_plain(fields[15]), _plain(fields[13]), _plain(fields[14]), _plain(fields[16]))


_READERS = {
    "+XCESQ": _xcesq,
    "^SMONI": _smoni,
    "+QENG": _qeng,
    "+CSQ": _csq,
    "+CESQ": _cesq,
    "^HCSQ": _hcsq,
    "+QCSQ": _qcsq,
}
