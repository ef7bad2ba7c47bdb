"""Keys as files: LABEL.key.pem (encrypted PKCS#8) and LABEL.crt.pem (the certificate, then its chain)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dongle_cli.binding.keystores import Algorithm, generated, pkcs8
from dongle_cli.binding.keystores.folder import KeyFolder

if TYPE_CHECKING:
    from pathlib import Path

    from dongle_cli.binding.keystores import PrivateKey


class PemFolder(KeyFolder):
    """A folder of encrypted PEM files."""

    kind = "pem"
    movable = True
    suffix, beside = ".key.pem", ".crt.pem"

    def _make(self, path: Path, algorithm: Algorithm) -> tuple[PrivateKey, bytes]:
        key = generated(algorithm)
        return key, pkcs8.sealed(key, self._unlock.choose(str(path)))

    def _open(self, path: Path, data: bytes) -> PrivateKey:
        return pkcs8.opened(data, self._unlock(str(path)), path)
