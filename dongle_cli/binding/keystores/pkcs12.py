"""Keys as PKCS#12 files (RFC 7292), LABEL.p12: what Windows, NetworkManager and phones import."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dongle_cli import paths
from dongle_cli.binding.keystores import (
    Algorithm,
    Credential,
    checked_label,
    files,
    generated,
    in_order,
    missing,
    must_match,
    taken,
)
from dongle_cli.binding.keystores.pkcs8 import wrong_passphrase
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import KeySerializationEncryption
    from cryptography.hazmat.primitives.serialization.pkcs12 import PKCS12KeyAndCertificates

    from dongle_cli.binding.keystores import PrivateKey
    from dongle_cli.binding.unlock import Unlock
    from dongle_cli.secrets import Secret

_SUFFIX = ".p12"
# Rounds of the old key derivation; the MAC keeps 2,048, which is what cryptography offers.
_LEGACY_ROUNDS = 50_000


class Pkcs12Folder:
    """A folder of PKCS#12 files, mode 0600, AES-256 and SHA-256, each under a passphrase."""

    kind = "pkcs12"
    movable = True
    legacy = False

    def __init__(self, place: str, unlock: Unlock) -> None:
        self._folder = files.folder(place, paths.data_dir() / "keys")
        self._unlock = unlock

    def _path(self, label: str) -> Path:
        return self._folder / (checked_label(label) + _SUFFIX)

    def create(self, label: str, algorithm: Algorithm = "p256") -> PrivateKey:
        path = self._path(label)
        if path.exists():
            raise taken(label, self._folder)
        key = generated(algorithm)
        sealed = packed(label, key, None, (), self._unlock.choose(str(path)), legacy=self.legacy)
        try:
            files.write(path, sealed, new=True)
        except FileExistsError:
            raise taken(label, self._folder) from None
        return key

    def key(self, label: str) -> PrivateKey:
        return self._opened(label)[0]

    def store(self, label: str, certificate: x509.Certificate, chain: Sequence[x509.Certificate] = ()) -> None:
        key, _bag = self._opened(label)
        must_match(label, key, certificate)
        path = self._path(label)
        files.write(path, packed(label, key, certificate, chain, self._unlock(str(path)), legacy=self.legacy))

    def certificate(self, label: str) -> Credential | None:
        if not self._path(label).exists():
            return None
        bag = self._opened(label)[1]
        if bag.cert is None:
            return None
        leaf = bag.cert.certificate
        return Credential(leaf, in_order(leaf, [each.certificate for each in bag.additional_certs]))

    def labels(self) -> list[str]:
        found = (path.name.removesuffix(_SUFFIX) for path in self._folder.glob(f"*{_SUFFIX}"))
        return sorted(label for label in found if not label.startswith("."))

    def delete(self, label: str) -> None:
        if not files.remove(self._path(label)):
            raise missing(label, self._folder)

    def _opened(self, label: str) -> tuple[PrivateKey, PKCS12KeyAndCertificates]:
        from cryptography.hazmat.primitives.asymmetric import ec, rsa
        from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12

        path = self._path(label)
        data = files.read(path)
        if data is None:
            raise missing(label, self._folder)
        try:
            bag = load_pkcs12(data, self._unlock(str(path)).reveal().encode())
        except ValueError:
            raise wrong_passphrase(path) from None
        if not isinstance(bag.key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
            raise DongleError(_("{path} holds no key that is used here.").format(path=path), code="keystore.damaged")
        return bag.key, bag


class Legacy3desFolder(Pkcs12Folder):
    """The same with triple DES and SHA-1, for what opens nothing newer: Windows Server 2016, old VPN gateways."""

    kind = "pkcs12-legacy-3des"
    legacy = True


def packed(
    label: str,
    key: PrivateKey,
    certificate: x509.Certificate | None,
    chain: Sequence[x509.Certificate],
    passphrase: Secret,
    *,
    legacy: bool = False,
) -> bytes:
    """Key, certificate and chain as one PKCS#12; never without a passphrase: DongleError `secret.missing`."""
    from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates

    if not passphrase:
        raise DongleError(_("A PKCS#12 file is not written without a passphrase."), code="secret.missing")
    return serialize_key_and_certificates(
        label.encode(), key, certificate, list(chain) or None, _encryption(passphrase, legacy=legacy)
    )


def _encryption(passphrase: Secret, *, legacy: bool) -> KeySerializationEncryption:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, PrivateFormat
    from cryptography.hazmat.primitives.serialization.pkcs12 import PBES

    if not legacy:
        return BestAvailableEncryption(passphrase.reveal().encode())
    return (
        PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(_LEGACY_ROUNDS)
        .key_cert_algorithm(PBES.PBESv1SHA1And3KeyTripleDESCBC)
        .hmac_hash(hashes.SHA1())  # noqa: S303 - asked for by name
        .build(passphrase.reveal().encode())
    )
