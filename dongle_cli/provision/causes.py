"""Why a network refuses, and who must act: reject causes in the help desk's words."""

from __future__ import annotations

from dongle_cli.errors import DongleError
from dongle_cli.i18n import N_, _
from dongle_cli.modem.causes import emm_meaning, esm_meaning
from dongle_cli.modem.network import Refusal

_LINE = N_("The carrier must act: the line is not open yet, or the SIM is void. Plug the dongle in again after that.")
_BARRED = N_(
    "The carrier must act: the dongle's IMEI is barred there. Plug the dongle in again after that, or take another one."
)
_IMEI = N_("The carrier or the closed network does not admit this dongle's IMEI: check the list that was registered.")
_CONTRACT = N_(
    "Data is not open on this line. On a new SIM the first refusal is normal: plug the dongle in again once."
)
_AREA = N_("Wrong network for this SIM, or no usable cell here: check the contract's carrier and try near a window.")
_FAULT = N_("The network has a fault or is full: try again later.")
_APN = N_("Check the APN in the profile against the closed network's contract.")
_SESSION = N_(
    "The line is open, but the closed network was not reached: check APN, user, password and PAP/CHAP in the profile."
)
_AUTH = N_("Check user, password and PAP/CHAP against the closed network's sheet.")
_TYPE = N_("The closed network does not offer this PDP type: check type in the profile.")
_GATEWAY = N_("The closed network's own server refused: check the registration of this line and its IMEI there.")

# EMM causes of 24.301 annex A and GMM causes of 24.008 annex G.
_EMM = {
    2: _LINE, 3: _LINE, 6: _BARRED, 5: _IMEI, 7: _CONTRACT, 8: _CONTRACT, 11: _AREA, 12: _AREA, 13: _AREA, 14: _AREA,
    15: _AREA, 17: _FAULT, 19: _SESSION, 22: _FAULT,
}  # fmt: skip
# ESM causes of 24.301 annex B, SM causes of 24.008 annex I.
_ESM = {
    8: _CONTRACT,
    26: _FAULT,
    27: _APN,
    28: _TYPE,
    29: _AUTH,
    30: _GATEWAY,
    33: _APN,
    34: _FAULT,
    50: _TYPE,
    51: _TYPE,
    66: _APN,
}
_CODES = {29: "network.auth-failed", 27: "network.apn-refused", 33: "network.apn-refused"}


def refused(port: str, refusal: Refusal) -> DongleError:
    """The error for a network that said no: with its cause, what that means, and who must act."""
    number = refusal.esm_cause or refusal.cause
    known = _ESM.get(refusal.esm_cause or 0) or _EMM.get(refusal.cause or 0)
    hint = _(known) if known else _("Ask the carrier, and name the cause {number}.").format(number=number)
    if not refusal.named:
        hint = _("Ask the carrier why this SIM and this IMEI are refused, and check user and password in the profile.")
    meaning = _meaning(refusal)
    return DongleError(
        _("{port}: the network refused: {meaning}.").format(port=port, meaning=meaning),
        code=_CODES.get(refusal.esm_cause or 0, "network.refused"),
        hint=hint,
        reject_cause=refusal.cause,
        esm_cause=refusal.esm_cause,
    )


def _meaning(refusal: Refusal) -> str:
    parts = []
    if refusal.cause is not None:
        parts.append(f"{refusal.cause} ({emm_meaning(refusal.cause) or '?'})")
    if refusal.esm_cause is not None:
        parts.append(f"ESM {refusal.esm_cause} ({esm_meaning(refusal.esm_cause) or '?'})")
    return ", ".join(parts) or refusal.text or _("no cause given")
