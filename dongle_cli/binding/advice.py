"""What the help desk says of a verdict, in one sentence, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from dongle_cli.i18n import _

if TYPE_CHECKING:
    from cryptography import x509

    from dongle_cli.binding.verify import Verdict


@dataclass(frozen=True)
class Advice:
    """A stable word, a sentence and the next step."""

    code: str
    sentence: str
    next: str


def of(verdict: Verdict, leaf: x509.Certificate) -> Advice:
    """The advice for the first thing that is wrong, or else for the first that could not be measured."""
    wrong = verdict.first("bad")
    if wrong is not None:
        return _certificate(verdict, leaf) or _pair(verdict, wrong.what)
    missing = verdict.first("unknown")
    if missing is None:
        return Advice("ok", _("They belong together."), _("The cause is elsewhere: line, SIM, gateway or password."))
    return _unmeasured(missing.what)


def _certificate(verdict: Verdict, leaf: x509.Certificate) -> Advice | None:
    """What is wrong with the certificate itself, the gravest first."""
    bad = {check.what for check in verdict.checks if check.result == "bad"}
    found = verdict.binding
    if "issuer" in bad:
        return Advice(
            "foreign",
            _("Our authority did not issue this certificate."),
            _("Do not use it. Keep the file, and tell the security officer."),
        )
    if found is None and "register" in bad:
        return Advice(
            "unrecorded",
            _("Our authority issued this certificate, but the register does not know it."),
            _("Do not use it, and tell those who keep the register."),
        )
    if found is not None and found.state == "held":
        return Advice(
            "held",
            _("The certificate of {asset} is on hold: no gateway lets it in.").format(asset=found.asset_no),
            _("Where the dongle was found: dongle-cli found --asset {asset}").format(asset=found.asset_no),
        )
    if found is not None and found.state == "superseded":
        return Advice(
            "superseded",
            _("{asset} has a newer certificate than this one.").format(asset=found.asset_no),
            _("Install the newer one on the laptop: dongle-cli bind accept FILE"),
        )
    if "revocation" in bad and found is not None:
        return Advice(
            "revoked",
            _("The certificate of {asset} was revoked on {day} ({reason}).").format(
                asset=found.asset_no, day=(found.revoked or "")[:10], reason=found.reason
            ),
            _("It does not come back. If the pair is to be used again, bind it with a new key: bind request --new-key"),
        )
    if "validity" in bad:
        return _validity(leaf)
    if "register" in bad and found is not None:
        return Advice(
            "not-in-force",
            _("The binding of {asset} was begun and not finished.").format(asset=found.asset_no),
            _("Run the bench's bind command again; it goes on where it was cut off."),
        )
    return None


def _validity(leaf: x509.Certificate) -> Advice:
    now = datetime.now(UTC)
    if now < leaf.not_valid_before_utc:
        return Advice(
            "not-yet-valid",
            _("The certificate is valid from {moment} on, and this machine's clock says {now}.").format(
                moment=leaf.not_valid_before_utc.isoformat(), now=now.isoformat(timespec="seconds")
            ),
            _("Set the clock."),
        )
    return Advice(
        "expired",
        _("The certificate ended on {day}.").format(day=leaf.not_valid_after_utc.date().isoformat()),
        _("Have it renewed at the bench, then on the laptop: dongle-cli bind accept FILE"),
    )


def _pair(verdict: Verdict, what: str) -> Advice:
    found = verdict.binding
    asset = found.asset_no if found else "-"
    if what == "imei":
        other = verdict.dongle_of
        sentence = (
            _("This dongle belongs to {other}, not to {asset}.") if other else _("This is not the dongle of {asset}.")
        )
        return Advice(
            "other-dongle",
            sentence.format(asset=asset, other=other.asset_no if other else ""),
            _("Plug in the right dongle. Where it was replaced: dongle-cli change dongle --asset {asset}").format(
                asset=asset
            ),
        )
    if what == "iccid":
        return Advice(
            "other-sim",
            _("Another SIM is in the dongle of {asset}.").format(asset=asset),
            _("Put the right SIM back. Where it was replaced: dongle-cli change sim --asset {asset}").format(
                asset=asset
            ),
        )
    other = verdict.laptop_of
    sentence = (
        _("This laptop belongs to {other}, not to {asset}.") if other else _("This is not the laptop of {asset}.")
    )
    return Advice(
        "other-laptop",
        sentence.format(asset=asset, other=other.asset_no if other else ""),
        _("Take the right laptop. Where its main board was replaced: dongle-cli change board --asset {asset}").format(
            asset=asset
        ),
    )


def _unmeasured(what: str) -> Advice:
    if what in ("issuer", "register"):
        return Advice(
            "no-register",
            _("Nothing was ever bound in this register, so it cannot be told whether the certificate is ours."),
            _("Name the bench's register with DONGLE_REGISTER, or an extract of it with --extract FILE."),
        )
    if what in ("imei", "iccid"):
        return Advice(
            "dongle-unread",
            _("What could be read belongs together, but not all of the dongle could be read."),
            _("Push the dongle in firmly, wait ten seconds, and run the same command again."),
        )
    return Advice(
        "laptop-unread",
        _("What could be read belongs together, but it could not be read which laptop this is."),
        _("Run this as root (the firmware's numbers are for root only), or give a file: --laptop FILE."),
    )
