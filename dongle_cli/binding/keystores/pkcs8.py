"""Private keys as encrypted PKCS#8 (RFC 5958): PBES2 with AES-256-CBC and a PBKDF2 that takes its time."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _

if TYPE_CHECKING:
    from pathlib import Path

    from dongle_cli.binding.keystores import PrivateKey
    from dongle_cli.secrets import Secret

# cryptography's own choice for PKCS#8 is 2,048 rounds. A root's key may lie on a stick that is lost.
ROUNDS = 200_000


def sealed(key: PrivateKey, passphrase: Secret) -> bytes:
    """`key` as PEM "ENCRYPTED PRIVATE KEY", which openssl and everything that builds on it opens."""
    from asn1crypto import algos, keys, pem
    from cryptography.hazmat.primitives import hashes, padding, serialization
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

    plain = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    salt, iv = os.urandom(16), os.urandom(16)
    kdf = PBKDF2HMAC(algorithm=hashes.SHA256(), length=32, salt=salt, iterations=ROUNDS)
    cipher = Cipher(algorithms.AES(kdf.derive(passphrase.reveal().encode())), modes.CBC(iv)).encryptor()
    padder = padding.PKCS7(128).padder()
    data = cipher.update(padder.update(plain) + padder.finalize()) + cipher.finalize()
    info = keys.EncryptedPrivateKeyInfo(
        {
            "encryption_algorithm": {
                "algorithm": "pbes2",
                "parameters": {
                    "key_derivation_func": {
                        "algorithm": "pbkdf2",
                        "parameters": {
                            "salt": algos.Pbkdf2Salt(name="specified", value=salt),
                            "iteration_count": ROUNDS,
                            "prf": {"algorithm": "sha256"},
                        },
                    },
                    "encryption_scheme": {"algorithm": "aes256_cbc", "parameters": iv},
                },
            },
            "encrypted_data": data,
        }
    )
    armored: bytes = pem.armor("ENCRYPTED PRIVATE KEY", info.dump())
    return armored


def opened(data: bytes, passphrase: Secret, path: Path) -> PrivateKey:
    """The key in the PEM `data`; `keystore.passphrase` where it does not open, `keystore.damaged` where it is none."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    if b"BEGIN ENCRYPTED PRIVATE KEY" not in data:
        raise DongleError(
            _("{path} does not hold an encrypted private key.").format(path=path), code="keystore.damaged"
        )
    try:
        key = load_pem_private_key(data, passphrase.reveal().encode())
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise wrong_passphrase(path) from None
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise DongleError(_("The key in {path} is of a type that is not used here.").format(path=path),
                          code="keystore.damaged")  # fmt: skip
    return key


def wrong_passphrase(path: Path) -> DongleError:
    """The error where the content does not open: the passphrase is wrong, or a byte of the file is."""
    return DongleError(
        _("The passphrase does not open {path}.").format(path=path),
        code="keystore.passphrase",
        hint=_("Check the passphrase. If it is surely right, the file is damaged: take it from the backup."),
    )
