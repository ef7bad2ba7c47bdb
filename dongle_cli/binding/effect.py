"""Whether a revocation holds: the gateway is asked until it refuses, or the time is up."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from dongle_cli.binding.probes import Answer, Gateway, log_on
from dongle_cli.i18n import _

ATTEMPT = 10.0  # seconds for one logon
LEAST = 5.0  # seconds for the last one, even where less is left: a slow gateway is none that is silent
QUICK, SLOW = 1.0, 5.0  # seconds between two: at first, and after QUICK_FOR
QUICK_FOR = 30.0

Result = Literal["refused", "accepted", "unmeasured"]  # measured good, measured bad, could not measure


@dataclass(frozen=True)
class Effect:
    """What was measured; times are ISO 8601, None where there was no such moment."""

    result: Result
    gateway: str
    serial: str  # of the certificate that was tried
    probe: str  # "canary" or "given"
    begun: str  # when the revocation was published
    seconds: float | None = None  # from there to the first refusal: it took at most so long
    last_accepted: str | None = None
    first_refused: str | None = None
    why: str = ""


@dataclass(frozen=True)
class Probe:
    """A certificate with its key, ready to log on, and where."""

    gateway: Gateway
    context: ssl.SSLContext
    serial: str
    kind: str

    def once(self, timeout: float = ATTEMPT) -> Answer:
        """One logon."""
        return log_on(self.gateway, self.context, timeout)


def measure(probe: Probe, before: Answer, within: float, notice: Callable[[str], None] = lambda _text: None) -> Effect:
    """Log on again and again until the gateway refuses; no logon begins later than after `within` seconds.

    A refusal counts where the same certificate was accepted `before` (or since), or where the gateway itself says that
    it is revoked: a gateway that never let it in proves nothing.
    """
    clock, begun = time.monotonic(), now()
    last_accepted: str | None = None
    was_accepted = before.verdict == "accepted"
    answer = before
    told = False
    while True:
        answer = probe.once(min(ATTEMPT, max(LEAST, within - (time.monotonic() - clock))))
        moment, elapsed = now(), time.monotonic() - clock
        if answer.verdict == "accepted":
            was_accepted, last_accepted = True, moment
            if not told:
                notice(_("{gateway} still lets it in; waiting.").format(gateway=probe.gateway.shown))
                told = True
        elif answer.verdict == "refused":
            if was_accepted or answer.revoked:
                return _effect("refused", probe, begun, answer.why, round(elapsed, 1), last_accepted, moment)
            why = _("it was refused before as well, so this proves nothing ({reason})").format(reason=answer.why)
            return _effect("unmeasured", probe, begun, why)
        pause = QUICK if elapsed < QUICK_FOR else SLOW
        if elapsed + pause >= within:
            break
        time.sleep(pause)  # the gateway tells nobody when it has read a list: there is no event to wait for
    if answer.verdict == "accepted":
        return _effect("accepted", probe, begun, "", None, last_accepted)
    return _effect("unmeasured", probe, begun, answer.why, None, last_accepted)


def _effect(
    result: Result, probe: Probe, begun: str, why: str, seconds: float | None = None,
    last_accepted: str | None = None, first_refused: str | None = None,
) -> Effect:  # fmt: skip
    return Effect(
        result, probe.gateway.shown, probe.serial, probe.kind, begun, seconds, last_accepted, first_refused, why
    )


def now() -> str:
    """This moment, as it stands in a result."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
