"""The virtual closed network: whom it admits, and with which cause it turns the others away."""

from __future__ import annotations

from dataclasses import dataclass, field

# auth as in 3GPP TS 27.007 clause 10.1.31.
NONE, PAP, CHAP = 0, 1, 2
AUTH_NAMES = {NONE: "none", PAP: "pap", CHAP: "chap"}

# Causes of 3GPP TS 24.301: EMM (table 9.9.3.9.1) and ESM (table 9.9.4.4.1).
IMSI_UNKNOWN, IMEI_NOT_ACCEPTED, ESM_FAILURE = 2, 5, 19
UNKNOWN_APN, AUTH_FAILED, TYPE_NOT_ALLOWED = 27, 29, 28

CAUSE_WORDS = {
    2: "IMSI unknown in HSS",
    3: "Illegal UE",
    5: "IMEI not accepted",
    6: "Illegal ME",
    7: "EPS services not allowed",
    8: "EPS services and non-EPS services not allowed",
    11: "PLMN not allowed",
    15: "No suitable cells in tracking area",
    19: "ESM failure",
    27: "Missing or unknown APN",
    28: "Unknown PDN type",
    29: "User authentication failed",
    30: "Request rejected by serving GW or PDN GW",
    33: "Requested service option not subscribed",
}
# Causes that stand for themselves; every other number is an ESM cause inside EMM 19.
_EMM = (2, 3, 5, 6, 7, 8, 11, 12, 13, 14, 15, 17, 22)


@dataclass
class Context:
    """One PDP context in a modem's memory, with the credentials its family keeps beside it."""

    cid: int
    type: str = "IP"
    apn: str = ""
    auth: int = NONE
    user: str = ""
    password: str = ""


@dataclass(frozen=True)
class Line:
    """One contract: the SIM it belongs to, and what it must say to be let in."""

    imsi: str
    imei: str
    user: str
    password: str


@dataclass(frozen=True)
class Verdict:
    """Admitted, or the EMM cause and, inside EMM 19, the ESM cause."""

    emm: int | None = None
    esm: int | None = None

    @property
    def admitted(self) -> bool:
        """Whether the network lets it in."""
        return self.emm is None

    @classmethod
    def refusal(cls, cause: int) -> Verdict:
        """The verdict that `cause` stands for."""
        return cls(cause) if cause in _EMM else cls(ESM_FAILURE, cause)


@dataclass
class Network:
    """The closed network. `apn` is compared without regard to case (3GPP TS 23.003 clause 9.1)."""

    apn: str
    auth: int = CHAP
    plmn: str = "44010"
    name: str = "Closed Network"
    lines: dict[str, Line] = field(default_factory=dict)

    def attach(self, imsi: str, imei: str, context: Context | None) -> Verdict:
        """Judge an attach with its default bearer: subscriber and device first, then APN, then who the user is."""
        verdict = self.admit(imsi, imei)
        return self.connect(imsi, context) if verdict.admitted else verdict

    def admit(self, imsi: str, imei: str) -> Verdict:
        """Judge subscriber and device alone, as a 3G attach without bearer does; the check digit is not transmitted."""
        line = self.lines.get(imsi)
        if line is None:
            return Verdict(IMSI_UNKNOWN)
        return Verdict(IMEI_NOT_ACCEPTED) if line.imei and line.imei[:14] != imei[:14] else Verdict()

    def connect(self, imsi: str, context: Context | None) -> Verdict:
        """Judge a PDN connection of a subscriber that is known."""
        line = self.lines.get(imsi)
        if line is None:
            return Verdict(IMSI_UNKNOWN)
        if context is None or context.apn.lower() != self.apn.lower():
            return Verdict(ESM_FAILURE, UNKNOWN_APN)
        if context.type not in ("IP", "IPV4V6"):
            return Verdict(ESM_FAILURE, TYPE_NOT_ALLOWED)
        right = (context.auth, context.user, context.password) == (self.auth, line.user, line.password)
        return Verdict() if right else Verdict(ESM_FAILURE, AUTH_FAILED)
