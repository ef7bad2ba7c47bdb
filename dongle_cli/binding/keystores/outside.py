"""Keys that are somewhere else, as cryptography's builders take them: they sign, and cannot be read out.

Imported by functions only: the classes need cryptography to be defined.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _

# What the token or the chip does: digest and the hash's name ("sha256") to a DER signature (ECDSA-Sig-Value), or to the
# bytes of an RSASSA-PKCS1-v1_5 signature.
Signer = Callable[[bytes, str], bytes]


class OutsideEcKey(ec.EllipticCurvePrivateKey):
    """A P-256 key of a token or chip."""

    def __init__(self, public: ec.EllipticCurvePublicKey, signer: Signer) -> None:
        self._public = public
        self._signer = signer

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """The public half."""
        return self._public

    @property
    def curve(self) -> ec.EllipticCurve:
        """The curve of the public half."""
        return self._public.curve

    @property
    def key_size(self) -> int:
        """Bits."""
        return self._public.curve.key_size

    def sign(self, data: bytes, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:  # type: ignore[override]
        """An ECDSA signature (DER) over `data`, hashed here and signed there."""
        if not isinstance(signature_algorithm, ec.ECDSA):
            raise UnsupportedAlgorithm("only ECDSA")
        return self._signer(*_digest(data, signature_algorithm.algorithm))

    def exchange(self, algorithm: ec.ECDH, peer_public_key: ec.EllipticCurvePublicKey) -> bytes:
        """Not offered: these keys are for signing."""
        raise UnsupportedAlgorithm("this key signs and does nothing else")

    def private_numbers(self) -> NoReturn:
        """Refused: the key does not leave."""
        _stays()

    def private_bytes(
        self,
        encoding: serialization.Encoding,
        format: serialization.PrivateFormat,
        encryption_algorithm: serialization.KeySerializationEncryption,
    ) -> NoReturn:
        """Refused: the key does not leave."""
        _stays()

    def __copy__(self) -> OutsideEcKey:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> OutsideEcKey:
        return self


class OutsideRsaKey(rsa.RSAPrivateKey):
    """An RSA key of a token or chip; `decipher` undoes RSAES-PKCS1-v1_5 there (SCEP's envelope needs it)."""

    def __init__(self, public: rsa.RSAPublicKey, signer: Signer, decipher: Callable[[bytes], bytes]) -> None:
        self._public = public
        self._signer = signer
        self._decipher = decipher

    def public_key(self) -> rsa.RSAPublicKey:
        """The public half."""
        return self._public

    @property
    def key_size(self) -> int:
        """Bits of the modulus."""
        return self._public.key_size

    def sign(  # type: ignore[override]
        self,
        data: bytes,
        padding: padding.AsymmetricPadding,
        algorithm: utils.Prehashed | hashes.HashAlgorithm,
    ) -> bytes:
        """An RSASSA-PKCS1-v1_5 signature over `data`, hashed here and signed there."""
        if padding.name != "EMSA-PKCS1-v1_5":
            raise UnsupportedAlgorithm("only PKCS #1 v1.5 signatures")
        return self._signer(*_digest(data, algorithm))

    def decrypt(self, ciphertext: bytes, padding: padding.AsymmetricPadding) -> bytes:
        """The plain text of `ciphertext`, deciphered there."""
        if padding.name != "EMSA-PKCS1-v1_5":
            raise UnsupportedAlgorithm("only PKCS #1 v1.5 encryption")
        return self._decipher(ciphertext)

    def private_numbers(self) -> NoReturn:
        """Refused: the key does not leave."""
        _stays()

    def private_bytes(
        self,
        encoding: serialization.Encoding,
        format: serialization.PrivateFormat,
        encryption_algorithm: serialization.KeySerializationEncryption,
    ) -> NoReturn:
        """Refused: the key does not leave."""
        _stays()

    def __copy__(self) -> OutsideRsaKey:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> OutsideRsaKey:
        return self


def _digest(data: bytes, algorithm: utils.Prehashed | hashes.HashAlgorithm) -> tuple[bytes, str]:
    if isinstance(algorithm, utils.Prehashed):
        return data, algorithm._algorithm.name
    hasher = hashes.Hash(algorithm)
    hasher.update(data)
    return hasher.finalize(), algorithm.name


def _stays() -> NoReturn:
    raise DongleError(
        _("This key was made to stay where it is; it cannot be read out."),
        code="keystore.stays",
        hint=_("Issue a new certificate for a new key instead of moving this one."),
    )
