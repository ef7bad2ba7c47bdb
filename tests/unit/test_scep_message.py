"""Messages of SCEP: packed and opened in every cipher, judged by openssl, and damaged at every byte."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st
from keystore_places import needs

from dongle_cli.binding.authorities import place
from dongle_cli.binding.authorities import scep_message as scep


@cache
def holder(name: str) -> tuple[x509.Certificate, rsa.RSAPrivateKey]:
    """An RSA key and its own certificate."""
    key, now = rsa.generate_private_key(public_exponent=65537, key_size=2048), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), 4711, now, now + timedelta(days=2))
    return builder.sign(key, hashes.SHA256()), key


def message(cipher: str = "aes128_cbc", status: str = scep.SUCCESS) -> bytes:
    """What a server answers."""
    server, key = holder("server")
    asked = scep.Message(scep.CERT_REP, "ab12", b"n" * 16, b"m" * 16, status, content=b"the certificate" * 9)
    return scep.packed(asked, server, key, holder("client")[0] if status == scep.SUCCESS else None, cipher)


@pytest.mark.parametrize("cipher", ["aes128_cbc", "aes192_cbc", "aes256_cbc", "tripledes_3key"])
def test_what_was_packed_is_opened(cipher: str) -> None:
    answer = scep.opened(message(cipher), holder("server")[0], holder("client")[1])
    assert (answer.message_type, answer.transaction, answer.status) == ("3", "ab12", scep.SUCCESS)
    assert (answer.sender_nonce, answer.recipient_nonce) == (b"n" * 16, b"m" * 16)
    assert answer.content == b"the certificate" * 9


@pytest.mark.parametrize("status", [scep.PENDING, scep.FAILURE])
def test_an_answer_without_a_certificate_has_a_status(status: str) -> None:
    answer = scep.opened(message(status=status), holder("server")[0], holder("client")[1])
    assert (answer.status, answer.content) == (status, b"")


def test_openssl_verifies_and_deciphers_the_same(tmp_path: Path) -> None:
    needs("openssl", "openssl")
    (tmp_path / "m.der").write_bytes(message())
    (tmp_path / "server.pem").write_bytes(holder("server")[0].public_bytes(Encoding.PEM))
    (tmp_path / "client.pem").write_bytes(holder("client")[0].public_bytes(Encoding.PEM))
    key = holder("client")[1].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "client.key").write_bytes(key)
    verify = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", tmp_path / "m.der", "-purpose", "any",
              "-CAfile", tmp_path / "server.pem", "-out", tmp_path / "inner.der"]  # fmt: skip
    subprocess.run(verify, check=True, capture_output=True)
    decrypt = ["openssl", "cms", "-decrypt", "-binary", "-inform", "DER", "-in", tmp_path / "inner.der", "-recip",
               tmp_path / "client.pem", "-inkey", tmp_path / "client.key"]  # fmt: skip
    done = subprocess.run(decrypt, check=True, capture_output=True)
    assert done.stdout == b"the certificate" * 9


def test_somebody_elses_signature_is_damage() -> None:
    with pytest.raises(scep.Damaged):
        scep.opened(message(), holder("client")[0], holder("client")[1])


@settings(max_examples=400)
@given(st.integers(0, 1), st.integers(1, 255), st.data())
def test_no_change_goes_unseen(kind: int, change: int, data: st.DataObject) -> None:
    """Either it is Damaged, or what is said is what was said: only the certificates beside it are not signed."""
    whole = _MESSAGES[kind]()
    at = data.draw(st.integers(0, len(whole) - 1))
    changed = bytearray(whole)
    changed[at] ^= change
    for damaged in (bytes(changed), whole[:at]):
        try:
            answer = scep.opened(damaged, holder("server")[0], holder("client")[1])
        except scep.Damaged:
            continue
        assert answer == scep.opened(whole, holder("server")[0], holder("client")[1])


_MESSAGES = (cache(message), cache(lambda: message(status=scep.PENDING)))


@settings(max_examples=300)
@given(st.binary(max_size=400) | st.text(max_size=100).map(str.encode))
def test_any_bytes_are_certificates_or_none(data: bytes) -> None:
    assert isinstance(place.certificates(data), list)
    assert place.certificates(b"-----BEGIN CERTIFICATE-----\n" + data) == []
