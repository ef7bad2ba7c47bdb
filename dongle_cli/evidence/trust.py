"""Whether a signer is to be believed: a path to a root that is known here, valid when it signed, not revoked then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dongle_cli.evidence.cms import Signed
from dongle_cli.i18n import _

if TYPE_CHECKING:
    from cryptography import x509


@dataclass(frozen=True)
class Revocation:
    """That a certificate was revoked: since when, and why in the words of RFC 5280 clause 5.3.1."""

    since: datetime
    reason: str | None = None


@dataclass(frozen=True)
class Anchors:
    """What is believed here: certificates (self-signed ones are roots), CRLs, and what the register knows besides."""

    certificates: Sequence[x509.Certificate] = ()
    crls: Sequence[x509.CertificateRevocationList] = ()
    revoked: dict[str, Revocation] = field(default_factory=dict)  # by SHA-256 of the certificate
    asked: bool = False  # whether `revoked` is the register's answer: then a certificate that is not in it is good

    @property
    def roots(self) -> list[x509.Certificate]:
        """Those that nobody above signed."""
        return [one for one in self.certificates if one.issuer == one.subject]


def path_fault(signed: Signed, anchors: Anchors) -> str | None:
    """Why the signer's certificate leads to no root of ours at the time of signing, None where it does.

    It must be one for signing evidence (extended key usage emailProtection): a laptop's certificate of the same
    authority signs nothing here.
    """
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.x509 import verification

    known = {one.public_bytes(_der()) for one in anchors.certificates}
    if any(one.public_bytes(_der()) not in known for one in signed.others):
        return _("it brings certificates of an authority that is not known here")
    above = [one for one in anchors.certificates if one.issuer != one.subject]
    evidence = verification.ExtensionPolicy.permit_all().require_present(
        x509.ExtendedKeyUsage, verification.Criticality.AGNOSTIC, _for_evidence
    )
    builder = (
        verification.PolicyBuilder()
        .store(verification.Store(anchors.roots))
        .time(signed.claimed)
        .max_chain_depth(2)
        .extension_policies(ca_policy=verification.ExtensionPolicy.webpki_defaults_ca(), ee_policy=evidence)
    )
    try:
        builder.build_client_verifier().verify(signed.signer, above)
    except (verification.VerificationError, UnsupportedAlgorithm, ValueError):
        begin, end = signed.signer.not_valid_before_utc, signed.signer.not_valid_after_utc
        if not begin <= signed.claimed <= end:
            return _("the signer's certificate was not valid when it signed")
        return _("the signer's certificate does not lead to an authority that is known here, or is not for evidence")
    return None


def _for_evidence(_policy: Any, _certificate: Any, usage: Any) -> None:
    from cryptography.x509.oid import ExtendedKeyUsageOID

    if ExtendedKeyUsageOID.EMAIL_PROTECTION not in usage:
        raise ValueError("not for evidence")


def _der() -> Any:
    from cryptography.hazmat.primitives.serialization import Encoding

    return Encoding.DER


def revocation(certificate: x509.Certificate, anchors: Anchors) -> Revocation | None:
    """When and why `certificate` was revoked, by the register or by a CRL that its issuer signed."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    found = anchors.revoked.get(certificate.fingerprint(hashes.SHA256()).hex())
    issuers = {one.subject: one for one in anchors.certificates}
    for crl in anchors.crls:
        issuer = issuers.get(crl.issuer)
        if issuer is None or crl.issuer != certificate.issuer or not crl.is_signature_valid(issuer.public_key()):  # type: ignore[arg-type]
            continue
        entry = crl.get_revoked_certificate_by_serial_number(certificate.serial_number)
        if entry is None:
            continue
        try:
            reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason.value
        except x509.ExtensionNotFound:
            reason = None
        if found is None or entry.revocation_date_utc < found.since:
            found = Revocation(entry.revocation_date_utc, reason)
    return found


def speaks_of(certificate: x509.Certificate, anchors: Anchors) -> bool:
    """Whether anything here could say that `certificate` is revoked: else its not being revoked was not measured."""
    return anchors.asked or any(crl.issuer == certificate.issuer for crl in anchors.crls)
