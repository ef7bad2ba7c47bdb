"""A virtual SIM card: its numbers, and what PIN, PUK and their counters do to each other (ETSI TS 102 221 clause 9)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["READY", "SIM PIN", "SIM PUK", "BLOCKED"]
PIN_TRIES, PUK_TRIES = 3, 10


@dataclass
class SimCard:
    """One card. Every wrong PIN costs a try, wherever it was given; a right one, or the PUK, gives them all back."""

    iccid: str
    imsi: str
    msisdn: str
    pin: str
    puk: str
    pin_enabled: bool = False
    pin_tries: int = PIN_TRIES
    puk_tries: int = PUK_TRIES
    verified: bool = False

    @property
    def state(self) -> State:
        """What the card waits for, in the words of +CPIN? (3GPP TS 27.007 clause 8.3)."""
        if self.puk_tries == 0:
            return "BLOCKED"
        if self.pin_tries == 0:
            return "SIM PUK"
        return "SIM PIN" if self.pin_enabled and not self.verified else "READY"

    def power_cycle(self) -> None:
        """The card lost its power: the PIN has to be shown again, the counters stay."""
        self.verified = False

    def verify(self, pin: str) -> bool:
        """Show the PIN; a wrong one costs a try."""
        if self.pin_tries == 0:
            return False
        if pin != self.pin:
            self.pin_tries -= 1
            return False
        self.pin_tries = PIN_TRIES
        self.verified = True
        return True

    def unblock(self, puk: str, new_pin: str) -> bool:
        """Show the PUK and set a new PIN; a wrong PUK costs one of ten tries."""
        if self.puk_tries == 0:
            return False
        if puk != self.puk:
            self.puk_tries -= 1
            return False
        self.pin, self.pin_tries, self.puk_tries, self.verified = new_pin, PIN_TRIES, PUK_TRIES, True
        return True

    def swapped_iccid(self) -> str:
        """EF_ICCID as stored: ten bytes of swapped nibbles, filled with F (TS 102 221 clause 13.2)."""
        return _swap(self.iccid.ljust(20, "F"))

    def swapped_imsi(self) -> str:
        """EF_IMSI: length 8, parity nibble 9 for an odd number of digits, swapped (3GPP TS 31.102 clause 4.2.2)."""
        return "08" + _swap(("9" if len(self.imsi) % 2 else "1") + self.imsi.ljust(15, "F"))


def _swap(digits: str) -> str:
    return "".join(digits[i + 1] + digits[i] for i in range(0, len(digits), 2))
