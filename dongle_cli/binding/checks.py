"""Is this certificate the one that was asked for? Every difference, whoever signed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeVar

from dongle_cli.errors import DongleError
from dongle_cli.i18n import N_, _

if TYPE_CHECKING:
    from cryptography import x509

    from dongle_cli.binding.authorities import Wanted

Extension = TypeVar("Extension", bound="x509.ExtensionType")

_CLOCKS = timedelta(minutes=10)  # an authority's clock may differ from ours by so much
LONGEST = timedelta(days=1200)  # nobody who signs for us should give more

# What each difference is called.
WHAT = {
    "public-key": N_("public key"), "names": N_("alternative names"), "asset": N_("asset number"),
    "purpose": N_("extended key usage"), "usage": N_("key usage"), "ca": N_("basic constraints"),
    "issuer": N_("issuer"), "signature": N_("signature"), "validity": N_("validity"), "serial": N_("serial number"),
    "extensions": N_("extensions"),
}  # fmt: skip


@dataclass(frozen=True)
class Difference:
    """One thing that is not as it was asked for."""

    what: str  # a key of WHAT
    wanted: str
    found: str


def differences(certificate: x509.Certificate, wanted: Wanted, chain: Sequence[x509.Certificate]) -> list[Difference]:
    """Everything in which `certificate` is not what `wanted` says, or does not lead over `chain` to its root."""
    from cryptography import x509

    found = list(_chained(certificate, chain))
    if certificate.public_key() != wanted.public_key:
        found.append(Difference("public-key", fingerprint(wanted.public_key), fingerprint(certificate.public_key())))
    try:
        certificate.extensions  # noqa: B018 - read once, here, where damage is a difference and no crash
    except (ValueError, x509.DuplicateExtension) as error:
        return [*found, Difference("extensions", _("readable ones"), str(error)[:200])]
    found += _says(certificate, wanted)
    return found


def _says(certificate: x509.Certificate, wanted: Wanted) -> Iterator[Difference]:
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    asset = [attribute.value for attribute in certificate.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)]
    if asset != [wanted.asset_no]:
        yield Difference("asset", wanted.asset_no, ", ".join(map(str, asset)) or "-")
    names, ours = alternative_names(certificate), sorted(f"URI:{uri}" for uri in wanted.uris)
    if sorted(names) != ours:
        yield Difference("names", ", ".join(ours) or "-", ", ".join(names) or "-")
    purposes = _value(certificate, x509.ExtendedKeyUsage)
    if purposes is None or list(purposes) != [ExtendedKeyUsageOID.CLIENT_AUTH]:
        yield Difference("purpose", "clientAuth", ", ".join(p._name for p in purposes or []) or "-")
    usage = _value(certificate, x509.KeyUsage)
    if usage is None or not usage.digital_signature or usage.key_cert_sign or usage.crl_sign:
        yield Difference("usage", "digitalSignature", "-" if usage is None else _("more or less than that"))
    constraints = _value(certificate, x509.BasicConstraints)
    if constraints is not None and constraints.ca:
        yield Difference("ca", "CA:FALSE", "CA:TRUE")
    begin, end, now = certificate.not_valid_before_utc, certificate.not_valid_after_utc, datetime.now(UTC)
    wrong = not begin <= now + _CLOCKS < end or end > max(now + LONGEST, wanted.not_after + _CLOCKS)
    if wrong:
        yield Difference("validity", _shown(wanted.not_before, wanted.not_after), _shown(begin, end))
    if certificate.serial_number <= 0 or certificate.serial_number.bit_length() > 159:
        yield Difference("serial", _("a positive number of at most 20 bytes"), f"{certificate.serial_number:x}")


def _value(certificate: x509.Certificate, kind: type[Extension]) -> Extension | None:
    from cryptography import x509

    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def alternative_names(certificate: x509.Certificate) -> list[str]:
    """Each alternative name with its type, as openssl prints them: "URI:urn:uuid:...", "DNS:host.example"."""
    from cryptography import x509

    short: dict[Any, str] = {
        x509.UniformResourceIdentifier: "URI",
        x509.DNSName: "DNS",
        x509.RFC822Name: "email",
        x509.IPAddress: "IP",
    }
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [f"{short.get(type(name), type(name).__name__)}:{getattr(name, 'value', name)}" for name in names]


def _chained(certificate: x509.Certificate, chain: Sequence[x509.Certificate]) -> Iterator[Difference]:
    if not chain:
        yield Difference("issuer", _("a known authority"), certificate.issuer.rfc4514_string())
        return
    issuer = chain[0]
    if certificate.issuer != issuer.subject:
        yield Difference("issuer", issuer.subject.rfc4514_string(), certificate.issuer.rfc4514_string())
    elif not signed_by(certificate, issuer):
        yield Difference("signature", _("by the key of {name}").format(name=_name(issuer)), _("by another key"))
    for below, above in pairwise(chain):
        if not signed_by(below, above):
            yield Difference("signature", _("by the key of {name}").format(name=_name(above)), _name(below))


def signed_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether `issuer` really signed it: name and signature, so that a fake with the same name is none."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _name(certificate: x509.Certificate) -> str:
    return certificate.subject.rfc4514_string()


def _shown(begin: datetime, end: datetime) -> str:
    return _("{begin} to {end}").format(begin=begin.isoformat(), end=end.isoformat())


def fingerprint(public_key: object) -> str:
    """SHA-256 of a public key (SubjectPublicKeyInfo), hexadecimal."""
    import hashlib

    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    der = public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined]
    return hashlib.sha256(der).hexdigest()


def lines(found: Sequence[Difference]) -> list[str]:
    """Each difference as a line for people."""
    return [
        _("{what}: asked for {wanted}, came {found}").format(what=_(WHAT[d.what]), wanted=d.wanted, found=d.found)
        for d in found
    ]


def wrong_answer(found: Sequence[Difference]) -> DongleError:
    """The error that shows what was asked for and what came."""
    return DongleError(
        _("The authority's certificate is not what was asked for. It is refused, and nothing was bound."),
        code="authority.wrong-answer",
        hint="\n".join([*lines(found), _("Show this to those who run the authority.")]),
        differences=[d.__dict__ for d in found],
    )
