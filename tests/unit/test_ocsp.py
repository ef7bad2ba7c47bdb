"""The responder and bytes that nobody should send: there is always an answer, and it is never "good" by accident."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from dongle_cli.binding.ocsp import Responder
from dongle_cli.binding.ocsp_server import address, from_path
from dongle_cli.errors import DongleError
from dongle_cli.register.certificates import Status

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
SERIAL = 0x4ABC
NOW = datetime.now(UTC).replace(microsecond=0)


def certificate(cn: str, key: Key, issuer: x509.Certificate | None, by: Key, serial: int = 1) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, cn)])
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING])
    builder = x509.CertificateBuilder(
        issuer.subject if issuer else subject, subject, key.public_key(), serial, NOW, NOW + timedelta(days=1)
    )
    return builder.add_extension(usage, critical=True).sign(by, hashes.SHA256())


CA_KEY, OCSP_KEY, RSA_KEY = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048)  # fmt: skip  # noqa: E501
CA = certificate("CA", CA_KEY, None, CA_KEY)
LEAF = certificate("leaf", OCSP_KEY, CA, CA_KEY, SERIAL)


def look(_issuer: str, serial: str) -> Status:
    if serial == "77":
        raise DongleError("away", code="register.unusable")
    return Status("good") if serial == "4abc" else Status("unknown")


def responder(key: Key) -> Responder:
    return Responder(CA, certificate("ocsp", key, CA, CA_KEY, 2), key, look)


def question(leaf: x509.Certificate = LEAF) -> bytes:
    builder = ocsp.OCSPRequestBuilder().add_certificate(leaf, CA, hashes.SHA1())
    return builder.add_extension(x509.OCSPNonce(b"n" * 16), critical=False).build().public_bytes(Encoding.DER)


@pytest.mark.parametrize("key", [OCSP_KEY, RSA_KEY], ids=["p384", "rsa"])
def test_a_signed_answer_verifies_under_the_responders_key(key: Key) -> None:
    answer = ocsp.load_der_ocsp_response(responder(key).answer(question()))
    assert answer.certificate_status is ocsp.OCSPCertStatus.GOOD
    digest, public = answer.signature_hash_algorithm, key.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

        public.verify(answer.signature, answer.tbs_response_bytes, PKCS1v15(), digest)
    else:
        public.verify(answer.signature, answer.tbs_response_bytes, ec.ECDSA(digest))


def test_a_register_that_does_not_answer_is_no_good_answer() -> None:
    asked = question(certificate("x", OCSP_KEY, CA, CA_KEY, 0x77))
    answer = ocsp.load_der_ocsp_response(responder(OCSP_KEY).answer(asked))
    assert answer.response_status is ocsp.OCSPResponseStatus.TRY_LATER


def test_a_certificate_that_may_not_answer_is_refused() -> None:
    other = certificate("ocsp", OCSP_KEY, None, OCSP_KEY)
    with pytest.raises(DongleError, match="did not sign it"):
        Responder(CA, other, OCSP_KEY, look)
    with pytest.raises(DongleError, match="another one"):
        Responder(CA, certificate("ocsp", RSA_KEY, CA, CA_KEY), OCSP_KEY, look)


RESPONDER = responder(OCSP_KEY)


@settings(max_examples=150)
@given(st.data())
def test_damaged_requests_are_answered_and_never_with_good_for_another_number(data: st.DataObject) -> None:
    asked = bytearray(question())
    for _count in range(data.draw(st.integers(1, 4))):
        asked[data.draw(st.integers(0, len(asked) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(asked[: data.draw(st.integers(0, len(asked)))] if data.draw(st.booleans()) else asked)
    answer = ocsp.load_der_ocsp_response(RESPONDER.answer(cut))
    if answer.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL:
        (one,) = answer.responses
        assert (one.certificate_status is ocsp.OCSPCertStatus.GOOD) == (one.serial_number == SERIAL)


@given(st.binary(max_size=200))
def test_any_bytes_are_answered(asked: bytes) -> None:
    assert ocsp.load_der_ocsp_response(RESPONDER.answer(asked)).response_status


@given(st.text(max_size=60))
def test_any_path_is_bytes(path: str) -> None:
    assert isinstance(from_path(path), bytes)


@pytest.mark.parametrize(
    ("text", "at"),
    [("2560", ("127.0.0.1", 2560)), ("192.0.2.1:80", ("192.0.2.1", 80)), ("[::1]:80", ("::1", 80))],
)
def test_where_to_listen(text: str, at: tuple[str, int]) -> None:
    assert address(text) == at


@pytest.mark.parametrize("text", ["", ":80", "host", "host:", "1.2.3.4:99999", "1.2.3.4:-1"])
def test_where_nobody_can_listen(text: str) -> None:
    with pytest.raises(DongleError):
        address(text)
