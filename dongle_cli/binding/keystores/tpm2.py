"""Keys in the laptop's TPM 2.0: made there, fixed to it, and kept outside of it only as it wrapped them.

The file is a "TSS2 PRIVATE KEY" (ASN.1 of draft-woodhouse-cert-best-practice), which openssl with tpm2-openssl,
wpa_supplicant and strongSwan's openssl load by themselves: no other program needs ours to use the key.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from dongle_cli.binding.keystores import Algorithm
from dongle_cli.binding.keystores.folder import KeyFolder
from dongle_cli.binding.keystores.tpm2_tools import Tpm, conversation
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _
from dongle_cli.secrets import Secret

if TYPE_CHECKING:
    from pathlib import Path

    from dongle_cli.binding.authorities import PublicKey
    from dongle_cli.binding.keystores import PrivateKey

_OWNER = 0x40000001  # TPM_RH_OWNER: the parent is made from the owner's seed
_LOADABLE = "2.23.133.10.1.3"  # id-loadablekey
_NAME = "TSS2 PRIVATE KEY"
_NULL, _ECC, _RSA, _P256 = 0x10, 0x23, 0x01, 0x03
_ALWAYS = "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign"
_KINDS: dict[Algorithm, tuple[str, str]] = {"p256": ("ecc256", _ALWAYS), "rsa2048": ("rsa2048", f"{_ALWAYS}|decrypt")}


class TpmFolder(KeyFolder):
    """A folder of keys that one TPM wrapped, each under a passphrase that the TPM itself counts wrong tries of."""

    kind = "tpm2"
    movable = False
    suffix, beside = ".tss2.pem", ".tss2.crt.pem"
    unattended = False

    def _make(self, path: Path, algorithm: Algorithm) -> tuple[PrivateKey, bytes]:
        what, attributes = _KINDS[algorithm]
        secret = None if self.unattended else self._unlock.choose(str(path))
        attributes += "|noda" if self.unattended else ""
        with conversation() as tpm:
            tpm.run("tpm2_create", "-Q", "-C", tpm.parent(), "-g", "sha256", "-G", what, "-a", attributes,
                    "-u", "key.pub", "-r", "key.priv", *_auth(secret), secret=secret)  # fmt: skip
            tpm.drop()
            public, private = ((tpm.folder / name).read_bytes() for name in ("key.pub", "key.priv"))
        data = _sealed(public, private, empty=self.unattended)
        return self._open(path, data), data

    def _open(self, path: Path, data: bytes) -> PrivateKey:
        from cryptography.hazmat.primitives.asymmetric import ec

        from dongle_cli.binding.keystores.outside import OutsideEcKey, OutsideRsaKey

        public, private, empty = _opened(path, data)
        used = _Key(self, path, public, private, empty)
        known = _public(path, public)
        if isinstance(known, ec.EllipticCurvePublicKey):
            return OutsideEcKey(known, lambda digest, name: used.sign("ecdsa", digest, name))
        return OutsideRsaKey(known, lambda digest, name: used.sign("rsassa", digest, name), used.decipher)


class UnattendedFolder(TpmFolder):
    """The same without a passphrase: for a laptop that logs on before anybody is there. Who is root on it can sign."""

    kind = "tpm2-unattended"
    suffix, beside = ".tss2u.pem", ".tss2u.crt.pem"
    unattended = True


class _Key:
    """One key as the TPM wrapped it; loaded for each use, and never tried with a second passphrase."""

    def __init__(self, store: TpmFolder, path: Path, public: bytes, private: bytes, empty: bool) -> None:
        self._unlock, self._path = store._unlock, path
        self._public, self._private, self._empty = public, private, empty
        self._refused: DongleError | None = None

    def sign(self, scheme: str, digest: bytes, name: str) -> bytes:
        return self._use(
            "tpm2_sign", digest, "-g", name, "-s", scheme, "-f", "plain", "-d", "in", "-o", "out"
        )  # fmt: skip

    def decipher(self, data: bytes) -> bytes:
        return self._use("tpm2_rsadecrypt", data, "-s", "rsaes", "-o", "out", "in")

    def _use(self, tool: str, data: bytes, *arguments: str) -> bytes:
        if self._refused is not None:
            raise self._refused
        with conversation() as tpm:
            secret = None if self._empty else self._passphrase(tpm)
            for name, content in (("key.pub", self._public), ("key.priv", self._private), ("in", data)):
                (tpm.folder / name).write_bytes(content)
            tpm.run("tpm2_load", "-Q", "-C", tpm.parent(), "-u", "key.pub", "-r", "key.priv", "-c", "key.ctx")
            tpm.drop()
            try:
                tpm.run(tool, "-Q", "-c", "key.ctx", *_auth(secret), *arguments, secret=secret)
            except DongleError as error:
                if error.code == "keystore.passphrase":
                    self._unlock.forget(str(self._path))
                    self._refused = error
                raise
            finally:
                tpm.drop()
            return (tpm.folder / "out").read_bytes()

    def _passphrase(self, tpm: Tpm) -> Secret:
        """The passphrase; none is sent by itself where one more wrong one would lock the TPM."""
        what = str(self._path)
        typed = self._unlock.asks(what)
        found = dict(
            line.replace(" ", "").split(":", 1)
            for line in tpm.run("tpm2_getcap", "properties-variable").splitlines()
            if ":" in line
        )
        tried, most = (int(found.get(f"TPM2_PT_{name}", "0"), 0) for name in ("LOCKOUT_COUNTER", "MAX_AUTH_FAIL"))
        if 0 < most <= tried + 1 and not typed and found.get("inLockout") != "1":
            raise DongleError(
                _("Wrong passphrases were tried at this TPM, and the next one locks it. None is sent by itself."),
                code="keystore.pin-tries",
                hint=_("Run the same command at a terminal and type it, or wait until the TPM forgets the tries."),
            )
        return self._unlock(what)


def _auth(secret: Secret | None) -> tuple[str, ...]:
    return ("-p", "file:-") if secret else ()


def _sealed(public: bytes, private: bytes, *, empty: bool) -> bytes:
    from asn1crypto import core, pem

    parts = core.ObjectIdentifier(_LOADABLE).dump()
    if empty:
        parts += core.Boolean(True, explicit=0).dump()
    parts += core.Integer(_OWNER).dump() + core.OctetString(public).dump() + core.OctetString(private).dump()
    armored: bytes = pem.armor(_NAME, core.Sequence(contents=parts).dump())
    return armored


def _opened(path: Path, data: bytes) -> tuple[bytes, bytes, bool]:
    """TPM2B_PUBLIC, TPM2B_PRIVATE, and whether the key has no passphrase."""
    from asn1crypto import core, pem

    try:
        name, _headers, der = pem.unarmor(data)
        values = list(core.SequenceOf.load(der, spec=core.Any, strict=True))
        kind, *middle, parent, public, private = values
        if (name, kind.native, parent.native) != (_NAME, _LOADABLE, _OWNER):
            raise ValueError
        held = public.native, private.native
        if not all(isinstance(blob, bytes) for blob in held):
            raise ValueError
        return *held, bool(middle)
    except (ValueError, TypeError, LookupError, OverflowError, AttributeError):  # asn1crypto's words for damage
        raise _damaged(path) from None


def _public(path: Path, data: bytes) -> PublicKey:
    """The public key in a TPM2B_PUBLIC (TPM 2.0 Library, part 2, clause 12.2.5) of the two kinds that we make."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    try:
        _size, kind, _hash, _attributes, policy = struct.unpack_from(">HHHIH", data)
        rest = data[12 + policy :]
        if kind == _ECC and struct.unpack_from(">HHHH", rest) == (_NULL, _NULL, _P256, _NULL):
            (length,) = struct.unpack_from(">H", rest, 8)
            x, y = rest[10 : 10 + length], rest[12 + length :]
            return ec.EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), ec.SECP256R1()).public_key()
        if kind == _RSA and struct.unpack_from(">HH", rest) == (_NULL, _NULL):
            exponent, length = struct.unpack_from(">IH", rest, 6)
            return rsa.RSAPublicNumbers(exponent or 65537, int.from_bytes(rest[12 : 12 + length])).public_key()
    except (ValueError, struct.error):
        pass
    raise _damaged(path)


def _damaged(path: Path) -> DongleError:
    return DongleError(_("{path} holds no key of a TPM that is used here.").format(path=path), code="keystore.damaged")
