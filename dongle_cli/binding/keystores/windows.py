"""Keys in Windows (CNG): certreq makes and installs them, PowerShell signs with them. Not yet run on Windows.

Tested are what is written for Windows and what is read from it; no machine with Windows has run the rest.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from dongle_cli.binding.keystores import Algorithm
from dongle_cli.binding.keystores.folder import KeyFolder
from dongle_cli.binding.keystores.windows_tools import (
    PROVIDERS,
    certreq,
    certutil,
    container,
    inf,
    powershell,
    signature,
)
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography import x509

    from dongle_cli.binding.keystores import PrivateKey
    from dongle_cli.binding.unlock import Unlock


class WindowsStore(KeyFolder):
    """The machine's own store; in the folder stand only requests and certificates, by which keys are found again.

    The place is the provider: "tpm" (Platform Crypto Provider, the default) or "software".
    """

    kind = "windows"
    movable = False
    suffix, beside = ".win.req", ".win.crt.pem"

    def __init__(self, place: str, unlock: Unlock) -> None:
        if (place or "tpm") not in PROVIDERS:
            raise DongleError(
                _("{spec} names no keystore. Known: {known}.").format(
                    spec=f"windows:{place}", known=", ".join(f"windows:{name}" for name in PROVIDERS)
                ),
                code="usage.keystore",
            )
        super().__init__("", unlock)
        self._provider = PROVIDERS[place or "tpm"]

    def _make(self, path: Path, algorithm: Algorithm) -> tuple[PrivateKey, bytes]:
        name = container(path.name.removesuffix(self.suffix))
        made = certreq("-new", "-q", "-f", inputs={"request.inf": inf(name, self._provider, algorithm)})
        return self._open(path, made), made

    def _open(self, path: Path, data: bytes) -> PrivateKey:
        from cryptography.hazmat.primitives.asymmetric import ec

        from dongle_cli.binding import pkcs10
        from dongle_cli.binding.keystores.outside import OutsideEcKey, OutsideRsaKey

        public = pkcs10.public_key(pkcs10.read(data).public_key())
        name = container(path.name.removesuffix(self.suffix))
        if isinstance(public, ec.EllipticCurvePublicKey):
            return OutsideEcKey(
                public, lambda digest, _hash: signature(powershell("ecdsa", name, self._provider, digest))
            )
        return OutsideRsaKey(
            public,
            lambda digest, hash_name: powershell("rsa", name, self._provider, digest, hash_name.upper()),
            lambda data: powershell("decrypt", name, self._provider, data),
        )

    def store(self, label: str, certificate: x509.Certificate, chain: Sequence[x509.Certificate] = ()) -> None:
        from cryptography.hazmat.primitives.serialization import Encoding

        super().store(label, certificate, chain)
        for each in chain:  # certreq takes only what leads to a root that the machine trusts
            place = "Root" if each.subject == each.issuer else "CA"
            certutil("-f", "-addstore", place, inputs={"ca.cer": each.public_bytes(Encoding.DER)})
        certreq("-accept", "-q", "-machine", inputs={"leaf.cer": certificate.public_bytes(Encoding.DER)}, output=False)
        found = installed(powershell("look", thumbprint(certificate), self._provider, b""))
        if not found:
            raise DongleError(
                _("Windows has taken the certificate, but shows no private key for it."),
                code="keystore.mismatch",
                hint=_("Make the request again: dongle-cli bind request"),
            )

    def delete(self, label: str) -> None:
        credential = self.certificate(label)
        super().delete(label)
        if credential is not None:
            certutil("-delstore", "My", thumbprint(credential.certificate))
        powershell("delete", container(label), self._provider, b"")


def thumbprint(certificate: x509.Certificate) -> str:
    """How Windows names a certificate: its SHA-1, upper-case hexadecimal."""
    from cryptography.hazmat.primitives import hashes

    return certificate.fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303 - a name, not a proof


def installed(said: bytes) -> bool:
    """Whether PowerShell's answer about a certificate says that its private key is there."""
    try:
        return json.loads(said.decode("utf-8-sig"))["HasPrivateKey"] is True
    except (ValueError, KeyError, TypeError):
        raise DongleError(_("What Windows says of the certificate cannot be read."), code="keystore.windows") from None
