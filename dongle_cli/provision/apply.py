"""Carrying out a plan: write, read back, and put back what was there if it cannot be finished."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _
from dongle_cli.models.model import AuthOrder
from dongle_cli.modem import context as contexts
from dongle_cli.modem.at import Reply
from dongle_cli.modem.context import ContextState
from dongle_cli.modem.modem import Modem
from dongle_cli.provision.outcome import Change
from dongle_cli.provision.plan import Plan, Target, differences
from dongle_cli.provision.wording import value_text, what_text

# Errors after which the dongle no longer listens, so that nothing can be put back.
GONE = frozenset({"usb.vanished", "usb.no-return", "at.silent", "at.half-line", "port.failed"})


@dataclass(frozen=True)
class Written:
    """What a plan left in the dongle: its contexts as read back, and the order of user and password that it took."""

    contexts: list[ContextState]
    order: AuthOrder
    swapped: bool  # the dongle takes user and password in the other order than its family


def carry_out(modem: Modem, plan: Plan, target: Target, before: Sequence[ContextState]) -> Written:
    """Write what `plan` names and read everything back; on failure restore `before` and tell the state in the error.

    Errors: those of the engine, `flash.refused`, `flash.differs`; their details carry `state` ("restored", "changed",
    "unknown").
    """
    try:
        _write(modem, plan, None)
        return _read_back(modem, plan, target)
    except DongleError as error:
        raise _with_state(error, modem, before, plan) from error


def rewrite_auth(modem: Modem, target: Target, order: AuthOrder) -> Written:
    """Write the credentials once more with user and password in `order`, and read back."""
    _accepted(modem, contexts.write_auth(modem, target.context, order), target.context.cid)
    found = contexts.read_contexts(modem)
    return Written(found, order, swapped=order != _family_order(modem))


def _write(modem: Modem, plan: Plan, order: AuthOrder | None) -> None:
    for cid in plan.delete:
        _accepted(modem, contexts.delete_context(modem, cid), cid)
    if plan.context is not None:
        reply = contexts.write_context(modem, plan.context.cid, plan.context.type, plan.context.apn)
        _accepted(modem, reply, plan.context.cid)
    if plan.auth is not None:
        _accepted(modem, contexts.write_auth(modem, plan.auth, order), plan.auth.cid)


def _accepted(modem: Modem, reply: Reply, cid: int) -> None:
    if reply.ok:
        return
    refusal = modem.engine.refused(reply)
    raise DongleError(
        _("{reason} Context {cid} is not written.").format(reason=refusal.message, cid=cid),
        code="flash.refused",
        hint=refusal.hint,
        **refusal.details,
    )


def _read_back(modem: Modem, plan: Plan, target: Target) -> Written:
    order = _family_order(modem)
    found = contexts.read_contexts(modem)
    if plan.auth is not None and _swapped(found, target):
        # What reads back as the user is the password: this firmware takes the two the other way round.
        order = other_order(order)
        return _checked(modem, rewrite_auth(modem, target, order), target)
    return _checked(modem, Written(found, order, swapped=False), target)


def _swapped(found: Sequence[ContextState], target: Target) -> bool:
    want = target.context
    have = next((state for state in found if state.cid == want.cid), None)
    if have is None or want.password is None or want.user == want.password.reveal():
        return False
    return have.user == want.password.reveal()


def _checked(modem: Modem, written: Written, target: Target) -> Written:
    wrong = differences(written.contexts, target)
    if wrong:
        raise differs(modem.port, wrong, target)
    return written


def differs(port: str, wrong: Sequence[Change], target: Target, *, code: str = "flash.differs") -> DongleError:
    """The error that a dongle reads back as something else than was written; never shows a password."""
    shown = [
        _("{what} is {before} and should be {after}").format(
            what=what_text(c.what), before=value_text(c.before), after=value_text(c.after)
        )
        for c in (unreadable_secret(change, target) for change in wrong)
    ]
    return DongleError(
        _("{port}: the dongle acknowledged the settings but reads back something else: {list}.").format(
            port=port, list="; ".join(shown)
        ),
        code=code,
        hint=_(
            "Take another dongle of this model. If that one behaves alike, its firmware cannot hold these settings."
        ),
        differs=[c.what for c in wrong],
    )


def unreadable_secret(change: Change, target: Target) -> Change:
    """`change` without a password that a dongle shows in the place of the user."""
    secret = target.context.password
    if secret is None or secret.reveal() not in (change.before, change.after):
        return change
    return replace(change, before=_hide(change.before, secret.reveal()), after=_hide(change.after, secret.reveal()))


def _hide(value: object, secret: str) -> object:
    return _("(a password)") if value == secret else value


def _family_order(modem: Modem) -> AuthOrder:
    writer = modem.auth_writer or modem.dialect.auth[0]
    order = contexts.auth_order(modem, writer)
    return "password-user" if order == "unknown" else order


def other_order(order: AuthOrder) -> AuthOrder:
    """User first where it was password first, and the other way round."""
    return "password-user" if order == "user-password" else "user-password"


def _with_state(error: DongleError, modem: Modem, before: Sequence[ContextState], plan: Plan) -> DongleError:
    """`error` with what state the dongle is in now: restored to `before`, or what could not be put back."""
    try:
        state = "unknown" if error.code in GONE else _restore(modem, before, plan)
    except DongleError:
        state = "unknown"
    words = {
        "restored": _("What was there before is restored."),
        "partly": _("What was there before is restored, but for a password that could not be read."),
        "changed": _("The dongle is left half written; run the command again, or put it aside."),
        "unknown": _("What state the dongle is in is not known; run the command again to find out."),
    }[state]
    return DongleError(
        f"{error.message} {words}", code=error.code, hint=error.hint, **{**error.details, "state": state}
    )


def _restore(modem: Modem, before: Sequence[ContextState], plan: Plan) -> str:
    """Write `before` back where it differs, and say how far that came: "restored", "partly", "changed"."""
    now = {state.cid: state for state in contexts.read_contexts(modem)}
    overwritten = plan.auth.cid if plan.auth is not None and modem.auth_writer else None
    lost_password = False
    for state in before:
        have = now.pop(state.cid, None)
        if have is None or (have.type, have.apn) != (state.type, state.apn):
            contexts.write_context(modem, state.cid, state.type, state.apn)
        hidden = state.auth != "none" and state.password is None
        if state.auth not in (None, "unknown") and _other_credentials(have, state):
            contexts.write_auth(modem, state)
            lost_password |= hidden
        lost_password |= hidden and state.cid == overwritten  # a type or user that still reads alike proves nothing
    for cid in now:  # contexts that were not there
        contexts.delete_context(modem, cid)
    after = {state.cid: state for state in contexts.read_contexts(modem)}
    same = after.keys() == {state.cid for state in before} and not any(
        (after[s.cid].type, after[s.cid].apn) != (s.type, s.apn) or _other_credentials(after[s.cid], s) for s in before
    )
    if not same:
        return "changed"
    return "partly" if lost_password else "restored"


def _other_credentials(have: ContextState | None, want: ContextState) -> bool:
    """Whether `have` are other credentials than `want`, as far as those could be read."""
    if have is None or want.auth is None:
        return have is None and want.auth not in (None, "none")
    if (have.auth, have.user) != (want.auth, want.user):
        return True
    return want.password is not None and have.password != want.password
