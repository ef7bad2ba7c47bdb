"""Where private keys live: one Protocol, and one module for each kind of place, found by name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Literal, Protocol

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    from dongle_cli.binding.unlock import Unlock

    # What builders of requests, certificates, lists and signatures take, wherever the key really is.
    PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

Algorithm = Literal["p256", "rsa2048"]
ALGORITHMS: tuple[Algorithm, ...] = ("p256", "rsa2048")


@dataclass(frozen=True)
class Credential:
    """A certificate as a keystore gives it back: the leaf, and what leads from it towards the root, in that order."""

    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...] = ()


class Keystore(Protocol):
    """A place for keys and their certificates; each pair has a label. DongleError `keystore.*` where it refuses."""

    @property
    def kind(self) -> str:
        """The word that names it in a specification: "pem", "pkcs12", "pkcs11", "tpm2", "windows"."""

    @property
    def movable(self) -> bool:
        """Whether a key can leave: True for files, False where the chip or the token signs and gives nothing out."""

    def create(self, label: str, algorithm: Algorithm = "p256") -> PrivateKey:
        """Make a key there; `keystore.exists` where the label is taken: a key is never overwritten."""

    def key(self, label: str) -> PrivateKey:
        """The key, ready to sign; `keystore.missing`, `keystore.passphrase`, `keystore.pin`, `keystore.locked`..."""

    def store(self, label: str, certificate: x509.Certificate, chain: Sequence[x509.Certificate] = ()) -> None:
        """Keep the certificate with its key; `keystore.mismatch` where it was issued for another key."""

    def certificate(self, label: str) -> Credential | None:
        """The certificate that was stored, or None."""

    def labels(self) -> list[str]:
        """Every label that a key stands under, sorted."""

    def delete(self, label: str) -> None:
        """Remove key and certificate for good; `keystore.missing` where there are none."""


# The word before the colon of a specification, and the class behind it: Class(rest, unlock).
KEYSTORES = {
    "pem": "dongle_cli.binding.keystores.pem:PemFolder",
    "pkcs12": "dongle_cli.binding.keystores.pkcs12:Pkcs12Folder",
    "pkcs12-legacy-3des": "dongle_cli.binding.keystores.pkcs12:Legacy3desFolder",
    "pkcs11": "dongle_cli.binding.keystores.pkcs11:Token",
    "tpm2": "dongle_cli.binding.keystores.tpm2:TpmFolder",
    "tpm2-unattended": "dongle_cli.binding.keystores.tpm2:UnattendedFolder",
    "windows": "dongle_cli.binding.keystores.windows:WindowsStore",
}
# Those whose place is a folder.
FOLDERS = ("pem", "pkcs12", "pkcs12-legacy-3des", "tpm2", "tpm2-unattended")

_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def open_keystore(spec: str, unlock: Unlock) -> Keystore:
    """The keystore that `spec` names, a KIND or "KIND:PLACE"; `unlock` is asked for a passphrase when one is needed.

    PLACE is a folder for those in FOLDERS (default: among the data), and for pkcs11 the rest of an RFC 7512 URI
    ("pkcs11:token=bench?module-path=/usr/lib/softhsm/libsofthsm2.so"). DongleError `usage.keystore` for another word.
    """
    kind, _colon, place = spec.partition(":")
    if kind not in KEYSTORES:
        raise DongleError(
            _("{spec} names no keystore. Known: {known}.").format(spec=spec, known=", ".join(KEYSTORES)),
            code="usage.keystore",
        )
    module, _colon, name = KEYSTORES[kind].partition(":")
    opened: Keystore = getattr(import_module(module), name)(place, unlock)
    return opened


def checked_label(label: str) -> str:
    """`label`, if it can be a file's name and a token object's label everywhere; else `keystore.label`."""
    if not _LABEL.fullmatch(label):
        raise DongleError(
            _("{label} cannot be the label of a key.").format(label=ascii(label)),
            code="keystore.label",
            hint=_("Use letters, digits, dot, hyphen and underscore, at most 64, and begin with a letter or digit."),
        )
    return label


def missing(label: str, place: object) -> DongleError:
    """The error for a label under which nothing stands."""
    return DongleError(
        _("There is no key {label} in {place}.").format(label=label, place=place), code="keystore.missing"
    )


def taken(label: str, place: object) -> DongleError:
    """The error for a label that is in use."""
    return DongleError(
        _("There is a key {label} in {place} already.").format(label=label, place=place),
        code="keystore.exists",
        hint=_("Delete it first if it is really not needed any more, or choose another label."),
    )


def generated(algorithm: Algorithm) -> PrivateKey:
    """A new key in this process's memory, for the keystores that are files."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    if algorithm == "p256":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def must_match(label: str, key: PrivateKey, certificate: x509.Certificate) -> None:
    """Refuse a certificate whose public key is not that of `key`: DongleError `keystore.mismatch`."""
    if certificate.public_key() != key.public_key():
        raise DongleError(
            _("The certificate was issued for another key than {label}. Nothing was stored.").format(label=label),
            code="keystore.mismatch",
            hint=_("Take the certificate that answers this key's request."),
        )


def in_order(leaf: x509.Certificate, others: Sequence[x509.Certificate]) -> tuple[x509.Certificate, ...]:
    """Those of `others` that lead from `leaf` towards the root, each the issuer of the one before."""
    chain: list[x509.Certificate] = []
    current, left = leaf, list(others)
    while current.issuer != current.subject:
        above = next((each for each in left if issued(current, each)), None)
        if above is None:
            break
        chain.append(above)
        left.remove(above)
        current = above
    return tuple(chain)


def issued(certificate: x509.Certificate, by: x509.Certificate) -> bool:
    """Whether the key of `by` signed `certificate` under the same name."""
    from cryptography.exceptions import InvalidSignature

    try:
        certificate.verify_directly_issued_by(by)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
