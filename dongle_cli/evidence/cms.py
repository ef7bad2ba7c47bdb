"""Detached CMS signatures (RFC 5652) over records: made with the bench's key, checked here as openssl checks them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from dongle_cli.i18n import _

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

SUFFIX = ".p7s"  # beside the file that is signed


class Unverified(Exception):
    """The signature says something else than the content, or is none; the text says which."""


@dataclass(frozen=True)
class Signed:
    """A signature that fits its content; whether its signer is to be believed is asked in `trust`."""

    signer: x509.Certificate
    others: tuple[x509.Certificate, ...]  # what came along, without the signer's
    claimed: datetime  # the signing time as the signer wrote it (RFC 5652 clause 11.3)
    value: bytes  # the signature itself: what a time stamp is made of


def sign(content: bytes, key: PrivateKey, certificate: x509.Certificate, chain: Sequence[x509.Certificate]) -> bytes:
    """The detached signature in DER, with the signer's certificate and `chain` inside."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

    hashed = hashes.SHA384() if key.key_size == 384 else hashes.SHA256()
    builder = pkcs7.PKCS7SignatureBuilder().set_data(content).add_signer(certificate, key, hashed)
    for above in chain:
        builder = builder.add_certificate(above)
    options = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary, pkcs7.PKCS7Options.NoCapabilities]
    return builder.sign(Encoding.DER, options)


def verify(content: bytes, signature: bytes) -> Signed:
    """Who signed `content`; Unverified where the signature does not fit it, or is damaged in any way.

    The bytes must be DER and nothing else: a signature with a bit more or less is not the one that was made.
    """
    from asn1crypto import cms

    try:
        envelope = cms.ContentInfo.load(signature, strict=True)
        if envelope["content_type"].native != "signed_data":
            raise Unverified(_("it is no signature"))
        found = _checked(content, envelope["content"])
        whole = bool(envelope.native) and envelope.dump(force=True) == signature  # parsed to its last field
    except Unverified:
        raise
    except (ValueError, TypeError, LookupError, OverflowError, AttributeError) as error:  # asn1crypto's words
        raise Unverified(_("it is damaged")) from error
    if not whole:
        raise Unverified(_("it is not in DER, as it was written"))
    return found


def _checked(content: bytes, signed: Any) -> Signed:
    import hmac

    if len(signed["signer_infos"]) != 1:
        raise Unverified(_("it has not one signer"))
    if (signed["version"].native, signed["signer_infos"][0]["version"].native) != ("v1", "v1"):
        raise Unverified(_("its version is not the one that is written"))
    if signed["encap_content_info"]["content"].native is not None:
        raise Unverified(_("it is not detached: it brings a content of its own"))
    info = signed["signer_infos"][0]
    if info["unsigned_attrs"].native:
        raise Unverified(_("it carries attributes that nobody signed"))
    if [one.native for one in signed["digest_algorithms"]] != [info["digest_algorithm"].native]:
        raise Unverified(_("its algorithms contradict each other"))
    attributes = {one["type"].native: one["values"] for one in info["signed_attrs"]}
    if {"content_type", "message_digest", "signing_time"} - attributes.keys():
        raise Unverified(_("it does not say what was signed, and when"))
    if {attributes["content_type"][0].native, signed["encap_content_info"]["content_type"].native} != {"data"}:
        raise Unverified(_("it is a signature over something else than a file"))
    hashed = _hash(info["digest_algorithm"]["algorithm"].native)
    stated = attributes["message_digest"][0].native
    if not hmac.compare_digest(_digest(content, hashed), stated):
        raise Unverified(_("the file is not what was signed"))
    leaf, others = _certificates(signed, info["sid"].chosen)
    _check_signature(leaf, info, hashed)
    claimed: datetime = attributes["signing_time"][0].native
    return Signed(leaf, others, claimed.astimezone(UTC), info["signature"].native)


def _certificates(signed: Any, name: Any) -> tuple[x509.Certificate, tuple[x509.Certificate, ...]]:
    """The certificate that `name` (issuer and serial number) means, and the others that came along."""
    import warnings

    from cryptography import x509

    wanted = (name["serial_number"].native, name["issuer"].dump())
    with warnings.catch_warnings():  # a serial number that is none belongs to no certificate of ours
        warnings.simplefilter("ignore")
        try:
            every = [x509.load_der_x509_certificate(one.chosen.dump()) for one in signed["certificates"]]
        except x509.InvalidVersion as error:
            raise Unverified(_("it is damaged")) from error
        meant = [one for one in every if (one.serial_number, one.issuer.public_bytes()) == wanted]
    if len(meant) != 1:
        raise Unverified(_("the signer's certificate is not in it"))
    return meant[0], tuple(one for one in every if one is not meant[0])


def _hash(name: str) -> Any:
    from cryptography.hazmat.primitives import hashes

    known: dict[str, Any] = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
    if name not in known:
        raise Unverified(_("it uses {name}, which is not accepted").format(name=name))
    return known[name]


def _digest(content: bytes, hashed: Any) -> bytes:
    from cryptography.hazmat.primitives import hashes

    context = hashes.Hash(hashed)
    context.update(content)
    return context.finalize()


def _check_signature(leaf: x509.Certificate, info: Any, hashed: Any) -> None:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

    told = info["signed_attrs"].untag().dump()  # a SET OF: this is what was signed, not the [0] in the file
    algorithm = info["signature_algorithm"]
    try:
        key = leaf.public_key()
        if isinstance(key, ec.EllipticCurvePublicKey):
            if algorithm["algorithm"].native != f"{info['digest_algorithm']['algorithm'].native}_ecdsa":
                raise Unverified(_("its algorithms contradict each other"))
            key.verify(info["signature"].native, told, ec.ECDSA(hashed))
        elif isinstance(key, rsa.RSAPublicKey):
            if algorithm["algorithm"].native not in ("rsassa_pkcs1v15", f"{hashed.name}_rsa"):
                raise Unverified(_("its algorithms contradict each other"))
            key.verify(info["signature"].native, told, padding.PKCS1v15(), hashed)
        else:
            raise Unverified(_("the signer's key is of a kind that is not used here"))
    except InvalidSignature:
        raise Unverified(_("the signature does not fit")) from None
    except UnsupportedAlgorithm:
        raise Unverified(_("the signer's key is of a kind that is not used here")) from None
