"""From information lines to values: plain functions that give None or [] for what they do not know."""

from __future__ import annotations

from dongle_cli.modem.parse.auth import ContextAuth, Order, context_auth
from dongle_cli.modem.parse.context import (
    Dynamic,
    PdpContext,
    active_cids,
    addresses,
    context_ranges,
    contexts,
    dynamic,
    same_apn,
)
from dongle_cli.modem.parse.huawei import port_modes, radio_options, radio_setting, setting_in
from dongle_cli.modem.parse.identity import esn, iccid, imei, imsi, information, meid, text
from dongle_cli.modem.parse.network import Offer, PacketEvent, clock, operators, packet_events
from dongle_cli.modem.parse.registration import Registration, registration
from dongle_cli.modem.parse.retries import pin_retries
from dongle_cli.modem.parse.signal import Signal, signal
from dongle_cli.modem.parse.sim import (
    card_trouble,
    crsm,
    csim,
    facilities,
    facility_lock,
    imsi_of_file,
    pin_state,
    tries_left,
)
from dongle_cli.modem.parse.simple import LAYOUTS, simple
from dongle_cli.modem.parse.status import (
    Operator,
    attached,
    ceer,
    functionality,
    functionality_levels,
    mobility_cause,
    operator,
    operator_id,
    own_numbers,
)

__all__ = [
    "LAYOUTS",
    "ContextAuth",
    "Dynamic",
    "Offer",
    "Operator",
    "Order",
    "PacketEvent",
    "PdpContext",
    "Registration",
    "Signal",
    "active_cids",
    "addresses",
    "attached",
    "card_trouble",
    "ceer",
    "clock",
    "context_auth",
    "context_ranges",
    "contexts",
    "crsm",
    "csim",
    "dynamic",
    "esn",
    "facilities",
    "facility_lock",
    "functionality",
    "functionality_levels",
    "iccid",
    "imei",
    "imsi",
    "imsi_of_file",
    "information",
    "meid",
    "mobility_cause",
    "operator",
    "operator_id",
    "operators",
    "own_numbers",
    "packet_events",
    "pin_retries",
    "pin_state",
    "port_modes",
    "radio_options",
    "radio_setting",
    "registration",
    "same_apn",
    "setting_in",
    "signal",
    "simple",
    "text",
    "tries_left",
]
