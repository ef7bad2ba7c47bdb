"""The two files between laptop and bench: the request (CSR and signed description), and its answer (certificates)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from dongle_cli.binding import ca, laptop, pkcs10, profile
from dongle_cli.errors import DongleError
from dongle_cli.evidence.canonical import canonical
from dongle_cli.i18n import _

if TYPE_CHECKING:
    from cryptography import x509

    from dongle_cli.binding.keystores import PrivateKey
    from dongle_cli.identity import Imei, Laptop
    from dongle_cli.register.bindings import Binding
    from dongle_cli.secrets import Secret

KIND, ANSWER = "dongle-cli bind request", "dongle-cli bind answer"


@dataclass(frozen=True)
class Request:
    """What a laptop wrote."""

    laptop: Laptop
    csr: x509.CertificateSigningRequest
    asset_no: str | None
    made: str  # by the laptop's clock


def write(
    key: PrivateKey,
    described: Laptop,
    asset_no: str | None,
    *,
    imei: Imei | None = None,
    challenge: Secret | None = None,
) -> bytes:
    """The request file: a CSR (proof that the key is held) and the description, signed with the same key.

    Authorities that somebody else runs mostly copy what the CSR says: with `asset_no` and `imei` it says everything
    that the certificate must say. `challenge` is the one-time password of SCEP (RFC 2985 clause 5.4.1).
    """
    from cryptography.hazmat.primitives.serialization import Encoding

    builder = _asking(described, asset_no, imei, challenge)
    body = {
        "laptop": laptop.describe(described),
        "asset": asset_no,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "csr": builder.sign(key, ca.digest_for(key)).public_bytes(Encoding.PEM).decode("ascii"),
    }
    whole = {"schema": 1, "kind": KIND, "body": body, "signature": _signed(key, canonical(body)).hex()}
    return json.dumps(whole, ensure_ascii=False, indent=1).encode("utf-8") + b"\n"


def _asking(
    described: Laptop, asset_no: str | None, imei: Imei | None, challenge: Secret | None
) -> x509.CertificateSigningRequestBuilder:
    from cryptography import x509
    from cryptography.x509.oid import AttributeOID, NameOID

    name = (asset_no or described.host or described.uuid)[:64]
    subject = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
    if asset_no is not None:
        subject.append(x509.NameAttribute(NameOID.SERIAL_NUMBER, asset_no))
    builder = x509.CertificateSigningRequestBuilder(x509.Name(subject))
    if imei is not None:
        names = [x509.UniformResourceIdentifier(uri) for uri in profile.uris("paired", imei, described.uuid)]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    if challenge is not None:
        builder = builder.add_attribute(AttributeOID.CHALLENGE_PASSWORD, challenge.reveal().encode())
    return builder


def _signed(key: PrivateKey, data: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric import ec, padding

    digest = ca.digest_for(key)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(data, ec.ECDSA(digest))
    return key.sign(data, padding.PKCS1v15(), digest)


def _verify(key: Any, signature: bytes, data: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec, padding

    digest = ca.digest_for(key)
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, data, ec.ECDSA(digest))
        else:
            key.verify(signature, data, padding.PKCS1v15(), digest)
    except InvalidSignature:
        return False
    return True


def read(data: bytes, name: str) -> Request:
    """The request in `data`; DongleError `request.*` where it is none, was changed, or is signed by another key."""
    whole = _object(data, name, KIND)
    try:
        body: dict[str, Any] = whole["body"]
        csr = pkcs10.read(body["csr"].encode("ascii"))
        signature = bytes.fromhex(whole["signature"])
        described, made, asset = body["laptop"], str(body["made"]), body["asset"]
        signed = canonical(body)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _damaged(name) from None
    if not _verify(csr.public_key(), signature, signed):
        raise DongleError(
            _("{name} was changed after the laptop wrote it: its signature does not fit.").format(name=name),
            code="request.signature",
            hint=_("Make the request again on the laptop."),
        )
    number = None if asset is None else profile.asset_number(str(asset))
    return Request(laptop.from_object(described, name), csr, number, made)


def _object(data: bytes, name: str, kind: str) -> dict[str, Any]:
    try:
        whole = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise _damaged(name) from None
    if not isinstance(whole, dict) or whole.get("kind") != kind or whole.get("schema") != 1:
        raise _damaged(name)
    return whole


def _damaged(name: str) -> DongleError:
    return DongleError(
        _("{name} is no file of dongle-cli bind, or it is damaged.").format(name=name),
        code="request.unreadable",
        hint=_("Make it again, or copy it again from where it was made."),
    )


def answer(binding: Binding, certificate: bytes, chain: Sequence[x509.Certificate]) -> bytes:
    """The bench's answer: the certificate and the chain to the root; nothing in it is secret."""
    whole = {
        "schema": 1, "kind": ANSWER, "asset": binding.asset_no, "imei": binding.imei,
        "laptop_uuid": binding.laptop_uuid, "serial": binding.serial, "not_after": binding.not_after,
        "profile": binding.profile, "certificate": certificate.decode("ascii"), "chain": ca.pem(*chain).decode("ascii"),
    }  # fmt: skip
    return json.dumps(whole, ensure_ascii=False, indent=1).encode("utf-8") + b"\n"


@dataclass(frozen=True)
class Answer:
    """What the bench wrote."""

    asset_no: str
    imei: str
    laptop_uuid: str
    profile: str
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]


def read_answer(data: bytes, name: str) -> Answer:
    """The answer in `data`; DongleError `request.unreadable` where it is none."""
    from cryptography import x509

    whole = _object(data, name, ANSWER)
    try:
        certificate = x509.load_pem_x509_certificate(whole["certificate"].encode("ascii"))
        chain = tuple(x509.load_pem_x509_certificates(whole["chain"].encode("ascii")))
        asset, imei, uuid, kind = (str(whole[name]) for name in ("asset", "imei", "laptop_uuid", "profile"))
        if not chain:
            raise _damaged(name)
        return Answer(asset, imei, uuid, kind, certificate, chain)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _damaged(name) from None
