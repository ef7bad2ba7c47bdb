"""OCSP (RFC 6960, in the profile of RFC 5019): a request's bytes in, a signed answer from the register out."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from dongle_cli.binding import ca, profile
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _

if TYPE_CHECKING:
    from cryptography import x509

    from dongle_cli.binding.keystores import PrivateKey
    from dongle_cli.register.certificates import Status

VALID = timedelta(minutes=5)  # a verifier that keeps answers (strongSwan does) believes a good one so long
REUSE = 60.0  # seconds; a signature is used again only while the register still says the same
_MOST_KEPT = 20_000
_NONCE = (1, 128)  # octets, RFC 9654 clause 2.1
_FIELDS = ("issuer_name_hash", "issuer_key_hash", "serial_number")
_HASHES = ("sha1", "sha224", "sha256", "sha384", "sha512")

Lookup = Callable[[str, str], "Status"]  # issuer's key identifier, serial number; DongleError: cannot say now


class Malformed(Exception):
    """The bytes are no OCSP request."""


class Responder:
    """Answers for one issuing certificate, with the key of a certificate that it gave out for nothing else."""

    def __init__(self, issuer: x509.Certificate, signer: x509.Certificate, key: PrivateKey, lookup: Lookup) -> None:
        """DongleError `authority.ocsp` where `signer` may not answer for `issuer`, or has ended."""
        _check_signer(issuer, signer, key)
        self._names = {name: _cert_id_hashes(issuer, name) for name in _HASHES}
        self._issuer = profile.key_identifier(issuer)
        self._signer, self._key, self._lookup = signer, key, lookup
        self._turn = threading.Lock()  # a token signs one thing at a time
        self._kept: dict[tuple[object, ...], tuple[float, bytes]] = {}

    def answer(self, request: bytes) -> bytes:
        """The DER of an OCSPResponse, whatever `request` is."""
        try:
            ids, nonce = parse(request)
        except Malformed:
            return failure("malformed_request")
        ours = [self._is_ours(each) for each in ids]
        if not any(ours):
            return failure("unauthorized")  # RFC 5019 clause 2.2.3: not an answer we could give with authority
        if datetime.now(UTC) >= self._signer.not_valid_after_utc:
            return failure("internal_error")
        try:
            states = [self._status(each) if own else None for each, own in zip(ids, ours, strict=True)]
        except DongleError:
            return failure("try_later")
        key = (*(each.dump() for each in ids), *states)
        if nonce is not None:  # asked to be fresh
            return self._sign(ids, states, nonce)
        kept = self._kept.get(key)
        if kept is None or time.monotonic() - kept[0] > REUSE:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            kept = self._kept[key] = (time.monotonic(), self._sign(ids, states, None))
        return kept[1]

    def _is_ours(self, cert_id: Any) -> bool:
        known = self._names.get(cert_id["hash_algorithm"]["algorithm"].native)
        return known == (cert_id["issuer_name_hash"].native, cert_id["issuer_key_hash"].native)

    def _status(self, cert_id: Any) -> Status:
        number = cert_id["serial_number"].native
        return self._lookup(self._issuer, profile.hexadecimal(number) if number > 0 else "00")

    def _sign(self, ids: list[Any], states: list[Status | None], nonce: Any) -> bytes:
        from asn1crypto import ocsp, x509

        now = datetime.now(UTC).replace(microsecond=0)
        singles = [
            {"cert_id": each, "cert_status": _cert_status(state), "this_update": now, "next_update": now + VALID}
            for each, state in zip(ids, states, strict=True)
        ]
        responder = hashlib.sha1(_public_bits(self._signer), usedforsecurity=False).digest()  # clause 4.2.1, KeyHash
        data: dict[str, Any] = {
            "responder_id": ocsp.ResponderId(name="by_key", value=responder), "produced_at": now, "responses": singles,
        }  # fmt: skip
        if nonce is not None:
            data["response_extensions"] = [{"extn_id": "nonce", "critical": False, "extn_value": nonce}]
        told = ocsp.ResponseData(data)
        with self._turn:
            algorithm, signature = _signed(self._key, told.dump())
        basic = ocsp.BasicOCSPResponse(
            {
                "tbs_response_data": told, "signature_algorithm": algorithm, "signature": signature,
                "certs": [x509.Certificate.load(_der(self._signer))],
            }
        )  # fmt: skip
        whole = {"response_type": "basic_ocsp_response", "response": basic}
        answer: bytes = ocsp.OCSPResponse({"response_status": "successful", "response_bytes": whole}).dump()
        return answer


def parse(request: bytes) -> tuple[list[Any], Any]:
    """The CertIDs that are asked for, and the nonce or None; Malformed for anything that is no request.

    A signature over the request is not looked at: everybody may ask.
    """
    from asn1crypto import ocsp

    try:
        asked = ocsp.OCSPRequest.load(request, strict=True)["tbs_request"]
        ids = [each["req_cert"] for each in asked["request_list"]]
        for each in ids:  # asn1crypto looks into a field when it is asked for
            _read = each["hash_algorithm"]["algorithm"].native, [each[name].native for name in _FIELDS]
            # It is repeated in the answer, and an answer must be sound DER.
            if each["hash_algorithm"]["parameters"].native is not None or each.copy().dump(force=True) != each.dump():
                raise Malformed
        nonce = None
        for extension in asked["request_extensions"] or ():
            if extension["extn_id"].native == "nonce":
                nonce = extension["extn_value"].parsed
                if not _NONCE[0] <= len(nonce.native) <= _NONCE[1]:
                    raise Malformed
            elif extension["critical"].native:
                raise Malformed
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError, RecursionError) as error:
        raise Malformed from error
    if not ids or len(ids) > 100:
        raise Malformed
    return ids, nonce


def failure(status: str) -> bytes:
    """An answer without a signature: malformed_request, internal_error, try_later, unauthorized (clause 2.3)."""
    from asn1crypto import ocsp

    answer: bytes = ocsp.OCSPResponse({"response_status": status}).dump()
    return answer


def _cert_status(state: Status | None) -> Any:
    from asn1crypto import core, ocsp

    if state is None or state.state == "unknown":
        return ocsp.CertStatus(name="unknown", value=core.Null())
    if state.state == "good":
        return ocsp.CertStatus(name="good", value=core.Null())
    info: dict[str, Any] = {"revocation_time": _moment(state.revoked or "")}
    if state.reason and state.reason != "unspecified":
        info["revocation_reason"] = _snake(state.reason)
    return ocsp.CertStatus(name="revoked", value=ocsp.RevokedInfo(info))


def _snake(reason: str) -> str:
    """asn1crypto's spelling of a reason of RFC 5280."""
    words = {"cACompromise": "ca_compromise", "aACompromise": "aa_compromise", "removeFromCRL": "remove_from_crl"}
    return words.get(reason) or "".join(f"_{c.lower()}" if c.isupper() else c for c in reason)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC).replace(microsecond=0)


def _der(certificate: x509.Certificate) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.DER)


def _public_bits(certificate: x509.Certificate) -> bytes:
    """The subjectPublicKey without tag, length and unused bits: what key hashes are taken over."""
    from asn1crypto import keys
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    info = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    bits: bytes = keys.PublicKeyInfo.load(info)["public_key"].contents[1:]
    return bits


def _cert_id_hashes(issuer: x509.Certificate, algorithm: str) -> tuple[bytes, bytes]:
    def hashed(data: bytes) -> bytes:
        return hashlib.new(algorithm, data, usedforsecurity=False).digest()

    return hashed(issuer.subject.public_bytes()), hashed(_public_bits(issuer))


def _signed(key: PrivateKey, data: bytes) -> tuple[dict[str, str], bytes]:
    from cryptography.hazmat.primitives.asymmetric import ec, padding

    digest = ca.digest_for(key)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return {"algorithm": f"{digest.name}_ecdsa"}, key.sign(data, ec.ECDSA(digest))
    return {"algorithm": f"{digest.name}_rsa"}, key.sign(data, padding.PKCS1v15(), digest)


def _check_signer(issuer: x509.Certificate, signer: x509.Certificate, key: PrivateKey) -> None:
    from dongle_cli.binding import checks

    why = None
    if not checks.signed_by(signer, issuer):
        why = _("the issuing certificate did not sign it")
    elif signer.public_key() != key.public_key():
        why = _("its key is another one")
    elif datetime.now(UTC) >= signer.not_valid_after_utc:
        why = _("it ended {moment}").format(moment=signer.not_valid_after_utc.isoformat())
    if why:
        raise DongleError(
            _("The certificate for OCSP cannot be used: {reason}.").format(reason=why),
            code="authority.ocsp",
            hint=_("See what there is: dongle-cli ca status"),
        )
