"""What our certificates say: names, extensions and lifetimes (RFC 5280, RFC 7254)."""

from __future__ import annotations

import re
import secrets as random
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _
from dongle_cli.identity import Imei

if TYPE_CHECKING:
    from cryptography import x509

    from dongle_cli.binding.authorities import PublicKey, Wanted

Profile = Literal["paired", "opaque"]  # opaque: the asset number alone, where the certificate travels in clear

BACKDATED = timedelta(minutes=5)  # clocks of gateways run behind
# The default lifetime is drawn from these: what was handed out in one week must not all end in one week.
SHORTEST, LONGEST = 700, 760  # days
SERIAL_BYTES = 16
_NAME_LIMIT = 64  # ub-common-name and ub-serial-number (RFC 5280 appendix A.1)
_PRINTABLE = r"[A-Za-z0-9 '()+,./:=?-]"  # PrintableString, which DN serialNumber is (X.520)


def asset_number(text: str) -> str:
    """`text` as an asset number, half width; DongleError `identity.asset` where a certificate cannot carry it."""
    number = unicodedata.normalize("NFKC", text).strip()  # a scanner with the input method on sends full width
    if not re.fullmatch(f"{_PRINTABLE}{{1,{_NAME_LIMIT}}}", number):
        raise DongleError(
            _("{value} cannot be an asset number.").format(value=ascii(text)),
            code="identity.asset",
            hint=_("Use letters, digits, spaces and '()+,-./:=? only, at most {count}.").format(count=_NAME_LIMIT),
        )
    return number


def imei_urn(imei: str) -> str:
    """The IMEI as RFC 7254 writes it: TAC, serial number and a spare digit that is always 0, never the Luhn digit."""
    return f"urn:gsma:imei:{imei[:8]}-{imei[8:14]}-0"


def uuid_urn(uuid: str) -> str:
    """The laptop's SMBIOS UUID as RFC 9562 writes it."""
    return f"urn:uuid:{uuid.lower()}"


def imei14_of(uri: str) -> str | None:
    """The 14 digits in an IMEI's URN, None where `uri` is none."""
    match = re.fullmatch(r"urn:gsma:imei:([0-9]{8})-([0-9]{6})-[0-9]", uri, re.IGNORECASE)
    return match[1] + match[2] if match else None


def uris(profile: Profile, imei: Imei, laptop_uuid: str) -> tuple[str, ...]:
    """The subject alternative names that this profile puts into a certificate."""
    return () if profile == "opaque" else (imei_urn(str(imei)), uuid_urn(laptop_uuid))


def lifetime(days: int | None, last: datetime) -> tuple[datetime, datetime]:
    """From when until when, whole seconds in UTC; not beyond `last`, the end of the issuing certificate."""
    now = datetime.now(UTC).replace(microsecond=0)
    chosen = days if days is not None else SHORTEST + random.randbelow(LONGEST - SHORTEST + 1)
    return now - BACKDATED, min(now + timedelta(days=chosen), last)


def hexadecimal(serial: int) -> str:
    """A serial number as we write it everywhere: lower-case hexadecimal of whole bytes."""
    text = f"{serial:x}"
    return "0" * (len(text) % 2) + text


def random_serial() -> int:
    """16 random bytes, the first bit 0 and the next 1, so that each number has the same length (RFC 5280 4.1.2.2)."""
    return int.from_bytes(random.token_bytes(SERIAL_BYTES)) & ((1 << 127) - 1) | (1 << 126)


def key_identifier(certificate: x509.Certificate) -> str:
    """The subject key identifier, by which the register names an issuer; hexadecimal."""
    from cryptography import x509

    try:
        return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest.hex()
    except x509.ExtensionNotFound:
        return x509.SubjectKeyIdentifier.from_public_key(certificate.public_key()).digest.hex()


def client(wanted: Wanted, issuer: x509.Certificate, serial: int, urls: dict[str, str]) -> x509.CertificateBuilder:
    """The client certificate of `wanted`, ready to be signed; `urls` may name "crl" and "ocsp"."""
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, wanted.asset_no),
            x509.NameAttribute(NameOID.SERIAL_NUMBER, wanted.asset_no),
        ]
    )
    builder = leaf(subject, wanted.public_key, issuer, serial, wanted.not_before, wanted.not_after, urls)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
    if wanted.uris:
        names = [x509.UniformResourceIdentifier(uri) for uri in wanted.uris]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder


def leaf(
    subject: x509.Name,
    public_key: PublicKey,
    issuer: x509.Certificate,
    serial: int,
    not_before: datetime,
    not_after: datetime,
    urls: dict[str, str],
) -> x509.CertificateBuilder:
    """What every end entity's certificate of ours has: no CA, signatures only, both key identifiers, where to ask."""
    from cryptography import x509
    from cryptography.x509.oid import AuthorityInformationAccessOID as Access

    builder = (
        x509.CertificateBuilder(issuer.subject, subject, public_key, serial, not_before, not_after)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(key_usage(digital_signature=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(authority_key_identifier(issuer), critical=False)
    )
    if url := urls.get("crl"):
        point = x509.DistributionPoint([x509.UniformResourceIdentifier(url)], None, None, None)
        builder = builder.add_extension(x509.CRLDistributionPoints([point]), critical=False)
    if url := urls.get("ocsp"):
        access = x509.AccessDescription(Access.OCSP, x509.UniformResourceIdentifier(url))
        builder = builder.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
    return builder


def key_usage(**true: bool) -> x509.KeyUsage:
    """A KeyUsage with nothing but what is named."""
    from cryptography import x509

    names = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{name: true.get(name, False) for name in names})


def authority_key_identifier(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    """The issuer's key identifier as its own certificate has it: verifiers compare the bytes."""
    from cryptography import x509

    return x509.AuthorityKeyIdentifier(bytes.fromhex(key_identifier(issuer)), None, None)
