"""The OCSP responder asked by openssl and by hand: each state, each refusal, and never an old answer."""

from __future__ import annotations

import base64
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from gateways.bench import Bench
from gateways.responder import Responder, responder

pytestmark = pytest.mark.strangers
Status = ocsp.OCSPResponseStatus
State = ocsp.OCSPCertStatus


def post(url: str, body: bytes) -> ocsp.OCSPResponse:
    asked = urllib.request.Request(url, body, {"Content-Type": "application/ocsp-request"})
    return ocsp.load_der_ocsp_response(urllib.request.urlopen(asked, timeout=10).read())


def get(url: str, body: bytes) -> ocsp.OCSPResponse:
    text = urllib.parse.quote(base64.b64encode(body), safe="")
    return ocsp.load_der_ocsp_response(urllib.request.urlopen(f"{url}{text}", timeout=10).read())


def question(leaf: x509.Certificate, issuer: x509.Certificate, *, nonce: bytes | None = None) -> bytes:
    builder = ocsp.OCSPRequestBuilder().add_certificate(leaf, issuer, hashes.SHA256())
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(Encoding.DER)


@pytest.fixture
def asked(lab: Callable[..., Any], tmp_path: Path) -> Any:
    bench = Bench(lab(count=1, models=["quectel-ec25"]), tmp_path)
    bench.init()
    bound = bench.bind(1)
    with responder(bench) as server:
        yield bench, bound, server


def test_a_revocation_is_answered_at_once_and_strangers_are_unknown(asked: Any) -> None:
    bench, bound, server = asked
    pem = bound.pem
    assert f"{pem}: good" in server.ask("-cert", pem) and "Response verify OK" in server.ask("-cert", pem)
    assert "0x1234: unknown" in server.ask("-serial", "0x1234")
    many = server.ask("-cert", pem, "-serial", "0x1234", "-sha256", "-cert", pem)
    assert many.count(": good") == 2 and "unknown" in many and "WARNING" not in many  # the nonce came back
    leaf = x509.load_pem_x509_certificates(pem.read_bytes())[0]
    issuer = x509.load_pem_x509_certificate((bench.ca / "issuing.pem").read_bytes())
    plain = question(leaf, issuer)
    first, again = post(server.url, plain), get(server.url, plain)
    assert first.certificate_status is State.GOOD and again.signature == first.signature  # not signed twice
    bench.run("revoke", "--asset", bound.answer["asset"], "--reason", "certificateHold", "--yes", *bench.unlock)
    for answer in (post(server.url, plain), get(server.url, plain)):
        assert answer.certificate_status is State.REVOKED
        assert answer.revocation_reason is x509.ReasonFlags.certificate_hold
    assert f"{pem}: revoked" in server.ask("-cert", pem)
    bench.run("revoke", "--asset", bound.answer["asset"], "--reason", "removeFromCRL", "--yes", *bench.unlock)
    assert post(server.url, plain).certificate_status is State.GOOD
    _the_signer_may_answer_and_nothing_else(first, issuer)
    _what_is_no_question_is_told_so(server, leaf, issuer)
    home = Path(bench.lab.home)
    (register,) = home.rglob("register.db")
    register.rename(register.with_name("away.db"))
    assert post(server.url, plain).response_status is Status.TRY_LATER
    register.with_name("away.db").rename(register)
    assert post(server.url, plain).certificate_status is State.GOOD
    assert server.stop() == 0


def _the_signer_may_answer_and_nothing_else(answer: ocsp.OCSPResponse, issuer: x509.Certificate) -> None:
    (signer,) = answer.certificates
    signer.verify_directly_issued_by(issuer)
    assert signer.extensions.get_extension_for_class(x509.OCSPNoCheck)
    usage = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [x509.oid.ExtendedKeyUsageOID.OCSP_SIGNING]
    assert answer.next_update_utc is not None


def _what_is_no_question_is_told_so(server: Responder, leaf: x509.Certificate, issuer: x509.Certificate) -> None:
    good = question(leaf, issuer, nonce=b"n" * 32)
    assert post(server.url, good).extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == b"n" * 32
    for body in (b"", b"hello", good[:-1], good + b"\0", b"\x30\x80"):
        assert post(server.url, body).response_status is Status.MALFORMED_REQUEST, body
    assert get(server.url, b"").response_status is Status.MALFORMED_REQUEST
    assert post(server.url, question(leaf, issuer, nonce=b"n" * 129)).response_status is Status.MALFORMED_REQUEST
    assert post(server.url, question(leaf, leaf)).response_status is Status.UNAUTHORIZED
