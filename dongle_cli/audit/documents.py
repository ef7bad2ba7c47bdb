"""Rules about documents: which one a recognised file breaks, how badly, and what makes it the same one next time."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field

from dongle_cli.audit import globs
from dongle_cli.audit.model import Finding, Hit, State, Verdict
from dongle_cli.audit.places import Place
from dongle_cli.audit.policy import Policy, chosen

LOCAL, MAIL, OFFLINE, DELETED = "E-local-documents", "E-mail-cache", "E-offline-cache", "E-deleted-documents"
RULES = (LOCAL, MAIL, OFFLINE, DELETED)
_BY_PLACE = {"outlook": MAIL, "outlook-attachments": MAIL, "mail": MAIL, "csc": OFFLINE, "recycle-bin": DELETED}
_BY_KIND = dict.fromkeys(("pst", "ost", "mbox", "dbx"), MAIL)


def rule_of(hit: Hit, place: Place) -> str:
    """The rule that a document at this place falls under."""
    if hit.entry.state is State.DELETED:
        return DELETED
    return _BY_PLACE.get(place.word) or _BY_KIND.get(hit.kind) or LOCAL


def fingerprint(rule: str, hit: Hit) -> str:
    """Names a finding across runs and sources: hashed from rule, path, member, state and head, never from more content.

    The volume is left out: the same file is "C:" on a live Windows and "p2" in its image.
    """
    entry = hit.entry
    parts = ("1", rule, entry.path, hit.member or "", hit.kind, entry.state.value, hit.head or "")
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


@dataclass(slots=True)
class Judge:
    """Says of each recognised file whether the policy forbids it there."""

    policy: Policy
    now: float = field(default_factory=time.time)
    writable: set[tuple[str, str]] = field(default_factory=set)  # volume and folded path that a write filter leaves out
    permitted: int = 0  # documents that the policy lets be

    def judge(self, hit: Hit, place: Place, target: str = "") -> Finding | None:
        """The violation that `hit` is; None where it is no document for this policy, or one that may be there."""
        policy, entry = self.policy, hit.entry
        if hit.kind not in policy.kinds:
            return None
        rule = rule_of(hit, place)
        size = hit.size if hit.member is not None else entry.size
        if not policy.runs(rule) or not chosen(policy.places, place.word) or self._permits(hit, size):
            self.permitted += 1
            return None
        return Finding(
            rule,
            policy.severity_of(rule, place.word, hit.kind),
            Verdict.VIOLATION,
            place.word,
            entry.path,
            entry.volume,
            hit.member,
            hit.kind,
            hit.evidence,
            size,
            entry.mtime,
            entry.owner or place.user,
            entry.state,
            entry.store,
            entry.recoverable,
            hit.encrypted,
            fingerprint(rule, hit),
            tuple(
                (name, value)
                for name, value in (
                    ("user", place.user),
                    ("original", place.original),
                    ("place", place.hint),
                    ("deleted_at", place.deleted_at),
                    ("disk_image", hit.disk),
                    ("write_filter_exclusion", self._excluded(hit)),
                )
                if value is not None
            ),
            target=target,
        )

    def _permits(self, hit: Hit, size: int | None) -> bool:
        policy, entry = self.policy, hit.entry
        return (
            (size is not None and size < policy.min_size)
            or (entry.mtime is not None and policy.min_age > 0 and self.now - entry.mtime < policy.min_age * 86400)
            or (globs.covers(policy.allow, entry.volume, entry.path) and self._excluded(hit) is None)
        )

    def _excluded(self, hit: Hit) -> str | None:
        """The path, left out of a write filter, that the file is at or below."""
        if not self.writable:
            return None
        volume, path = hit.entry.volume, hit.entry.path.casefold()
        fits = (out for where, out in self.writable if where == volume and (path == out or path.startswith(f"{out}/")))
        return next(fits, None)
