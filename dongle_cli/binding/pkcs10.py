"""Certificate requests (PKCS#10, RFC 2986) read and checked before anybody is asked to sign them."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _

if TYPE_CHECKING:
    from cryptography import x509

    from dongle_cli.binding.authorities import PublicKey

MAX_BYTES = 64 * 1024
RSA_LEAST, RSA_MOST = 2048, 8192
_LIMITS = {"2.5.4.3": 64, "2.5.4.5": 64, "2.5.4.10": 64, "2.5.4.11": 64, "2.5.4.6": 2, "2.5.4.7": 128, "2.5.4.8": 128}
_ECDSA_NULL = bytes.fromhex("2a8648ce3d0403")  # the arc of ecdsa-with-SHA2 (RFC 5758 clause 3.2)


def read(data: bytes) -> x509.CertificateSigningRequest:
    """The request in `data` (PEM or DER), its signature, key and names checked; DongleError `request.*` otherwise."""
    from cryptography import x509

    if len(data) > MAX_BYTES:
        raise _unreadable(_("it is larger than {max} kB").format(max=MAX_BYTES // 1024))
    der = _der(data)
    try:
        request = x509.load_der_x509_csr(der)
    except ValueError:
        try:
            request = x509.load_der_x509_csr(_without_null(der))
        except ValueError as error:
            raise _unreadable(str(error).splitlines()[0][:200] if str(error) else _("its DER is damaged")) from None
    _check_key(request)
    _check_signature(request)
    _check_subject(request)
    return request


def _der(data: bytes) -> bytes:
    import base64
    import binascii
    import re

    armoured = re.search(
        rb"-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----\s(.*?)-----END (?:NEW )?CERTIFICATE REQUEST-----",
        data,
        re.DOTALL,
    )
    if not armoured:
        if data.lstrip().startswith(b"-----BEGIN"):
            raise _unreadable(_("the file holds something else than a certificate request"))
        return data
    try:
        return base64.b64decode(b"".join(armoured[1].split()), validate=True)
    except binascii.Error:
        raise _unreadable(_("its Base64 text is damaged")) from None


def _unreadable(why: str) -> DongleError:
    return DongleError(
        _("The certificate request cannot be read: {reason}.").format(reason=why),
        code="request.unreadable",
        hint=_("Make it again, for example with openssl req -new."),
    )


def _without_null(der: bytes) -> bytes:
    """The request with its ECDSA algorithm written as RFC 5758 wants it, without NULL parameters.

    Debian's tpm2-openssl 1.1.1 adds them. The algorithm's name stands outside of what is signed, so the repaired
    request has the same signature; that of a certificate could not be repaired so.
    """
    from asn1crypto import core, csr

    try:
        request = csr.CertificationRequest.load(der, strict=True)
        algorithm = request["signature_algorithm"]["algorithm"].contents
        if not algorithm.startswith(_ECDSA_NULL):
            return der
        identifier = core.Sequence(contents=request["signature_algorithm"]["algorithm"].dump())
        parts = request["certification_request_info"].dump() + identifier.dump() + request["signature"].dump()
        return bytes(core.Sequence(contents=parts).dump())
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(str(error)) from None


def _check_key(request: x509.CertificateSigningRequest) -> None:
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        key: object = request.public_key()
    except (ValueError, UnsupportedAlgorithm):
        key = None
    public_key(key)


def public_key(key: object) -> PublicKey:
    """`key` where it is of a kind that we certify: P-256, P-384, or RSA from 2048 bits; else `request.key`."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    match key:
        case ec.EllipticCurvePublicKey() if isinstance(key.curve, ec.SECP256R1 | ec.SECP384R1):
            return key
        case rsa.RSAPublicKey() if RSA_LEAST <= key.key_size <= RSA_MOST and key.public_numbers().e >= 3:
            return key
        case ec.EllipticCurvePublicKey():
            kind = key.curve.name
        case rsa.RSAPublicKey():
            kind = f"RSA-{key.key_size}"
        case _:
            kind = type(key).__name__.removesuffix("PublicKey") if key is not None else _("unknown")
    raise DongleError(
        _("The request holds a key of kind {kind}, which is not certified here.").format(kind=kind),
        code="request.key",
        hint=_("Make a key on P-256 or P-384, or an RSA key of {bits} bits or more.").format(bits=RSA_LEAST),
    )


def _check_signature(request: x509.CertificateSigningRequest) -> None:
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        valid = request.is_signature_valid
    except (ValueError, UnsupportedAlgorithm):
        valid = False
    if not valid:
        raise DongleError(
            _("The request is not signed with its own key: nobody has proven to hold that key."),
            code="request.signature",
            hint=_("The file was changed or damaged on its way. Make the request again on the laptop."),
        )


def _check_subject(request: x509.CertificateSigningRequest) -> None:
    try:
        attributes = list(request.subject)
    except ValueError:
        raise _unreadable(_("its subject is damaged")) from None
    for attribute in attributes:
        value = attribute.value
        if isinstance(value, bytes):
            continue
        name = attribute.rfc4514_attribute_name
        if any(unicodedata.category(char).startswith("C") for char in value):
            raise DongleError(
                _("The request's {name} holds control characters: {value}.").format(name=name, value=ascii(value)),
                code="request.name",
            )
        limit = _LIMITS.get(attribute.oid.dotted_string)
        if limit is not None and len(value) > limit:
            raise DongleError(
                _("The request's {name} is too long: {count} characters, {limit} are allowed.").format(
                    name=name, count=len(value), limit=limit
                ),
                code="request.name",
            )


def check_names(request: x509.CertificateSigningRequest, uris: Sequence[str]) -> None:
    """Refuse a request that asks for other names than the pair has: leaving them out silently would surprise."""
    from cryptography import x509

    try:
        wanted = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return
    except ValueError:
        raise _unreadable(_("its extensions are damaged")) from None
    for name in wanted:
        value = getattr(name, "value", None)
        if isinstance(name, x509.UniformResourceIdentifier) and str(value).lower() in uris:
            continue
        raise DongleError(
            _("The request asks for the name {kind} {value}, which this pair does not have.").format(
                kind=type(name).__name__, value=ascii(str(value))
            ),
            code="request.san",
            hint=_("The certificate names these, as URIs: {names}").format(names=", ".join(uris) or "-")
            + "\n"
            + _("Make the request without alternative names; the bench adds them."),
        )
