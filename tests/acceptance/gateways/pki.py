"""A closed network's certificates in files: root, issuing CA, a gateway's own certificate, clients and CRLs.

For what the product would never sign (a fake issuer, an expired CRL) and for the gateways' own server certificates,
which are not the product's business.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = timedelta(days=1)
_serials = itertools.count(0x1A2B3C4D5E6F70)


@dataclass(frozen=True)
class Pair:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    @property
    def serial(self) -> str:
        """Lower-case hex of even length."""
        return self.certificate.serial_number.to_bytes(
            (self.certificate.serial_number.bit_length() + 7) // 8, "big"
        ).hex()

    def write(self, directory: Path, name: str, *issuers: Pair) -> tuple[Path, Path]:
        """NAME.pem (with `issuers` behind it) and NAME.key, 0600."""
        directory.mkdir(parents=True, exist_ok=True)
        pem, key = directory / f"{name}.pem", directory / f"{name}.key"
        pem.write_bytes(b"".join(one.pem for one in (self, *issuers)))
        key.touch(mode=0o600)
        key.write_bytes(self.key_pem)
        return pem, key


def name(cn: str, serial: str | None = None) -> x509.Name:
    attributes = [
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Pref Example"),
        x509.NameAttribute(NameOID.COMMON_NAME, cn),
    ]
    if serial:
        attributes.append(x509.NameAttribute(NameOID.SERIAL_NUMBER, serial))
    return x509.Name(attributes)


def sign(
    subject: x509.Name, issuer: Pair | None, *extensions: x509.ExtensionType, days: int = 30, usage: str = "leaf"
) -> Pair:
    """A certificate for a new P-256 key; without `issuer` signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    signer = issuer.key if issuer else key
    now = datetime.now(UTC)
    ca = usage == "ca"
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(next(_serials))
        .not_valid_before(now - DAY)
        .not_valid_after(now + days * DAY)
        .add_extension(x509.BasicConstraints(ca, None), critical=True)
        .add_extension(x509.KeyUsage(not ca, False, False, False, False, ca, ca, False, False), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier(_key_id(issuer, key), None, None), critical=False)
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return Pair(builder.sign(signer, hashes.SHA256()), key)


def _key_id(issuer: Pair | None, own: ec.EllipticCurvePrivateKey) -> bytes:
    """The issuer's key identifier as its certificate says it, whichever key signs: a forger copies it, too."""
    if issuer is None:
        return x509.SubjectKeyIdentifier.from_public_key(own.public_key()).digest
    return issuer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest


class Pki:
    """Root and issuing CA; everything else is signed by the issuing one."""

    def __init__(self, cn: str = "Closed Network") -> None:
        self.root = sign(name(f"{cn} Root CA"), None, usage="ca")
        self.issuing = sign(name(f"{cn} Issuing CA"), self.root, usage="ca")

    def server(self, host: str = "gateway.closed.example") -> Pair:
        return sign(
            name(host), self.issuing, x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]),
            x509.SubjectAlternativeName([x509.DNSName(host)]),
        )  # fmt: skip

    def client(self, asset: str) -> Pair:
        return sign(name(asset, asset), self.issuing, x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]))

    def crl(self, revoked: Sequence[Pair] = (), *, by: Pair | None = None, number: int = 1, days: int = 7) -> bytes:
        """A full CRL in PEM; negative `days`: one that has expired."""
        signer = by or self.issuing
        now = datetime.now(UTC)
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(signer.certificate.subject)
            .last_update(now - 30 * DAY)
            .next_update(now + days * DAY)
            .add_extension(x509.CRLNumber(number), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.key.public_key()), critical=False)
        )
        for one in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(one.certificate.serial_number).revocation_date(now)
            builder = builder.add_revoked_certificate(
                entry.add_extension(x509.CRLReason(x509.ReasonFlags.key_compromise), critical=False).build()
            )
        return builder.sign(signer.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
