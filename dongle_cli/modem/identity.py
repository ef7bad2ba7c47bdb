"""Who a dongle and its SIM are: IMEI, ICCID, IMSI, maker, model and firmware."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from dongle_cli.errors import DongleError
from dongle_cli.identity import DongleIdentity, Iccid, Imei, Imsi
from dongle_cli.modem import parse
from dongle_cli.modem.modem import Modem

Identity = TypeVar("Identity")

# EF_ICCID is file 2FE2 under the master file, ten bytes of swapped BCD (ETSI TS 102 221 clause 13.2).
_DONE = (0x90, 0x91)  # 91: the card also has something for the modem to do (TS 102 221 clause 10.2.1.1)
_CRSM_ICCID = "+CRSM=176,12258,0,0,10"
_CSIM_ICCID = ('+CSIM=14,"00A40004023F00"', '+CSIM=14,"00A40004022FE2"', '+CSIM=10,"00B000000A"')


@dataclass(frozen=True)
class Maker:
    """What the firmware says of itself; None where it does not say."""

    manufacturer: str | None
    model: str | None
    firmware: str | None


def read_maker(modem: Modem) -> Maker:
    """Manufacturer, model and firmware (27.007 clauses 5.1 to 5.3)."""
    return Maker(
        parse.text(modem.query("+CGMI")),
        parse.text(modem.query("+CGMM")),
        modem.first(modem.dialect.firmware, lambda _command, lines: parse.text(lines)),
    )


def read_identity(modem: Modem) -> DongleIdentity:
    """IMEI, ICCID and IMSI, each None where it could not be read or is none by its check digit."""
    return DongleIdentity(imei=read_imei(modem), iccid=read_iccid(modem), imsi=read_imsi(modem))


def read_imei(modem: Modem) -> Imei | None:
    """The IMEI (27.007 clause 5.4), None where no answer holds one."""

    def understood(_command: str, lines: Sequence[str]) -> Imei | None:
        text = parse.imei(lines)
        return _checked(Imei.parse, text)

    return modem.first(modem.dialect.imei, understood)


def read_imsi(modem: Modem) -> Imsi | None:
    """The IMSI (27.007 clause 5.6), None while the SIM is locked."""
    return _checked(Imsi.parse, parse.imsi(modem.query("+CIMI")))


def read_iccid(modem: Modem) -> Iccid | None:
    """The ICCID, by the dialect's commands and then out of the card's own file."""
    for command in modem.dialect.iccid:
        if command == "+CRSM":
            text = _file_content(modem)
        elif command == "+CSIM":
            text = _card_content(modem)
        else:
            text = parse.iccid(modem.query(command))
        if (iccid := _checked(Iccid.parse, text)) is not None:
            return iccid
    return None


def _file_content(modem: Modem) -> str | None:
    answer = parse.crsm(modem.query(_CRSM_ICCID))
    return parse.iccid([answer[2]]) if answer and answer[0] in _DONE else None


def _card_content(modem: Modem) -> str | None:
    answer = None
    for command in _CSIM_ICCID:
        answer = parse.csim(modem.query(command))
        if answer is None or not answer[1].startswith(("90", "91", "61", "9F")):
            return None
    return parse.iccid([answer[0]]) if answer else None


def _checked(make: Callable[[str], Identity], text: str | None) -> Identity | None:
    if text is None:
        return None
    try:
        return make(text)
    except DongleError:
        return None  # 000000000000000 and the like: the dongle answers, but that is no identity
