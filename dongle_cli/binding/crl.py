"""The certificate revocation list (RFC 5280 clause 5): always a full one, because verifiers ignore deltas."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from dongle_cli.binding import ca, profile
from dongle_cli.i18n import _
from dongle_cli.register import certificates

if TYPE_CHECKING:
    from cryptography import x509

    from dongle_cli.binding.keystores import PrivateKey
    from dongle_cli.register.register import Register

VALID = timedelta(days=7)
ROOT_VALID = timedelta(days=760)  # nginx and strongSwan ask for the root's list too, and the root's key is away
WARN = timedelta(days=2)  # before the end: from then on gateways that find an old list let nobody in

# The names of RFC 5280 clause 5.3.1, as openssl and everybody else writes them.
REASONS = (
    "unspecified", "keyCompromise", "cACompromise", "affiliationChanged", "superseded", "cessationOfOperation",
    "certificateHold", "removeFromCRL", "privilegeWithdrawn", "aACompromise",
)  # fmt: skip


@dataclass(frozen=True)
class Crl:
    """A list as it was signed."""

    pem: bytes
    der: bytes
    number: int
    entries: int
    this_update: datetime
    next_update: datetime


def build(register: Register, issuer: x509.Certificate, key: PrivateKey, valid: timedelta = VALID) -> Crl:
    """The list of everything that `issuer` gave out and that is revoked or on hold, with the next CRLNumber."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    identifier = profile.key_identifier(issuer)
    number, rows = certificates.for_crl(register, identifier)
    now = datetime.now(UTC).replace(microsecond=0)
    begin, end = now - profile.BACKDATED, now + valid
    entries = [_entry(*row) for row in rows]
    # Given at once: the builder's own method copies the whole list for every entry.
    builder = x509.CertificateRevocationListBuilder(issuer.subject, begin, end, [], entries)
    builder = builder.add_extension(profile.authority_key_identifier(issuer), critical=False)
    signed = builder.add_extension(x509.CRLNumber(number), critical=False).sign(key, ca.digest_for(key))
    der = signed.public_bytes(Encoding.DER)
    digest = hashlib.sha256(der).hexdigest()
    certificates.note_crl(register, identifier, number, len(entries), digest, end.isoformat())
    return Crl(signed.public_bytes(Encoding.PEM), der, number, len(entries), begin, end)


def _entry(serial: str, revoked: str, reason: str | None, invalid_from: str | None) -> x509.RevokedCertificate:
    from cryptography import x509

    given = reason and reason != "unspecified"  # it is left out then: clause 5.3.1
    extensions: list[x509.Extension[x509.ExtensionType]] = [_reason(reason)] if reason and given else []
    builder = x509.RevokedCertificateBuilder(int(serial, 16), datetime.fromisoformat(revoked), extensions)
    if invalid_from:
        moment = datetime.fromisoformat(invalid_from).astimezone(UTC).replace(tzinfo=None)
        builder = builder.add_extension(x509.InvalidityDate(moment), critical=False)
    return builder.build()


@cache
def _reason(name: str) -> x509.Extension[x509.ExtensionType]:
    from cryptography import x509

    return x509.Extension(x509.CRLReason.oid, False, x509.CRLReason(x509.ReasonFlags(name)))


def warning(next_update: datetime) -> str | None:
    """What to say of a list that will soon be too old, or is; None while it has time."""
    left = next_update - datetime.now(UTC)
    if left <= timedelta(0):
        return _(
            "The CRL ended {moment}: gateways that check it let nobody in. Make a new one: dongle-cli ca crl"
        ).format(moment=next_update.isoformat())
    if left <= WARN:
        return _("The CRL ends {moment}. Make a new one: dongle-cli ca crl").format(moment=next_update.isoformat())
    return None
