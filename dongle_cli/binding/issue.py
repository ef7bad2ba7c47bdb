"""From a pair to a certificate in two phases: reserved, signed, handed out, in force; each step outlives a crash."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from dongle_cli.binding import ca, checks, profile
from dongle_cli.binding.authorities import Authority, Wanted
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _
from dongle_cli.identity import Imei
from dongle_cli.register import bindings
from dongle_cli.register.bindings import Binding, Pair

if TYPE_CHECKING:
    from cryptography import x509

    from dongle_cli.binding.authorities import PublicKey
    from dongle_cli.register.register import Register

Deliver = Callable[[Binding], None]


def earlier(register: Register, pair: Pair) -> Binding | None:
    """The binding of this very pair and key that is in force or was cut off on its way there."""
    same = {name: getattr(pair, name) for name in ("asset_no", "imei14", "laptop_uuid", "spki_sha256")}
    found = bindings.find(register, states=(*bindings.LIVE, *bindings.OPEN), **same)
    return found[0] if found else None


def check_free(register: Register, pair: Pair, replaces: Binding | None = None) -> None:
    """DongleError `binding.taken` where part of `pair` is bound elsewhere, `request.key-compromised` for a burnt key.

    What is only begun, for the same pair with another key, is in nobody's way: `issue` clears it.
    """
    taken = bindings.conflicts(register, pair, replaces=replaces.id if replaces else None)
    if taken := [(what, other) for what, other in taken if not _cut_off(other, pair, replaces)]:
        raise bindings.taken_error(taken)
    _check_key(register, pair)


def _check_key(register: Register, pair: Pair) -> None:
    if bindings.find(register, spki_sha256=pair.spki_sha256, reason="keyCompromise"):
        raise DongleError(
            _("This key was revoked as compromised; it is not certified again."),
            code="request.key-compromised",
            hint=_("Make a new key on the laptop."),
        )


def _cut_off(other: Binding, pair: Pair, replaces: Binding | None) -> bool:
    """Whether `other` is what an earlier run of the same work left half-way."""
    same = (other.asset_no, other.imei14, other.laptop_uuid) == (pair.asset_no, pair.imei14, pair.laptop_uuid)
    same_work = same or (replaces is not None and other.replaces == replaces.id)
    return same_work and other.state in bindings.OPEN


def issue(
    register: Register,
    authority: Authority,
    pair: Pair,
    public_key: PublicKey,
    deliver: Deliver,
    *,
    request: x509.CertificateSigningRequest | None = None,
    days: int | None = None,
    replaces: Binding | None = None,
    revoke_old: bool = True,
    force: bool = False,
) -> Binding:
    """The binding of `pair` in force, its certificate handed to `deliver`; one that was cut off is finished.

    `deliver` may be called again for the same certificate after a crash. Errors: `binding.taken`, `authority.*`,
    `request.*`, and what `deliver` raises; then the row stays as it is, and the same command goes on from there.
    """
    found = earlier(register, pair)
    renewed = found is not None and replaces is not None and found.id == replaces.id  # the same pair and key once more
    if found and not renewed and found.state in ("active", "signed"):
        return _finish(register, found, deliver, revoke_old)
    _check_key(register, pair)
    check_clock(register, authority, force=force)
    number, serial = _reserve(register, authority, pair, replaces)
    begin, end = profile.lifetime(days, authority.chain[0].not_valid_after_utc)
    uris = profile.uris("paired" if pair.profile == "paired" else "opaque", Imei.parse(pair.imei), pair.laptop_uuid)
    wanted = Wanted(pair.asset_no, uris, public_key, begin, end, request)
    certificate = authority.issue(wanted, serial)
    return _finish(register, _accept(register, number, certificate, wanted, authority), deliver, revoke_old)


def check_clock(register: Register, authority: Authority, *, force: bool = False) -> None:
    """DongleError `authority.clock` where this machine's clock cannot be right; said before anybody is asked."""
    last = register.last_link()
    ca.check_clock(authority.chain[0], last.at if last and not force else None)


def _reserve(register: Register, authority: Authority, pair: Pair, replaces: Binding | None) -> tuple[int, int | None]:
    """A pending row of our own; those of the same pair that nobody finished are given up, or gone on with."""
    serial = authority.new_serial()
    begun = bindings.find(register, states=bindings.OPEN, asset_no=pair.asset_no)
    for old in (one for one in begun if _cut_off(one, pair, replaces)):
        if serial is None and old.state == "pending" and old.spki_sha256 == pair.spki_sha256:
            return old.id, None  # the authority was asked before, and may have answered meanwhile
        bindings.abandon(register, old.id)
    number = bindings.reserve(
        register,
        pair,
        serial=None if serial is None else profile.hexadecimal(serial),
        issuer=None if serial is None else profile.key_identifier(authority.chain[0]),
        replaces=replaces.id if replaces else None,
    )
    return number, serial


def _accept(
    register: Register, number: int, certificate: x509.Certificate, wanted: Wanted, authority: Authority
) -> Binding:
    from cryptography.hazmat.primitives import hashes

    wrong = checks.differences(certificate, wanted, authority.chain)
    if wrong:
        bindings.abandon(register, number)
        raise checks.wrong_answer(wrong)
    return bindings.record_signed(
        register,
        number,
        issuer=profile.key_identifier(authority.chain[0]),
        serial=profile.hexadecimal(certificate.serial_number),
        fingerprint_sha256=certificate.fingerprint(hashes.SHA256()).hex(),
        not_before=certificate.not_valid_before_utc.isoformat(),
        not_after=certificate.not_valid_after_utc.isoformat(),
        certificate=ca.pem(certificate).decode("ascii"),
    )


def _finish(register: Register, binding: Binding, deliver: Deliver, revoke_old: bool) -> Binding:
    deliver(binding)
    return bindings.activate(register, binding.id, revoke_old=revoke_old) if binding.state == "signed" else binding
