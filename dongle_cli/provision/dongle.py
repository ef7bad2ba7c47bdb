"""One dongle's way through a run: switch, identify, unlock, plan, write, read back, prove, record.

The plan is computed from what the dongle is, so a run that was cut off anywhere is repaired by running again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _
from dongle_cli.identity import DongleIdentity, mask_digits
from dongle_cli.models.model import AuthOrder
from dongle_cli.modem import context as contexts
from dongle_cli.modem import network, sim
from dongle_cli.modem.context import ContextState
from dongle_cli.modem.identity import read_iccid, read_identity, read_imei, read_imsi
from dongle_cli.modem.modem import Modem
from dongle_cli.modem.sim import SimState
from dongle_cli.provision import apply, pin, verify
from dongle_cli.provision.job import Job
from dongle_cli.provision.keep import fail, keep
from dongle_cli.provision.outcome import Change, Outcome, StepResult, now
from dongle_cli.provision.plan import Plan, Target, differences, make_plan
from dongle_cli.provision.profile import values_for
from dongle_cli.provision.session import Session
from dongle_cli.provision.sims import SimRow
from dongle_cli.secrets import Secret
from dongle_cli.usb.device import UsbDevice


def provision(device: UsbDevice, job: Job) -> Outcome:
    """Bring `device` to what `job` wants; never raises for what a dongle does, the Outcome says it."""
    run = _Run(device, job)
    started = time.monotonic()
    try:
        session = Session(device, record_to=record_file(job.record_to, device), notice=run.note)
        try:
            with session:
                run.through(session)
        finally:
            run.outcome.transcript_digest = session.recorder.digest()
    except DongleError as error:
        fail(run.outcome, error)
    run.outcome.seconds = time.monotonic() - started
    run.outcome.mask(run.numbers())
    keep(run.outcome, job)
    return run.outcome


def record_file(path: Path | None, device: UsbDevice) -> Path | None:
    """Where this dongle's dialogue is recorded: its port goes into the name, so that several do not share a file."""
    if path is None:
        return None
    return path.with_name(f"{path.stem}-{device.port.replace('/', '_').replace(':', '_')}{path.suffix}")


class _Run:
    def __init__(self, device: UsbDevice, job: Job) -> None:
        self.job = job
        self.port = device.port
        self.outcome = Outcome(port=device.port, usb=device.usb)
        self.identity = DongleIdentity()
        self.row: SimRow | None = None

    def numbers(self) -> dict[str, str]:
        """The subscriber's IMSI and telephone number, and what is shown and kept of them."""
        imsi, msisdn = self.identity.imsi, self.row.msisdn if self.row else None
        masks = {imsi.digits: imsi.masked} if imsi else {}
        return masks | ({msisdn: mask_digits(msisdn)} if msisdn else {})

    def note(self, text: str) -> None:
        self.outcome.notes.append(text)
        self.job.progress(self.port, text.removeprefix(f"{self.port}: "))

    @contextmanager
    def step(self, name: str, words: str) -> Iterator[StepResult]:
        """Time a step; one that raises is recorded as failed."""
        self.job.progress(self.port, words)
        begun, at = time.monotonic(), now()
        result = StepResult(name, "failed", 0.0, at)
        try:
            yield result
            result = replace(result, result="ok")
        finally:
            self.outcome.steps.append(replace(result, seconds=time.monotonic() - begun))

    def through(self, session: Session) -> None:
        if session.in_storage_mode and not self._switch(session):
            return
        self._identify(session)
        with self.step("sim", _("reading the SIM")):
            state = sim.read_state(session.modem)
            self._find_row(state)
            session.recorder.numbers = self.numbers()
            self._note_seen(session)
            state = self._unlock(session, state)
        with self.step("plan", _("comparing with the profile")):
            before = contexts.read_contexts(session.modem)
            self.outcome.before = self._snapshot(before, state)
            target = self._target()
            plan = make_plan(before, target, credentials_known=self._credentials_known(target))
            self.outcome.changes += plan.changes
            self.job.roll.check(str(self.identity.imei), self.port)
        if self.job.dry_run:
            self.outcome.result = "skipped" if self.outcome.changes else "already"
            return
        self._carry_out(session, plan, target, before)
        self.outcome.result = "ok" if self.outcome.changes else "already"

    def _switch(self, session: Session) -> bool:
        change = Change("mode", "storage", "modem")
        self.outcome.model = session.model.id
        session.refuse_unmanaged()
        if self.job.dry_run:
            self.outcome.changes.append(change)
            self.outcome.result = "skipped"
            self.note(
                _("{port}: shows its CD-ROM; what else would change is known after the switch.").format(port=self.port)
            )
            return False
        if not self.job.switch:
            session.refuse_storage()
        with self.step("switch", _("switching from CD-ROM to modem")):
            session.switch()
        self.outcome.changes.append(change)
        self.outcome.usb = session.device.usb
        return True

    def _identify(self, session: Session) -> None:
        with self.step("identify", _("reading the identity")):
            modem = session.connect()
            # The list's passwords are masked by value; the user stays, so that the transcript can be replayed.
            session.recorder.order = contexts.auth_order(modem, modem.dialect.auth[0])
            self.identity = read_identity(modem)
            self.outcome.model = session.model.id
            self.outcome.imei = str(self.identity.imei) if self.identity.imei else None
            self.outcome.iccid = str(self.identity.iccid) if self.identity.iccid else None
            if session.model.radio == "3g":
                self.note(
                    _("{port}: {model} knows only 3G, which is closed down in Japan.").format(
                        port=self.port, model=session.model.name
                    )
                )
            if self.identity.imei is None:
                raise DongleError(
                    _("{port}: the dongle gives no valid IMEI.").format(port=self.port),
                    code="modem.no-imei",
                    hint=_("Put the dongle aside: without an IMEI it cannot be told from another one."),
                )
            if not self.job.profile.allows_model(session.model.id):
                raise DongleError(
                    _("{port}: the profile {profile} does not allow the model {model}.").format(
                        port=self.port, profile=self.job.profile.name, model=session.model.id
                    ),
                    code="modem.not-allowed",
                )
            self.job.roll.enter(str(self.identity.imei), self.port)
            self.job.roll.check(str(self.identity.imei), self.port)

    def _find_row(self, state: SimState) -> None:
        """The SIM list's row for this card, and every reason to refuse the pair of card and dongle."""
        iccid, profile, sims = self.identity.iccid, self.job.profile, self.job.sims
        if iccid is None:
            needed = sims is not None or bool(profile.iccid_patterns)
            if state.absent and (needed or self.job.unlock):
                pin.refuse_locks(self.port, state)
            if needed:
                raise DongleError(
                    _("{port}: the ICCID of the SIM could not be read.").format(port=self.port),
                    code="sim.no-iccid",
                    hint=_("Check that the SIM is in the dongle, then run the command again."),
                )
            return
        values = {"port": self.port, "iccid": iccid}
        if not profile.allows_sim(iccid):
            raise DongleError(
                _("{port}: the profile {profile} is not for SIM {iccid}.").format(profile=profile.name, **values),
                code="sim.not-allowed",
                hint=_("Check that the right SIM is in this dongle."),
            )
        if sims is None:
            return
        self.row = sims.by_iccid(iccid)
        if self.row is None:
            raise DongleError(
                _("{port}: SIM {iccid} is not in the SIM list.").format(**values),
                code="sim.not-listed",
                hint=_("Check that the right SIM is in this dongle, and that the list is the right one."),
            )
        self.outcome.asset_no = self.row.asset_no
        listed, shown = self.row.imei, self.identity.imei
        if listed is not None and shown is not None and listed.significant != shown.significant:
            raise DongleError(
                _("{port}: SIM {iccid} belongs into dongle {listed}, but this is {imei}.").format(
                    listed=listed, imei=shown, **values
                ),
                code="sim.imei-mismatch",
                hint=_("Put the SIM into the dongle that the list names. Nothing was written."),
            )

    def _note_seen(self, session: Session) -> None:
        if not self.job.dry_run:
            outcome = self.outcome
            self.job.register.seen(
                outcome.imei, outcome.iccid, outcome.model, self.port, outcome.asset_no, serial=session.device.serial
            )

    def _unlock(self, session: Session, state: SimState) -> SimState:
        """The card usable and its PIN as the profile wants it; the state read afterwards."""
        if not self.job.unlock:
            return state
        use = self._pin_use(session.modem)
        changes = pin.planned(use, state, self.job.profile.pin)
        if self.job.profile.pin == "change" and self.row is not None and self.row.new_pin is None:
            self.note(_("{port}: the SIM list has no new_pin for this SIM; its PIN stays.").format(port=self.port))
        if self.job.dry_run:
            self.outcome.changes += changes
            return state
        for change in pin.carry_out(use, state, changes):
            self.outcome.changes.append(change)
        if not changes:
            return state
        if self.identity.imsi is None:
            self.identity = replace(self.identity, imsi=read_imsi(session.modem))
        return sim.read_state(session.modem)

    def _pin_use(self, modem: Modem) -> pin.PinUse:
        current, new = self._pins()
        job = self.job
        return pin.PinUse(modem, job.register, job.gate, self.identity.iccid, current, new, self.port, job.force)

    def _pins(self) -> tuple[Secret | None, Secret | None]:
        """The PIN the card has now and the one it shall have; after a change that worked, both are the new one."""
        row, register = self.row, self.job.register
        if row is None:
            return None, None
        if self.job.profile.pin == "change" and row.new_pin is not None and self.identity.iccid is not None:
            last = register.pin_attempt(str(self.identity.iccid))
            if last is not None and last.state == "accepted" and last.fingerprint == register.fingerprint(row.new_pin):
                return row.new_pin, row.new_pin
        return row.pin, row.new_pin

    def _target(self) -> Target:
        profile = self.job.profile
        values = values_for(profile, self.row, self.identity)
        context = ContextState(profile.cid, profile.type, profile.apn, profile.auth, values.user, values.password)
        return Target(context, profile.only)

    def _fingerprint(self, target: Target) -> str:
        """Stands for the credentials in the register: keyed, so that nobody can try passwords against it."""
        c = target.context
        secret = c.password.reveal() if c.password else ""
        return self.job.register.fingerprint(Secret("\n".join((str(c.cid), c.auth or "", c.user or "", secret))))

    def _credentials_known(self, target: Target) -> bool:
        return self.job.register.credentials(str(self.identity.imei)) == self._fingerprint(target)

    def _carry_out(self, session: Session, plan: Plan, target: Target, before: list[ContextState]) -> None:
        found, order = self._write(session, plan, target, before)
        if self.job.replug:
            found = self._replug(session, target)
        if self.job.attach and self.job.profile.register:
            try:
                self._attach(session, target, order, wrote=not plan.empty)
            except DongleError as error:
                if error.code != "network.auth-failed" or not plan.empty or self._read_back(found, target):
                    raise
                # The register says that this dongle holds the password, and the network says that it does not.
                plan = make_plan(found, target, credentials_known=False)
                self.outcome.changes += plan.changes
                found, order = self._write(session, plan, target, found)
                self._attach(session, target, order, wrote=True)
        self.outcome.after = self._snapshot(found, sim.read_state(session.modem))

    def _write(
        self, session: Session, plan: Plan, target: Target, before: list[ContextState]
    ) -> tuple[list[ContextState], AuthOrder | None]:
        """What the dongle holds after `plan`, and the order of user and password where nothing proves it."""
        imei = str(self.identity.imei)
        found, order = before, None
        if not plan.empty:
            self.job.register.note_credentials(imei, None)  # until it is read back, nobody knows what the dongle holds
            with self.step("write", _("writing and reading back")):
                written = apply.carry_out(session.modem, plan, target, before)
                found, order = written.contexts, verify.may_be_swapped(session.modem, written, target)
                if written.swapped:
                    self._say_swapped(written.order)
            self.job.register.note_credentials(imei, self._fingerprint(target))
        if target.context.auth != "none":
            self.outcome.proven["password"] = "read-back" if self._read_back(found, target) else "unproven"
        return found, order

    def _read_back(self, found: list[ContextState], target: Target) -> bool:
        """Whether the dongle shows its password, and it is the right one."""
        want = target.context
        return any(state.cid == want.cid and state.password and state.password == want.password for state in found)

    def _replug(self, session: Session, target: Target) -> list[ContextState]:
        """Power-cycle and read again: some sticks lose what they acknowledged."""
        with self.step("replug", _("restarting the dongle")):
            session.reset()
        with self.step("read-again", _("reading again")):
            modem = session.connect()
            self._refuse_another(modem)
            if self.job.unlock:
                pin.unlock(self._pin_use(modem), sim.read_state(modem))
            found = contexts.read_contexts(modem)
            wrong = differences(found, target)
            if wrong:
                self.job.register.note_credentials(str(self.identity.imei), None)
                raise apply.differs(self.port, wrong, target, code="flash.forgotten")
        return found

    def _refuse_another(self, modem: Modem) -> None:
        """A hand may have plugged in another dongle, and a PIN is for one card only."""
        if (read_imei(modem), read_iccid(modem)) != (self.identity.imei, self.identity.iccid):
            raise DongleError(
                _("{port}: another dongle or SIM is here than before the restart.").format(port=self.port),
                code="modem.exchanged",
                hint=_("Plug {imei} with SIM {iccid} in again and run the command again.").format(
                    imei=self.identity.imei, iccid=self.identity.iccid
                ),
            )

    def _attach(self, session: Session, target: Target, order: AuthOrder | None, *, wrote: bool) -> None:
        iccid = self.outcome.iccid
        if iccid and not self.job.register.was_attached(iccid):
            words = _("{port}: first attach of this SIM: it opens the line and may start billing.")
            self.note(words.format(port=self.port))
        with self.step("attach", _("waiting for the network")):
            proof = verify.prove(session.modem, target, attach=wrote, timeout=self.job.profile.timeout, order=order)
        if iccid:
            self.job.register.note_attached(iccid)
        if proof.order is not None:
            self._say_swapped(proof.order)
        if self.outcome.proven.get("password") == "unproven":
            self.outcome.proven["password"] = proof.password
        self.outcome.proven["registration"] = "home" if proof.registration.stat == network.HOME else "roaming"

    def _say_swapped(self, order: AuthOrder) -> None:
        self.outcome.proven["auth_order"] = order
        first = _("user first") if order == "user-password" else _("password first")
        words = _("{port}: this firmware takes user and password in the other order ({order}).")
        self.note(words.format(port=self.port, order=first))

    def _snapshot(self, found: list[ContextState], state: SimState) -> dict[str, object]:
        """The dongle as evidence describes it: no password, the IMSI masked."""
        return {
            "contexts": [context.as_json() for context in found],
            "sim": {"state": state.state, "pin_enabled": state.pin_enabled, "pin_retries": state.pin_retries,
                    "puk_retries": state.puk_retries},
            "imsi": self.identity.imsi.masked if self.identity.imsi else None,
        }  # fmt: skip
