"""What keystores that are folders share: a file for the key, as the kind seals it, and the certificate beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dongle_cli import paths
from dongle_cli.binding.keystores import Algorithm, Credential, checked_label, files, missing, must_match, taken
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cryptography import x509

    from dongle_cli.binding.keystores import PrivateKey
    from dongle_cli.binding.unlock import Unlock


class KeyFolder:
    """A folder of keys and certificates, mode 0600; a kind says how a key is made, sealed and opened."""

    kind: str
    movable: bool
    suffix: str  # of the key's file
    beside: str  # of the certificate's

    def __init__(self, place: str, unlock: Unlock) -> None:
        self._folder = files.folder(place, paths.data_dir() / "keys")
        self._unlock = unlock

    def _make(self, path: Path, algorithm: Algorithm) -> tuple[PrivateKey, bytes]:
        """A new key, and what `path` will hold."""
        raise NotImplementedError

    def _open(self, path: Path, data: bytes) -> PrivateKey:
        """The key that the `data` of `path` holds or names."""
        raise NotImplementedError

    def _path(self, label: str, suffix: str) -> Path:
        return self._folder / (checked_label(label) + suffix)

    def create(self, label: str, algorithm: Algorithm = "p256") -> PrivateKey:
        path = self._path(label, self.suffix)
        if path.exists():
            raise taken(label, self._folder)
        key, data = self._make(path, algorithm)
        try:
            files.write(path, data, new=True)
        except FileExistsError:
            raise taken(label, self._folder) from None
        return key

    def key(self, label: str) -> PrivateKey:
        path = self._path(label, self.suffix)
        data = files.read(path)
        if data is None:
            raise missing(label, self._folder)
        return self._open(path, data)

    def store(self, label: str, certificate: x509.Certificate, chain: Sequence[x509.Certificate] = ()) -> None:
        from cryptography.hazmat.primitives.serialization import Encoding

        must_match(label, self.key(label), certificate)
        content = b"".join(each.public_bytes(Encoding.PEM) for each in (certificate, *chain))
        files.write(self._path(label, self.beside), content)

    def certificate(self, label: str) -> Credential | None:
        from cryptography import x509

        path = self._path(label, self.beside)
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
        found = (path.name.removesuffix(self.suffix) for path in self._folder.glob(f"*{self.suffix}"))
        return sorted(label for label in found if not label.startswith("."))

    def delete(self, label: str) -> None:
        # The key first: a certificate that is left over harms nobody, a key that is left over might.
        gone = [files.remove(self._path(label, suffix)) for suffix in (self.suffix, self.beside)]
        if not any(gone):
            raise missing(label, self._folder)
