"""A SCEP server as NDES is one: an RA with a certificate for each purpose, triple DES, and a person who approves."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from authorities.desk import Desk
from authorities.est_server import signed
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from gateways.pki import Pki, name

from dongle_cli.binding.authorities import scep_message as scep

USAGE = ("signing", "enciphering")


class Ra:
    """The authority behind it signs with P-256; the RA's two RSA certificates are below it."""

    def __init__(self) -> None:
        self.pki = Pki()
        self.status = [scep.PENDING]  # of the next answers; after them everything is approved
        self.transactions: list[str] = []
        self.keys = {usage: rsa.generate_private_key(public_exponent=65537, key_size=2048) for usage in USAGE}
        self.certificates = {usage: self._certificate(usage) for usage in USAGE}

    def _certificate(self, usage: str) -> x509.Certificate:
        now, flags = datetime.now(UTC), [usage == "signing", False, usage == "enciphering", *[False] * 6]
        issuer = self.pki.issuing
        builder = x509.CertificateBuilder(issuer.certificate.subject, name(usage), self.keys[usage].public_key())
        return (
            builder.serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=2))
            .add_extension(x509.KeyUsage(*flags), critical=True)
            .sign(issuer.key, hashes.SHA256())
        )

    def answer(self, data: bytes) -> bytes:
        """CertRep to a PKCSReq. Who asks signs with a certificate of its own, which the answer is enciphered for."""
        client = next(each for each in pkcs7.load_der_pkcs7_certificates(data))
        asked = scep.opened(data, client, self.keys["enciphering"])
        self.transactions.append(asked.transaction)
        status = self.status.pop(0) if self.status else scep.SUCCESS
        leaf = signed(self.pki, x509.load_der_x509_csr(asked.content))
        content = pkcs7.serialize_certificates([leaf], Encoding.DER)
        reply = scep.Message(scep.CERT_REP, asked.transaction, b"s" * 16, asked.sender_nonce, status, content=content)
        recipient = client if status == scep.SUCCESS else None
        return scep.packed(reply, self.certificates["signing"], self.keys["signing"], recipient, "tripledes_3key")


def _handler(ra: Ra) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *arguments: object) -> None:
            """Nothing on stderr."""

        def _answer(self, body: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            if parse_qs(urlsplit(self.path).query)["operation"] == ["GetCACaps"]:
                self._answer(b"POSTPKIOperation\nRenewal\nSHA-512\nSHA-256\nSHA-1\nDES3\n", "text/plain")
                return
            every = [ra.certificates["signing"], ra.pki.issuing.certificate, ra.certificates["enciphering"]]
            self._answer(pkcs7.serialize_certificates(every, Encoding.DER), "application/x-x509-ca-ra-cert")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self._answer(ra.answer(body), "application/x-pki-message")

    return Handler


@contextmanager
def served(ra: Ra) -> Iterator[str]:
    """The server's URL as long as the block lasts."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(ra))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/certsrv/mscep/mscep.dll"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def test_an_ra_answers_in_its_own_time(lab: Callable[..., Any], tmp_path: Path) -> None:
    desk, ra = Desk(lab(models=["quectel-ec25"]), tmp_path), Ra()
    desk.request()
    chain = tmp_path / "ca.pem"
    chain.write_bytes(ra.pki.issuing.pem + ra.pki.root.pem)
    with served(ra) as url:
        authority = f"scep:{url}?ca={chain}"
        waiting = desk.bind(authority)
        assert (waiting.code, waiting.error["code"]) == (7, "authority.waiting"), waiting.said
        assert desk.states() == ["pending"]
        bound = desk.bind(authority)
        assert (bound.code, bound.answer["state"]) == (0, "active"), bound.said
    assert len(ra.transactions) == 2 and len(set(ra.transactions)) == 1  # one enrolment, asked twice
    assert desk.states() == ["active"]
