"""Renewal: the same pair and the same key under a new certificate, before the old one ends."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from dongle_cli.binding import ca, canary, change, init, issue, publish, request
from dongle_cli.evidence.files import safe
from dongle_cli.register import bindings
from dongle_cli.register.bindings import Binding, Pair

if TYPE_CHECKING:
    from dongle_cli.binding.authorities import Authority
    from dongle_cli.binding.ca import Settings
    from dongle_cli.binding.unlock import Unlock
    from dongle_cli.register.register import Register


def due(register: Register, authority: str, before: timedelta) -> list[Binding]:
    """The bindings in force that `authority` signed and that end within `before`, the first to end first."""
    limit = (datetime.now(UTC) + before).isoformat()
    rows = bindings.find(register, states=("active",), authority=authority)
    found = [one for one in rows if one.profile != canary.PROFILE]  # nobody's laptop: made anew, not renewed
    return sorted((one for one in found if (one.not_after or "") <= limit), key=lambda one: one.not_after or "")


def answer_file(folder: Path, binding: Binding) -> Path:
    """Where the answer for this binding's laptop is written; `bind accept` takes it there."""
    return folder / f"{safe(binding.asset_no)}.answer"


def client(register: Register, authority: Authority, old: Binding, folder: Path, *, days: int | None = None) -> Binding:
    """The renewed binding, its answer written into `folder`; a run that was cut off is finished.

    The old certificate is not revoked: the laptop uses it until it has taken the new one.
    """
    pair = Pair(**{field.name: getattr(old, field.name) for field in fields(Pair)})

    def deliver(new: Binding) -> None:
        certificate = (new.certificate or "").encode("ascii")
        publish.write(answer_file(folder, new), request.answer(new, certificate, authority.chain))

    return issue.issue(
        register, authority, pair, change.public_key(old), deliver, days=days, replaces=old, revoke_old=False
    )


def signers_due(settings: Settings, before: timedelta) -> list[str]:
    """The labels of the authority's own certificates, OCSP and evidence, that end within `before`."""
    limit = datetime.now(UTC) + before
    return [label for label in init.SIGNERS if ca.certificate(settings, label).not_valid_after_utc <= limit]


def signers(register: Register, settings: Settings, unlock: Unlock, before: timedelta) -> list[str]:
    """New certificates for the authority's own OCSP and evidence keys that end within `before`; their labels."""
    due = signers_due(settings, before)
    issuing = ca.certificate(settings, "issuing")
    place = ca.keystore(settings, "issuing", unlock)
    for label in due:
        key = place.key(label).public_key()
        made = init.issue_signer(settings, issuing, place.key("issuing"), key, label)
        init.note(register, made, label)
        publish.write(settings.folder / f"{label}.pem", ca.pem(made))
    return due
