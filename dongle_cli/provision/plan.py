"""The plan: what is still to do to make a dongle what its profile says; empty is success."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dongle_cli.modem.context import ContextState
from dongle_cli.modem.parse import same_apn
from dongle_cli.provision.outcome import Change


@dataclass(frozen=True)
class Target:
    """What a dongle should hold: one context with its credentials, and whether it is to be the only one."""

    context: ContextState
    only: bool


@dataclass(frozen=True)
class Plan:
    """The writing still to do; `context` and `auth` are None where nothing differs."""

    context: ContextState | None
    auth: ContextState | None
    delete: tuple[int, ...]
    changes: tuple[Change, ...]

    @property
    def empty(self) -> bool:
        """Nothing to do."""
        return self.context is None and self.auth is None and not self.delete


def make_plan(found: Sequence[ContextState], target: Target, *, credentials_known: bool) -> Plan:
    """The difference between the dongle as `found` and `target`.

    `credentials_known`: these very credentials were written to this dongle before and read back or proven since; it
    decides where the dongle does not let them be read.
    """
    want = target.context
    have = next((state for state in found if state.cid == want.cid), None)
    what = f"context.{want.cid}"
    changes: list[Change] = []
    if have is None or have.type != want.type:
        changes.append(Change(f"{what}.type", have.type if have else None, want.type))
    if have is None or not same_apn(have.apn, want.apn):
        changes.append(Change(f"{what}.apn", have.apn if have else None, want.apn))
    context = want if changes else None
    auth_changes = _auth_changes(what, have, want, credentials_known)
    # Context 0 is the initial one of the EPS attach: the modem's own, and it cannot be removed (27.007 clause 10.1.0).
    delete = tuple(s.cid for s in found if s.cid not in (0, want.cid)) if target.only else ()
    changes += auth_changes
    changes += [Change(f"context.{s.cid}", s.as_json(), None) for s in found if s.cid in delete]
    # Defining a context anew loses its credentials on some firmwares, so they are written after it in any case.
    auth = want if auth_changes or (context is not None and want.auth != "none") else None
    return Plan(context, auth, delete, tuple(changes))


def _auth_changes(what: str, have: ContextState | None, want: ContextState, known: bool) -> list[Change]:
    if have is None:
        if want.auth == "none":
            return []
        have = replace(want, auth=None, user=None, password=None)
        known = False
    if have.auth is None:  # unreadable: trust what was written and proven, or write it
        return [] if known or want.auth == "none" else _all_auth(what, have, want)
    changes: list[Change] = []
    if have.auth != want.auth:
        changes.append(Change(f"{what}.auth", have.auth, want.auth))
    if want.auth != "none":
        if (have.user or "") != (want.user or "") and not (have.user is None and known):
            changes.append(Change(f"{what}.user", have.user, want.user))
        if have.password is None and not known:
            changes.append(Change(f"{what}.password", "unreadable", "written"))
        elif have.password is not None and have.password != want.password:
            changes.append(Change(f"{what}.password", "other", "written"))
    return changes


def _all_auth(what: str, have: ContextState, want: ContextState) -> list[Change]:
    return [
        Change(f"{what}.auth", have.auth, want.auth),
        Change(f"{what}.user", have.user, want.user),
        Change(f"{what}.password", "unreadable", "written"),
    ]


def differences(found: Sequence[ContextState], target: Target) -> list[Change]:
    """Where a written dongle reads back as something else than `target`; what cannot be read is no difference."""
    want = target.context
    plan = make_plan(found, target, credentials_known=True)
    have = next((state for state in found if state.cid == want.cid), None)
    # An unreadable user next to a readable type is no proof either way.
    return [c for c in plan.changes if not (c.what.endswith(".user") and have is not None and have.user is None)]
