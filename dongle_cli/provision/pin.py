"""The PIN rules: every one of them exists because breaking it locks a SIM.

Read the retries first. Send a PIN at most once per SIM and run, never with one retry left, and only to the card that
the list names it for (no ICCID, no PIN). Write down "attempted", with the retries just read, before sending: after a
crash the same count means that the try never reached the card, a lower or unreadable one means that it did. Where
several dongles share a PIN, one goes first; after a refusal nobody else sends it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _, ngettext
from dongle_cli.identity import Iccid
from dongle_cli.modem import parse, sim
from dongle_cli.modem.at import Reply
from dongle_cli.modem.engine import BUSY, reason
from dongle_cli.modem.modem import Modem
from dongle_cli.modem.sim import SimState
from dongle_cli.provision.outcome import Change
from dongle_cli.provision.profile import PinAction
from dongle_cli.register.register import PinAttempt, Register
from dongle_cli.secrets import Secret

_TURN = 180.0  # seconds to wait for the dongle that goes first
_READY = 20.0  # seconds a card may take to become READY after its PIN


@dataclass
class _Shared:
    """What is known of one PIN in this run."""

    verdict: str = "untested"  # untested, accepted, refused
    busy: bool = False
    refused_on: str = ""
    changed: threading.Condition = field(default_factory=threading.Condition)


class PinGate:
    """Lets one dongle try a PIN that several share, and the others wait for how it went; one gate a run."""

    def __init__(self) -> None:
        self._pins: dict[Secret, _Shared] = {}
        self._lock = threading.Lock()

    @contextmanager
    def turn(self, pin: Secret, port: str) -> Iterator[_Shared]:
        """Hold the right to send `pin`; `sim.pin-batch-stopped` where it was refused elsewhere meanwhile."""
        with self._lock:
            shared = self._pins.setdefault(pin, _Shared())
        with shared.changed:
            done = shared.changed.wait_for(lambda: not shared.busy or shared.verdict == "accepted", timeout=_TURN)
            if not done:
                raise DongleError(
                    _("{port}: the dongle that tries this PIN first does not finish.").format(port=port),
                    code="sim.pin-wait",
                )
            if shared.verdict == "refused":
                raise DongleError(
                    _("{port}: this PIN was refused on {other}, so it is not sent to this SIM.").format(
                        port=port, other=shared.refused_on
                    ),
                    code="sim.pin-batch-stopped",
                    hint=_("Correct the PIN in the SIM list and run the command again. No try was lost here."),
                )
            first = shared.verdict == "untested"
            shared.busy = shared.busy or first
        try:
            yield shared
        finally:
            if first:
                with shared.changed:
                    shared.busy = False
                    shared.changed.notify_all()


@dataclass(frozen=True)
class PinUse:
    """Everything that sending a PIN depends on."""

    modem: Modem
    register: Register
    gate: PinGate
    iccid: Iccid | None
    pin: Secret | None  # the one the card has now
    new: Secret | None  # the one it shall have, where the profile wants it changed
    port: str
    force: bool = False


def planned(use: PinUse, state: SimState, action: PinAction) -> list[Change]:
    """What is to do at the card: unlock it, and switch its PIN off or change it where the profile says so."""
    locked = state.state == sim.PIN
    changes = [Change("sim.state", sim.PIN, sim.READY)] if locked else []
    if action == "disable" and (locked or state.pin_enabled):
        changes.append(Change("sim.pin", "enabled", "disabled"))
    if action == "change" and use.new is not None and use.pin != use.new:
        changes.append(Change("sim.pin", "old", "new"))
    return changes


def carry_out(use: PinUse, state: SimState, changes: list[Change]) -> Iterator[Change]:
    """Do what is planned, and give each change when it is done."""
    sent = unlock(use, state)
    for change in changes:
        if change.after == "disabled":
            disable(use, state, verified=sent)
        elif change.after == "new" and use.new is not None:
            change_pin(use, state, use.new, verified=sent)
        yield change


def unlock(use: PinUse, state: SimState) -> bool:
    """Make the card READY; True where a PIN was sent for it, False where none was needed."""
    if state.state in sim.USABLE:
        return False
    refuse_locks(use.port, state)
    pin = _checked_pin(use, state)
    _send(use, pin, state, lambda: sim.enter_pin(use.modem, pin))
    _wait_ready(use)
    return True


def disable(use: PinUse, state: SimState, *, verified: bool) -> None:
    """Switch the PIN request off; `verified`: the card accepted this PIN a moment ago, so it costs no try."""
    pin = use.pin if verified and use.pin else _checked_pin(use, state)
    _send(use, pin, state, lambda: sim.disable_pin(use.modem, pin))


def change_pin(use: PinUse, state: SimState, new: Secret, *, verified: bool) -> None:
    """Replace the PIN by `new`; `verified` as for `disable`."""
    attempt = use.register.pin_attempt(str(use.iccid))
    cut_off = attempt is not None and attempt.state == "attempted"
    if cut_off and attempt is not None and attempt.fingerprint == use.register.fingerprint(new) and not use.force:
        # Neither PIN can be tried without risk, and the counter looks the same either way.
        raise DongleError(
            _("{port}: an earlier run was cut off while it changed the PIN of SIM {iccid}.").format(
                port=use.port, iccid=use.iccid
            ),
            code="sim.pin-change-unknown",
            hint=_("Find out by hand which PIN the SIM has now; to try the change once more, run again with --force."),
        )
    pin = use.pin if verified and use.pin else _checked_pin(use, state)
    _send(use, pin, state, lambda: sim.change_pin(use.modem, pin, new), noted=new)


def refuse_locks(port: str, state: SimState) -> None:
    """Every state of the card that no PIN of ours can help: no card, unreadable, blocked, tied to another one."""
    values = {"port": port, "lock": state.state}
    if state.absent:
        raise DongleError(
            _("{port}: there is no SIM in the dongle.").format(**values),
            code="sim.absent",
            hint=_("Put the SIM in (contacts clean, right way round) and plug the dongle in again."),
        )
    if state.state is None:
        raise DongleError(
            _("{port}: the state of the SIM could not be read.").format(**values),
            code="sim.unreadable",
            hint=_("Unplug the dongle, wait ten seconds, plug it in and run the command again."),
        )
    if state.state == sim.PUK:
        raise DongleError(
            _("{port}: the SIM is blocked and asks for its PUK ({left} tries left).").format(
                port=port, left="?" if state.puk_retries is None else state.puk_retries
            ),
            code="sim.puk-locked",
            hint=_("Do not enter anything. Put the dongle aside; the help desk asks the carrier for the PUK."),
        )
    if state.state != sim.PIN:
        raise DongleError(
            _("{port}: the dongle is locked ({lock}).").format(**values),
            code="sim.locked",
            hint=_("This dongle is tied to another SIM or carrier. Put it aside and take another one."),
        )


def _checked_pin(use: PinUse, state: SimState) -> Secret:
    """The PIN if it may be sent now, and otherwise the rule that forbids it."""
    values = {"port": use.port, "iccid": use.iccid}
    if use.iccid is None:
        raise DongleError(
            _("{port}: the ICCID could not be read, so no PIN is sent.").format(**values), code="sim.no-iccid"
        )
    if use.pin is None:
        raise DongleError(
            _("{port}: SIM {iccid} asks for its PIN and the SIM list has none for it.").format(**values),
            code="sim.pin-missing",
            hint=_("Add the column pin to the SIM list and run the command again."),
        )
    left = state.pin_retries
    if left is not None and left <= 1:
        raise DongleError(
            _("{port}: SIM {iccid} has {left} PIN try left, so none is sent.").format(left=left, **values),
            code="sim.pin-last-try",
            hint=_(
                "Put the dongle aside; a person who is sure of the PIN must enter it, or the carrier gives the PUK."
            ),
        )
    attempt = use.register.pin_attempt(str(use.iccid))
    if attempt is not None and attempt.state == "refused" and attempt.fingerprint == use.register.fingerprint(use.pin):
        raise DongleError(
            _("{port}: SIM {iccid} refused this PIN before; it is not sent again.").format(**values),
            code="sim.pin-refused-before",
            hint=_("Correct the PIN in the SIM list and run the command again."),
        )
    if attempt is not None and attempt.state == "attempted" and _spent(attempt, left) and not use.force:
        raise DongleError(
            _("{port}: an earlier run was cut off while it sent the PIN of SIM {iccid}, and that try is gone.").format(
                **values
            ),
            code="sim.pin-attempted",
            hint=_("Check the PIN in the SIM list. If you are sure of it, run again with --force: it is sent once."),
        )
    if left is None and not use.force:
        raise DongleError(
            _("{port}: how many PIN tries SIM {iccid} has left could not be read, so none is sent.").format(**values),
            code="sim.retries-unknown",
            hint=_("If you are sure of the PIN, run again with --force: it is sent once."),
        )
    return use.pin


def _spent(attempt: PinAttempt, left: int | None) -> bool:
    """Whether the try of a run that was cut off may have reached the card: its counter is lower, or cannot tell."""
    return left is None or attempt.retries_before is None or left < attempt.retries_before


def _send(
    use: PinUse, pin: Secret, state: SimState, command: Callable[[], Reply], *, noted: Secret | None = None
) -> None:
    """Write the attempt down (as that of `noted`, the PIN the card has afterwards), send it, write down how it went."""
    with use.gate.turn(pin, use.port) as shared:
        attempt = use.register.note_pin_attempt(
            str(use.iccid), retries=state.pin_retries, fingerprint=use.register.fingerprint(noted or pin)
        )
        reply = command()  # a lost answer leaves "attempted" behind: the next run judges by the counter
        if reply.ok:
            shared.verdict = "accepted"
            use.register.settle_pin_attempt(attempt, accepted=True)
            return
        number = reply.final.number if reply.final else None
        if number in BUSY:  # the card never saw it; "attempted" stays, and the same count lets the next run send it
            raise DongleError(
                _("{port}: SIM {iccid} is busy and took no PIN.").format(port=use.port, iccid=use.iccid),
                code="sim.busy",
                hint=_("Wait a minute and run the command again."),
            )
        shared.verdict, shared.refused_on = "refused", use.port
        use.register.settle_pin_attempt(attempt, accepted=False)
    # Some counters are those of the code that is asked for now, which after a refused PIN may be the PUK.
    asked = sim.PIN if state.state == sim.READY else parse.pin_state(use.modem.query("+CPIN?"))
    left = sim.read_retries(use.modem, asked).get(sim.PIN)
    tries = ngettext("{left} try is left", "{left} tries are left", left or 0).format(
        left="?" if left is None else left
    )
    raise DongleError(
        _("{port}: SIM {iccid} refused its PIN ({reason}); {tries}.").format(
            port=use.port, iccid=use.iccid, reason=reason(reply), tries=tries
        ),
        code="sim.pin-refused",
        hint=_("Do not try again. Check the PIN in the SIM list against the carrier's sheet."),
        pin_retries=left,
    )


def _wait_ready(use: PinUse) -> None:
    """Wait until the card says READY; some firmwares crash when they are asked sooner."""
    use.modem.engine.settle(use.modem.dialect.settle)
    deadline = time.monotonic() + _READY
    while True:
        state = parse.pin_state(use.modem.query("+CPIN?"))
        if state in sim.USABLE:
            return
        left = deadline - time.monotonic()
        if left <= 0:
            raise DongleError(
                _("{port}: the SIM took its PIN but is not ready after {seconds} s (it says {state}).").format(
                    port=use.port, seconds=int(_READY), state=state
                ),
                code="sim.not-ready",
                hint=_("Unplug the dongle, wait ten seconds, plug it in and run the command again."),
            )
        use.modem.engine.listen(min(left, 0.5))
