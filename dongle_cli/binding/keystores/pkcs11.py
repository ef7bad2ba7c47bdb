"""Keys in tokens and HSMs (PKCS#11): made there, sensitive and not extractable, used there."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from dongle_cli.binding.keystores import (
    Algorithm,
    Credential,
    checked_label,
    in_order,
    missing,
    must_match,
    taken,
)
from dongle_cli.binding.keystores.pkcs11_token import OpenToken, TokenUri, refusals
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pkcs11
    from cryptography import x509

    from dongle_cli.binding.keystores import PrivateKey
    from dongle_cli.binding.unlock import Unlock


class Token:
    """One token; each key is a private-key object, a public-key object and a certificate of one label and id."""

    kind = "pkcs11"
    movable = False

    def __init__(self, place: str, unlock: Unlock) -> None:
        self._uri = TokenUri.parse(place)
        self._token = OpenToken(self._uri, unlock)

    def create(self, label: str, algorithm: Algorithm = "p256") -> PrivateKey:
        import pkcs11
        from pkcs11.util.ec import encode_named_curve_parameters

        checked_label(label)
        with refusals(self._uri):
            session = self._token.session
            if self._private(label) is not None:
                raise taken(label, self._uri)
            secret = {
                pkcs11.Attribute.SENSITIVE: True,
                pkcs11.Attribute.EXTRACTABLE: False,
                pkcs11.Attribute.SIGN: True,
                pkcs11.Attribute.DERIVE: False,
                pkcs11.Attribute.UNWRAP: False,
                pkcs11.Attribute.DECRYPT: algorithm != "p256",
            }
            names: dict[str, Any] = {
                "id": secrets.token_bytes(16),
                "label": label,
                "store": True,
                "private_template": secret,
            }
            if algorithm == "p256":
                curve = {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")}
                session.create_domain_parameters(pkcs11.KeyType.EC, curve, local=True).generate_keypair(**names)
            else:
                session.generate_keypair(pkcs11.KeyType.RSA, 2048, **names)
        return self.key(label)

    def key(self, label: str) -> PrivateKey:
        import pkcs11

        with refusals(self._uri):
            private = self._private(checked_label(label))
            if private is None:
                raise missing(label, self._uri)
            public = next(self._objects(pkcs11.ObjectClass.PUBLIC_KEY, id=private.id), None)
            if public is None:  # tokens may keep it in the certificate alone
                credential = self.certificate(label)
                if credential is None:
                    raise missing(label, self._uri)
                return self._usable(private, credential.certificate.public_key())
            return self._usable(private, _public(public))

    def store(self, label: str, certificate: x509.Certificate, chain: Sequence[x509.Certificate] = ()) -> None:
        import pkcs11
        from cryptography.hazmat.primitives.serialization import Encoding
        from pkcs11.util.x509 import decode_x509_certificate

        must_match(label, self.key(label), certificate)
        with refusals(self._uri):
            private = self._private(label)
            if private is None:
                raise missing(label, self._uri)
            old = list(self._objects(pkcs11.ObjectClass.CERTIFICATE, id=private.id))
            known = {each[pkcs11.Attribute.VALUE] for each in self._objects(pkcs11.ObjectClass.CERTIFICATE)}
            # The chain first and the old leaf last: whenever this stops, what is there is of use.
            for each in (*reversed(chain), certificate):
                der = each.public_bytes(Encoding.DER)
                if der in known:
                    continue
                template = decode_x509_certificate(der) | {pkcs11.Attribute.TOKEN: True}
                if each is certificate:
                    template |= {pkcs11.Attribute.LABEL: label, pkcs11.Attribute.ID: private.id}
                self._token.session.create_object(template)
            for each in old:
                if each[pkcs11.Attribute.VALUE] != certificate.public_bytes(Encoding.DER):
                    each.destroy()

    def certificate(self, label: str) -> Credential | None:
        import pkcs11

        with refusals(self._uri):
            private = self._private(checked_label(label))
            if private is None:
                return None
            mine = [_parsed(each) for each in self._objects(pkcs11.ObjectClass.CERTIFICATE, id=private.id)]
            if not mine:
                return None
            leaf = max(mine, key=lambda each: each.not_valid_before_utc)  # two only after a crash while storing
            others = [_parsed(each) for each in self._objects(pkcs11.ObjectClass.CERTIFICATE)]
        return Credential(leaf, in_order(leaf, others))

    def labels(self) -> list[str]:
        import pkcs11

        with refusals(self._uri):
            return sorted(each.label for each in self._objects(pkcs11.ObjectClass.PRIVATE_KEY))

    def delete(self, label: str) -> None:
        import pkcs11

        with refusals(self._uri):
            private = self._private(checked_label(label))
            if private is None:
                raise missing(label, self._uri)
            kinds = pkcs11.ObjectClass.CERTIFICATE, pkcs11.ObjectClass.PUBLIC_KEY
            left = [each for kind in kinds for each in self._objects(kind, id=private.id)]
            private.destroy()
            for each in left:
                each.destroy()

    def close(self) -> None:
        """End the session; the next use begins a new one."""
        self._token.close()

    def _private(self, label: str) -> Any | None:
        import pkcs11

        return next(self._objects(pkcs11.ObjectClass.PRIVATE_KEY, label=label), None)

    def _objects(self, kind: pkcs11.ObjectClass, *, label: str | None = None, id: bytes | None = None) -> Iterator[Any]:
        import pkcs11

        wanted: dict[pkcs11.Attribute, object] = {pkcs11.Attribute.CLASS: kind}
        if label is not None:
            wanted[pkcs11.Attribute.LABEL] = label
        if id is not None:
            wanted[pkcs11.Attribute.ID] = id
        # Read to the end at once: a token runs one search at a time.
        return iter(list(self._token.session.get_objects(wanted)))

    def _usable(self, private: Any, public: object) -> PrivateKey:
        from cryptography.hazmat.primitives.asymmetric import ec, rsa

        from dongle_cli.binding.keystores.outside import OutsideEcKey, OutsideRsaKey

        if isinstance(public, ec.EllipticCurvePublicKey):
            return OutsideEcKey(public, lambda digest, _name: self._ecdsa(private, digest))
        if not isinstance(public, rsa.RSAPublicKey):
            raise DongleError(
                _("The key in {place} is of a type that is not used here.").format(place=self._uri),
                code="keystore.damaged",
            )
        return OutsideRsaKey(
            public,
            lambda digest, name: self._rsa(private, digest, name),
            lambda data: self._decipher(private, data),
        )

    def _ecdsa(self, private: Any, digest: bytes) -> bytes:
        import pkcs11
        from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

        with refusals(self._uri):
            raw = private.sign(digest, mechanism=pkcs11.Mechanism.ECDSA)
        half = len(raw) // 2
        return encode_dss_signature(int.from_bytes(raw[:half]), int.from_bytes(raw[half:]))

    def _rsa(self, private: Any, digest: bytes, name: str) -> bytes:
        import pkcs11
        from asn1crypto.algos import DigestInfo

        info = DigestInfo({"digest_algorithm": {"algorithm": name}, "digest": digest}).dump()
        with refusals(self._uri):
            return bytes(private.sign(info, mechanism=pkcs11.Mechanism.RSA_PKCS))

    def _decipher(self, private: Any, data: bytes) -> bytes:
        import pkcs11

        with refusals(self._uri):
            return bytes(private.decrypt(data, mechanism=pkcs11.Mechanism.RSA_PKCS))


def _public(key: Any) -> object:
    import pkcs11
    from cryptography.hazmat.primitives.serialization import load_der_public_key
    from pkcs11.util.ec import encode_ec_public_key
    from pkcs11.util.rsa import encode_rsa_public_key

    if key.key_type == pkcs11.KeyType.EC:
        return load_der_public_key(encode_ec_public_key(key))
    return load_der_public_key(encode_rsa_public_key(key))


def _parsed(each: Any) -> x509.Certificate:
    import pkcs11
    from cryptography import x509

    return x509.load_der_x509_certificate(each[pkcs11.Attribute.VALUE])
