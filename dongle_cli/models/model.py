"""A dongle model as data: USB ids, mode switch, where its AT port is, and how it departs from 3GPP TS 27.007."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

SwitchMethod = Literal[
    "eject", "message", "huawei", "huawei-new", "huawei-alternative", "configuration", "sierra", "none"
]
Control = Literal["at", "http", "qmi", "mbim"]
# The commands that `modem` can write PDP authentication with.
AUTH_WRITERS = frozenset((
    "+CGAUTH", "^AUTHDATA", "+QICSGP", "$QCPDPP", "#PDPAUTH", "%IPDPCFG", "*EIAAUW", "+UAUTHREQ", "^SGAUTH", "+XGAUTH",
    "+MGAUTH",
))  # fmt: skip
AuthOrder = Literal["user-password", "password-user", "unknown"]


@dataclass(frozen=True)
class Switch:
    """How a stick that shows a CD-ROM is made a modem."""

    method: SwitchMethod = "none"
    messages: tuple[
        bytes, ...
    ] = ()  # 31-byte command block wrappers (USB Mass Storage BOT clause 5.1), method "message"
    configuration: int | None = None  # bConfigurationValue, method "configuration"
    wait_before: float = 0.0  # seconds the stick wants before it listens
    release_delay: float = 0.0  # seconds between the message and letting go


@dataclass(frozen=True)
class UsbId:
    """One vendor and product id, and what the stick is under it."""

    vid: int
    pid: int
    mode: Literal["storage", "modem"]
    at_interfaces: tuple[
        int, ...
    ] = ()  # bInterfaceNumber of AT ports, best first; empty: by `at_triples`, then by asking
    new_id: str | None = None  # kernel driver that must be told this id ("option"), None: the kernel knows it
    switch: Switch | None = None  # overrides the model's, for models that come with several
    targets: tuple[tuple[int, int], ...] = ()  # what a storage face becomes, where that id belongs to another model
    product: str | None = None  # the id is this model's only where manufacturer or product string contains this


@dataclass(frozen=True)
class Dialect:
    """How a model departs from 3GPP TS 27.007; the empty dialect is the standard itself.

    The lists name readers and writers that `modem` knows, tried in order until one is not refused.
    """

    init: tuple[str, ...] = ()  # commands without AT sent after opening, e.g. "^CURC=0"; a refusal is no error
    imei: tuple[str, ...] = ("+CGSN", "+GSN")
    iccid: tuple[str, ...] = ("+CCID", "+ICCID", "+CRSM", "+CSIM")
    firmware: tuple[str, ...] = ("+CGMR",)
    pin_retries: tuple[str, ...] = ("+CPINR", "+CSIM")
    auth: tuple[str, ...] = ("+CGAUTH",)
    auth_order: AuthOrder | None = None  # of the first writer in `auth`; None: as that writer's manuals say
    signal: tuple[str, ...] = ("+CESQ", "+CSQ")
    reset: tuple[str, ...] = ("+CFUN=1,1",)
    settle: float = 0.0  # seconds to wait after the SIM was unlocked, where the firmware needs it


@dataclass(frozen=True)
class Model:
    """One dongle model, or one family that behaves alike."""

    id: str  # file name without .toml
    name: str
    vendor: str
    usb: tuple[UsbId, ...] = ()
    switch: Switch = field(default_factory=Switch)
    at_triples: tuple[tuple[int, int, int], ...] = ()  # class triples of AT ports, best first
    control: Control = "at"
    radio: Literal["lte", "3g"] = "lte"
    dialect: Dialect = field(default_factory=Dialect)
    notes: str = ""
    source: str = ""  # where the facts come from
    aliases: tuple[str, ...] = ()  # what +CGMM answers ("MS2131*"), for models that share their USB ids with others
    vids: tuple[int, ...] = ()  # vendor ids whose products that no model names behave like this one
