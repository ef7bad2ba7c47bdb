"""`ca init`: the root, the issuing authority below it, and the two keys that answer OCSP and sign evidence."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from dongle_cli.binding import ca, profile, publish
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _
from dongle_cli.register import certificates

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.x509 import ObjectIdentifier

    from dongle_cli.binding.authorities import PublicKey
    from dongle_cli.binding.ca import Settings
    from dongle_cli.binding.keystores import PrivateKey
    from dongle_cli.binding.unlock import Unlock
    from dongle_cli.register.register import Register

ROOT_DAYS, ISSUING_DAYS, SIGNER_DAYS = 20 * 365 + 5, 10 * 365 + 2, 760
_NAME_LIMIT = 40  # so that "NAME Issuing CA" stays within 64 characters
SIGNERS = ("ocsp", "evidence")


def create(settings: Settings, register: Register, unlock: Unlock) -> Settings:
    """Make whatever is not there yet; a run that was cut off is finished by running again."""
    check(settings)
    try:
        settings.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        from dongle_cli.i18n import reason

        raise DongleError(
            _("{path} cannot be made: {reason}.").format(path=settings.folder, reason=reason(error)),
            code="file.unwritable",
        ) from None
    root_key, issuing_key = _key(settings, "root", "root", unlock), _key(settings, "issuing", "issuing", unlock)
    root = _once(settings, "root", lambda: _root(settings, root_key))
    issuing = _once(settings, "issuing", lambda: _issuing(settings, root, root_key, issuing_key.public_key()))
    signers = [(label, _key(settings, "issuing", label, unlock)) for label in SIGNERS]
    for label, key in signers:
        _once(settings, label, lambda: issue_signer(settings, issuing, issuing_key, key.public_key(), label))  # noqa: B023
    publish.write(settings.folder / "chain.pem", ca.pem(issuing, root))
    _first_lists(settings, register, (root, root_key), (issuing, issuing_key))
    for label in ("root", "issuing", *SIGNERS):
        note(register, ca.certificate(settings, label), label)
    settings = replace(settings, created=datetime.now(UTC).isoformat(timespec="seconds"))
    ca.save(settings)
    return settings


def check(settings: Settings) -> None:
    """Refuse what can be refused before anything is made."""
    _check_name(settings.name)
    if ca.exists(settings.folder):
        raise DongleError(
            _("There is an authority in {path} already.").format(path=settings.folder),
            code="authority.exists",
            hint=_("Look at it with: dongle-cli ca status"),
        )
    if datetime.now(UTC) < datetime(2025, 1, 1, tzinfo=UTC):
        raise DongleError(
            _("This machine's clock says {now}, which cannot be right.").format(now=datetime.now(UTC).isoformat()),
            code="authority.clock",
            hint=_("Set the clock, then run the same command again."),
        )


def _check_name(name: str) -> None:
    import unicodedata

    if not 0 < len(name.strip()) <= _NAME_LIMIT or any(unicodedata.category(c).startswith("C") for c in name):
        raise DongleError(
            _("{name} cannot be the name of an authority.").format(name=ascii(name)),
            code="usage.name",
            hint=_("Use 1 to {count} characters, without control characters.").format(count=_NAME_LIMIT),
        )


def _key(settings: Settings, which: str, label: str, unlock: Unlock) -> PrivateKey:
    place = ca.keystore(settings, which, unlock)
    return place.key(label) if label in place.labels() else place.create(label)


def _once(settings: Settings, label: str, make: object) -> x509.Certificate:
    path = settings.folder / f"{label}.pem"
    if not path.exists():
        publish.write(path, ca.pem(make()))  # type: ignore[operator]
    return ca.certificate(settings, label)


def _name(settings: Settings, what: str) -> x509.Name:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, settings.name),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{settings.name} {what}"),
        ]
    )


def _authority(
    subject: x509.Name, issuer: x509.Name, public_key: PublicKey, days: int, below: int
) -> x509.CertificateBuilder:
    from cryptography import x509

    now = datetime.now(UTC).replace(microsecond=0)
    begin, end = now - profile.BACKDATED, now + timedelta(days=days)
    return (
        x509.CertificateBuilder(issuer, subject, public_key, profile.random_serial(), begin, end)
        .add_extension(x509.BasicConstraints(ca=True, path_length=below), critical=True)
        .add_extension(profile.key_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _root(settings: Settings, key: PrivateKey) -> x509.Certificate:
    subject = _name(settings, "Root CA")
    return ca.sign(_authority(subject, subject, key.public_key(), ROOT_DAYS, 1), key)


def _issuing(settings: Settings, root: x509.Certificate, key: PrivateKey, public_key: PublicKey) -> x509.Certificate:
    builder = _authority(_name(settings, "Issuing CA"), root.subject, public_key, ISSUING_DAYS, 0)
    return ca.sign(builder.add_extension(profile.authority_key_identifier(root), critical=False), key)


def issue_signer(
    settings: Settings, issuing: x509.Certificate, key: PrivateKey, public_key: PublicKey, label: str
) -> x509.Certificate:
    """A certificate for the bench's own signatures: "ocsp" answers, or "evidence"; never for logging on."""
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    purposes: dict[str, ObjectIdentifier] = {
        "ocsp": ExtendedKeyUsageOID.OCSP_SIGNING,
        "evidence": ExtendedKeyUsageOID.EMAIL_PROTECTION,  # what `openssl cms -verify` asks for by itself
    }
    subject = _name(settings, {"ocsp": "OCSP", "evidence": "Evidence"}[label])
    begin, end = profile.lifetime(SIGNER_DAYS, issuing.not_valid_after_utc)
    urls = settings.urls if label == "evidence" else {}
    builder = profile.leaf(subject, public_key, issuing, profile.random_serial(), begin, end, urls)
    builder = builder.add_extension(x509.ExtendedKeyUsage([purposes[label]]), critical=label == "ocsp")
    if label == "ocsp":  # its own status is not asked for: RFC 6960 clause 4.2.2.2.1
        builder = builder.add_extension(x509.OCSPNoCheck(), critical=False)
    return ca.sign(builder, key)


def _first_lists(
    settings: Settings,
    register: Register,
    root: tuple[x509.Certificate, PrivateKey],
    issuing: tuple[x509.Certificate, PrivateKey],
) -> None:
    """Both CRLs, empty: gateways that check lists let nobody in before there is one."""
    from dongle_cli.binding import crl

    publish.write(settings.folder / "root-crl.pem", crl.build(register, *root, crl.ROOT_VALID).pem)
    publish.write(settings.folder / "crl.pem", crl.build(register, *issuing).pem)


def note(register: Register, certificate: x509.Certificate, purpose: str) -> None:
    """Write one of the authority's own certificates into the register, where `verify` finds it."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    try:
        issuer = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier or b""
    except x509.ExtensionNotFound:
        issuer = bytes.fromhex(profile.key_identifier(certificate))
    certificates.note_authority(
        register,
        {
            "fingerprint_sha256": certificate.fingerprint(hashes.SHA256()).hex(),
            "purpose": purpose,
            "name": certificate.subject.rfc4514_string(),
            "issuer": issuer.hex(),
            "serial": profile.hexadecimal(certificate.serial_number),
            "not_after": certificate.not_valid_after_utc.isoformat(),
            "certificate": ca.pem(certificate).decode("ascii"),
        },
    )
