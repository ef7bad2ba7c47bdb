"""The words of +CME ERROR, for ports that asked for them with +CMEE=2 (3GPP TS 27.007 clause 9.2)."""

from __future__ import annotations

CME = {
    3: "operation not allowed",
    4: "operation not supported",
    10: "SIM not inserted",
    11: "SIM PIN required",
    12: "SIM PUK required",
    13: "SIM failure",
    14: "SIM busy",
    16: "incorrect password",
    21: "invalid index",
    22: "not found",
    30: "no network service",
    50: "Incorrect parameters",
    100: "unknown",
    107: "GPRS services not allowed",
    133: "requested service option not subscribed",
    148: "unspecified GPRS error",
    149: "PDP authentication failure",
}
