"""Is this file what was written, by whom, when? Each question by itself, and "could not measure" is no yes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dongle_cli.evidence import cms, timestamp, trust
from dongle_cli.evidence.cms import Signed, Unverified
from dongle_cli.evidence.trust import Anchors
from dongle_cli.i18n import N_, _, reason

if TYPE_CHECKING:
    from cryptography import x509

Result = Literal["ok", "bad", "unknown"]  # measured good, measured bad, could not measure

WHAT = {
    "file": N_("file"),
    "signature": N_("signature"),
    "signer": N_("signer"),
    "revocation": N_("revocation"),
    "time": N_("time stamp"),
    "register": N_("register"),
    "history": N_("history"),
}


@dataclass(frozen=True)
class Check:
    """One question and its answer; `said` is for people."""

    what: str  # a key of WHAT
    result: Result
    said: str = ""


@dataclass
class Verified:
    """What came out for one file."""

    path: Path
    checks: list[Check] = field(default_factory=list)
    signer: str | None = None  # the signer's name
    signed_at: datetime | None = None  # as claimed by the signer
    stamped_at: datetime | None = None  # as a time-stamping authority says
    content: bytes | None = field(default=None, repr=False)  # what was checked; a second look at the file may differ

    @property
    def result(self) -> Result:
        """The worst answer; one that could not be measured is never good."""
        results = {check.result for check in self.checks}
        return "bad" if "bad" in results else "unknown" if "unknown" in results or not results else "ok"


def signature_of(path: Path) -> Path:
    """Where the detached signature of `path` stands."""
    return path.with_name(path.name + cms.SUFFIX)


def file(path: Path, anchors: Anchors, stamp_roots: Sequence[x509.Certificate] = ()) -> Verified:
    """Check the signature beside `path`, who made it, and when; a missing one could not be measured."""
    found = Verified(path)
    try:
        content = found.content = path.read_bytes()
    except OSError as error:
        said = _("it is not here") if isinstance(error, FileNotFoundError) else reason(error)
        found.checks.append(Check("file", "unknown", said))
        return found
    at = signature_of(path)
    try:
        data = at.read_bytes()
    except FileNotFoundError:
        found.checks.append(Check("signature", "unknown", _("there is no {name} beside it").format(name=at.name)))
        return found
    except OSError as error:
        found.checks.append(Check("signature", "unknown", f"{at.name}: {reason(error)}"))
        return found
    try:
        signed = cms.verify(content, data)
    except Unverified as error:
        found.checks.append(Check("signature", "bad", str(error)))
        return found
    found.checks.append(Check("signature", "ok"))
    found.signer, found.signed_at = signed.signer.subject.rfc4514_string(), signed.claimed
    _judge_time(found, at, signed, stamp_roots)
    _judge_signer(found, signed, anchors)
    return found


def _judge_time(found: Verified, at: Path, signed: Signed, roots: Sequence[x509.Certificate]) -> None:
    stamp = at.with_name(at.name + timestamp.SUFFIX)
    if not stamp.exists():
        return
    if not roots:
        said = _("whose time stamp it is cannot be told: --tsa-chain names the authority's certificates")
        found.checks.append(Check("time", "unknown", said))
        return
    try:
        found.stamped_at = timestamp.verify(stamp.read_bytes(), signed.value, roots)
    except Unverified as error:
        found.checks.append(Check("time", "bad", str(error)))
    except OSError as error:
        found.checks.append(Check("time", "unknown", reason(error)))
    else:
        found.checks.append(Check("time", "ok", found.stamped_at.isoformat()))


def _judge_signer(found: Verified, signed: Signed, anchors: Anchors) -> None:
    if not anchors.roots:
        said = _("no authority is known here: --chain names its certificates")
        found.checks.append(Check("signer", "unknown", said))
        return
    fault = trust.path_fault(signed, anchors)
    found.checks.append(Check("signer", "bad", fault) if fault else Check("signer", "ok", found.signer or ""))
    if fault is None:
        found.checks.append(_revocation(found, signed, anchors))


def _revocation(found: Verified, signed: Signed, anchors: Anchors) -> Check:
    """Whether the signer was revoked when it signed; after a compromise only a time stamp still proves the moment."""
    revoked = trust.revocation(signed.signer, anchors)
    if revoked is None:
        if trust.speaks_of(signed.signer, anchors):
            return Check("revocation", "ok")
        return Check("revocation", "unknown", _("nothing here says whether it was revoked: --crl names a list"))
    since = revoked.since.isoformat()
    if (found.stamped_at or signed.claimed) >= revoked.since:
        return Check("revocation", "bad", _("the signer was revoked before, {moment}").format(moment=since))
    if revoked.reason in ("keyCompromise", "cACompromise") and found.stamped_at is None:
        said = _("the signer's key was compromised, {moment}: without a time stamp nobody knows when this was signed")
        return Check("revocation", "unknown", said.format(moment=since))
    return Check("revocation", "ok", _("the signer was revoked later, {moment}").format(moment=since))
