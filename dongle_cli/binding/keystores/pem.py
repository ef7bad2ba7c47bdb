"""Keys as files: LABEL.key.pem (encrypted PKCS#8) and LABEL.crt.pem (the certificate, then its chain)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dongle_cli import paths
from dongle_cli.binding.keystores import (
    Algorithm,
    Credential,
    checked_label,
    files,
    generated,
    missing,
    must_match,
    pkcs8,
    taken,
)
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cryptography import x509

    from dongle_cli.binding.keystores import PrivateKey
    from dongle_cli.binding.unlock import Unlock

_KEY, _CERTIFICATE = ".key.pem", ".crt.pem"


class PemFolder:
    """A folder of encrypted PEM files, mode 0600."""

    kind = "pem"
    movable = True

    def __init__(self, place: str, unlock: Unlock) -> None:
        self._folder = files.folder(place, paths.data_dir() / "keys")
        self._unlock = unlock

    def _path(self, label: str, suffix: str) -> Path:
        return self._folder / (checked_label(label) + suffix)

    def create(self, label: str, algorithm: Algorithm = "p256") -> PrivateKey:
        path = self._path(label, _KEY)
        if path.exists():
            raise taken(label, self._folder)
        key = generated(algorithm)
        try:
            files.write(path, pkcs8.sealed(key, self._unlock.choose(str(path))), new=True)
        except FileExistsError:
            raise taken(label, self._folder) from None
        return key

    def key(self, label: str) -> PrivateKey:
        path = self._path(label, _KEY)
        data = files.read(path)
        if data is None:
            raise missing(label, self._folder)
        return pkcs8.opened(data, self._unlock(str(path)), path)

    def store(self, label: str, certificate: x509.Certificate, chain: Sequence[x509.Certificate] = ()) -> None:
        from cryptography.hazmat.primitives.serialization import Encoding

        must_match(label, self.key(label), certificate)
        content = b"".join(each.public_bytes(Encoding.PEM) for each in (certificate, *chain))
        files.write(self._path(label, _CERTIFICATE), content)

    def certificate(self, label: str) -> Credential | None:
        from cryptography import x509

        path = self._path(label, _CERTIFICATE)
        data = files.read(path)
        if data is None:
            return None
        try:
            leaf, *chain = x509.load_pem_x509_certificates(data)
        except ValueError:
            raise DongleError(
                _("{path} does not hold a certificate.").format(path=path), code="keystore.damaged"
            ) from None
        return Credential(leaf, tuple(chain))

    def labels(self) -> list[str]:
        found = (path.name.removesuffix(_KEY) for path in self._folder.glob(f"*{_KEY}"))
        return sorted(label for label in found if not label.startswith("."))

    def delete(self, label: str) -> None:
        # The key first: a certificate that is left over harms nobody, a key that is left over might.
        gone = [files.remove(self._path(label, suffix)) for suffix in (_KEY, _CERTIFICATE)]
        if not any(gone):
            raise missing(label, self._folder)
