"""Sticks on Qualcomm firmware that keep credentials in $QCPDPP, password before user: ZTE, Sierra Wireless, LG."""

from __future__ import annotations

from dongle_cli.lab.at import Answer, AtPort, Call
from dongle_cli.lab.commands.basic import accept, answers
from dongle_cli.lab.commands.contexts import auth_command
from dongle_cli.lab.commands.sim import card
from dongle_cli.lab.face import Face, Interface, Numbers
from dongle_cli.lab.family import VENDOR, Family, Layout, Switching, cd_rom, ports
from dongle_cli.lab.modem import Command, Modem, Persona
from dongle_cli.lab.network import Context
from dongle_cli.lab.simcard import PIN_TRIES, PUK_TRIES

QCPDPP = auth_command(password_first=True, kinds=3, name="$QCPDPP")

_ZTE_MESSAGE = bytes.fromhex("55534243123456782000000080000c85010101180101010101000000000000")


def _zpinpuk(modem: Modem, _port: AtPort, _call: Call) -> Answer:
    """Asked in the test form: PIN tries, PUK tries."""
    return [f"+ZPINPUK: {card(modem).pin_tries},{card(modem).puk_tries}"]


def _cpinc(modem: Modem, _port: AtPort, _call: Call) -> Answer:
    return [f"+CPINC: {card(modem).pin_tries},{PIN_TRIES},{card(modem).puk_tries},{PUK_TRIES}"]


def _restart(modem: Modem, _port: AtPort, _call: Call) -> Answer:
    modem.restart()
    return []


_ZTE = {
    "+ZPINPUK": Command(_zpinpuk, "sim"),
    "+ZGETICCID": Command(lambda modem, _port, _call: [f"+ZGETICCID: {card(modem).iccid}"], "sim"),
    "+ZRST": Command(_restart),
    "+ZSNT": answers("+ZSNT: 0,0,0"),
    "+ZPAS": answers('+ZPAS: "LTE","CS_PS"'),
    "+ZCDRUN": Command(accept),
    "$QCPDPP": QCPDPP,
}
_SIERRA = {
    "!ICCID": Command(lambda modem, _port, _call: [f"!ICCID: {card(modem).iccid}"], "sim"),
    "+CPINC": Command(_cpinc, "sim"),
    "!RESET": Command(_restart),
    "!ENTERCND": Command(accept),
    "!SELRAT": answers("!SELRAT: 00, Automatic"),
    "$QCPDPP": QCPDPP,
}
_SIERRA_LAYOUT: Layout = ((VENDOR, "diag", False), (VENDOR, "gps", True), (VENDOR, "at", True), (VENDOR, "inert", True))
_SIERRA_NUMBERS = (0, 2, 3, 8)


def _two_configurations() -> Face:
    """MBIM in configuration 2, which it wakes up in; serial functions in configuration 1."""
    serial = ports(0x1199, 0x9051, "", "", _SIERRA_LAYOUT, _SIERRA_NUMBERS).interfaces
    numbers = Numbers()
    mbim = (
        Interface(12, (0x02, 0x0E, 0x00), "inert", (numbers.notify(),)),
        Interface(13, (0x0A, 0x00, 0x02), "inert", numbers.pair()),
    )
    return Face(0x1199, 0x9051, (serial, mbim), "Sierra Wireless, Incorporated", "AirCard 340U")


def _lg(name: str, model: str, before: int, after: int, switching: Switching) -> Family:
    layout: Layout = ((VENDOR, "diag", False), (VENDOR, "diag", True), (VENDOR, "at", True), (VENDOR, "inert", True))
    return Family(
        name,
        ports(0x1004, after, "LG Electronics Inc.", "LGE USB Modem", layout),
        Persona(
            "LG Electronics Inc.", model, f"{model}-V10a",
            commands={"$QCPDPP": QCPDPP},
            lacks=("+CGAUTH", "+CGDEL"),
            presets=(Context(1, "IP", "mopera.net"), Context(2, "IP", "mopera.flat.foma.ne.jp")),
        ),
        cd_rom(0x1004, before, "LG Electronics Inc.", "LGE USB Modem"),
        switching,
    )  # fmt: skip


FAMILIES = (
    Family(
        "zte-0117",
        ports(
            0x19D2, 0x0117, "ZTE,Incorporated", "ZTE WCDMA Technologies MSM",
            ((VENDOR, "diag", False), (VENDOR, "at", True), (VENDOR, "at", True), (VENDOR, "inert", True)),
        ),
        Persona(
            "ZTE CORPORATION", "MF820D", "BD_MF820DV1.0.0B07", commands=_ZTE, lacks=("+CGAUTH", "+CPINR", "+CGDEL"),
            presets=(Context(1, "IP", "internet"),), noise=("+ZUSIMR:2", "+ZPASR: \"LTE\"", '+CMTI: "ME",1'),
        ),
        cd_rom(0x19D2, 0x2000, "ZTE,Incorporated", "ZTE WCDMA Technologies MSM"),
        Switching(eject=True, messages=(_ZTE_MESSAGE,)),
        reset_to_storage=True,
        serial="1234567890ABCDEF",  # the same on every stick of the series
    ),
    Family(
        "zte-1428",
        ports(
            0x19D2, 0x1428, "ZTE,Incorporated", "ZTE Mobile Broadband",
            ((VENDOR, "diag", False), (VENDOR, "at", True), (VENDOR, "inert", True)),
        ),
        Persona(
            "ZTE CORPORATION", "MF833V", "BD_MF833VV1.0.0B02",
            commands={k: v for k, v in _ZTE.items() if k != "$QCPDPP"},
            lacks=("+CPINR",), presets=(Context(1, "IPV4V6"),),
        ),
        cd_rom(0x19D2, 0x1421, "ZTE,Incorporated", "ZTE Mobile Broadband"),
        Switching(messages=(_ZTE_MESSAGE,)),
    ),
    Family(
        "sierra-mc7455",
        ports(0x1199, 0x9071, "Sierra Wireless, Incorporated", "Sierra Wireless MC7455", _SIERRA_LAYOUT,
              _SIERRA_NUMBERS),
        Persona("Sierra Wireless, Incorporated", "MC7455", "SWI9X30C_02.24.05.06", commands=_SIERRA,
                lacks=("+CGAUTH", "+CPINR"), presets=(Context(1, "IPV4V6", "internet"),)),
        serial="LF{imei}",
    ),
    Family(
        "sierra-usb308",
        ports(0x1199, 0x68A3, "Sierra Wireless, Incorporated", "USB 308", _SIERRA_LAYOUT, (0, 1, 3, 7)),
        Persona("Sierra Wireless, Incorporated", "USB 308", "SWI9200X_03.05.29.03", "3g", commands=_SIERRA,
                lacks=("+CGAUTH", "+CPINR", "+CEREG", "+CESQ"), presets=(Context(1, "IP", "internet"),)),
        cd_rom(0x1199, 0x0FFF, "Sierra Wireless, Incorporated", "TRU-Install"),
        Switching(requests=((0x40, 0x0B, 1),)),
    ),
    Family(
        "sierra-ac340u",
        _two_configurations(),
        Persona("Sierra Wireless, Incorporated", "AC340U", "SWI9X15C_01.05.34", commands=_SIERRA,
                lacks=("+CGAUTH", "+CPINR"), presets=(Context(1, "IPV4V6", "internet"),)),
        configuration=2,
    ),
    _lg("lg-l02c", "L-02C", 0x61DD, 0x618F, Switching(eject=True)),
    _lg(
        "lg-l03d", "L-03D", 0x6327, 0x6326,
        Switching(messages=(bytes.fromhex("555342431234567800000000000005f1010100000000000000000000000000"),)),
    ),
    _lg("lg-l03f", "L-03F", 0x6367, 0x6366, Switching(eject=True)),
)  # fmt: skip
