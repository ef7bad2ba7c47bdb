"""An EST server of our own (RFC 7030) on loopback, as no package has one: what it is asked is remembered."""

from __future__ import annotations

import base64
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509.oid import ExtendedKeyUsageOID
from gateways.pki import Pki

HOST = "localhost"


@dataclass
class Est:
    """How the server behaves, and what happened to it."""

    pki: Pki
    url: str = ""
    seen: list[tuple[str, str | None]] = field(default_factory=list)  # the path, and the CN of the client's certificate
    waits: list[str] = field(default_factory=list)  # Retry-After of the next answers
    login: str | None = None  # "user:password" where nobody comes in without
    moved: str | None = None  # where simpleenroll has gone
    encode: Callable[[bytes], bytes] = base64.b64encode  # one line: strongSwan 5.9.8 reads nothing else
    raw: bytes | None = None  # what is answered instead of a certificate


def signed(pki: Pki, request: x509.CertificateSigningRequest) -> x509.Certificate:
    """A client certificate with the names of the request."""
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder(pki.issuing.certificate.subject, request.subject, request.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=28))
        .add_extension(x509.BasicConstraints(False, None), critical=True)
        .add_extension(x509.KeyUsage(True, *[False] * 8), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
    )
    for extension in request.extensions:
        if isinstance(extension.value, x509.SubjectAlternativeName):
            builder = builder.add_extension(extension.value, critical=False)
    return builder.sign(pki.issuing.key, hashes.SHA256())


class _Server(ThreadingHTTPServer):
    """Where the name leads first: on many machines that is ::1, and strongSwan tries no second address."""

    address_family = socket.getaddrinfo(HOST, None, type=socket.SOCK_STREAM)[0][0]


def _handler(est: Est) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # strongSwan reads no older one

        def log_message(self, format: str, *arguments: object) -> None:
            """Nothing on stderr."""

        def _answer(self, status: int, body: bytes = b"", kind: str = "text/plain", **headers: str) -> None:
            self.send_response(status)
            for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(body)

        def _certificates(self, *certificates: x509.Certificate) -> None:
            body = est.encode(pkcs7.serialize_certificates(list(certificates), Encoding.DER))
            kind = "application/pkcs7-mime; smime-type=certs-only"
            self._answer(200, est.raw if est.raw is not None else body, kind, Content_Transfer_Encoding="base64")

        def _note(self) -> str:
            subject = dict(pair[0] for pair in (self.connection.getpeercert() or {}).get("subject", ()))  # type: ignore[attr-defined]
            est.seen.append((self.path, subject.get("commonName")))
            return self.path.rpartition("/")[2]

        def do_GET(self) -> None:
            if self._note() == "cacerts":
                self._certificates(est.pki.root.certificate, est.pki.issuing.certificate)  # not in the order of a chain
            else:
                self._answer(404, b"no such thing")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            verb = self._note()
            given = self.headers.get("Authorization", "")
            if est.login and given != f"Basic {base64.b64encode(est.login.encode()).decode()}":
                self._answer(401, WWW_Authenticate='Basic realm="est"')
            elif est.moved and verb == "simpleenroll":
                self._answer(307, Location=est.moved)
            elif est.waits:
                self._answer(202, Retry_After=est.waits.pop(0))
            else:
                self._certificates(signed(est.pki, x509.load_der_x509_csr(base64.b64decode(body))))

    return Handler


@contextmanager
def est_server(work: Path) -> Iterator[Est]:
    """The server as long as the block lasts; its certificate is from the same root, for "localhost"."""
    pki = Pki()
    est = Est(pki)
    certificate, key = pki.server(HOST).write(work, "est", pki.issuing)
    root = work / "root.pem"
    root.write_bytes(pki.root.pem)
    (work / "ca.pem").write_bytes(pki.issuing.pem + pki.root.pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(work / "ca.pem")
    context.verify_mode = ssl.CERT_OPTIONAL
    server = _Server((HOST, 0), _handler(est))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    est.url = f"https://{HOST}:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield est
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
