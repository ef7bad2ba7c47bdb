"""Probes against servers that lie, break off or are not there: what could not be measured is never called refused."""

from __future__ import annotations

import hashlib
import hmac
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st
from ports import free_port

from dongle_cli.binding import effect, probes
from dongle_cli.binding.probes import Answer, Gateway, radius
from dongle_cli.errors import DongleError
from dongle_cli.secrets import Secret

SECRET = "a shared secret"
ENOUGH = 60.0  # seconds for an answer that comes: the server's thread may stand still for a while


def context() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def reply(code: int, request: bytes, attributes: bytes, secret: str) -> bytes:
    """An answer to `request` as RFC 2865 and RFC 3579 want it, signed with `secret`."""
    size = (20 + 18 + len(attributes)).to_bytes(2, "big")
    head = bytes([code, request[1]]) + size
    mark = hmac.digest(secret.encode(), head + request[4:20] + bytes([80, 18]) + bytes(16) + attributes, "md5")
    body = bytes([80, 18]) + mark + attributes
    return head + hashlib.md5(head + request[4:20] + body + secret.encode()).digest() + body


@contextmanager
def server(answer: Callable[[bytes], bytes]) -> Iterator[Gateway]:
    """A RADIUS server on loopback that answers with whatever `answer` makes of a request."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))

        def serve() -> None:
            while True:
                request, peer = sock.recvfrom(4096)
                if request == b"stop":
                    return
                sock.sendto(answer(request), peer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        port = sock.getsockname()[1]
        yield Gateway("radius", "127.0.0.1", port, secret=Secret(SECRET))
        sock.sendto(b"stop", ("127.0.0.1", port))
        thread.join(ENOUGH)


@pytest.mark.parametrize(
    ("code", "verdict"), [(radius.ACCEPT, "accepted"), (radius.REJECT, "refused"), (5, "unmeasured")]
)
def test_what_a_server_that_knows_the_secret_says(code: int, verdict: str) -> None:
    with server(lambda request: reply(code, request, b"", SECRET)) as gateway:
        assert probes.log_on(gateway, context(), ENOUGH).verdict == verdict


def test_the_request_carries_the_imei_and_a_mark_of_the_secret() -> None:
    seen: list[bytes] = []

    def answer(request: bytes) -> bytes:
        seen.append(request)
        return reply(radius.REJECT, request, bytes([18, 6]) + b"away", SECRET)

    with server(answer) as gateway:
        assert probes.log_on(replace(gateway, imeisv="3569380356438003"), context(), ENOUGH).why == "away"
    (request,) = set(seen)  # after some seconds it is sent again
    assert b"3569380356438003" in request and SECRET.encode() not in request
    empty = request[:22] + bytes(16) + request[38:]
    assert request[22:38] == hmac.digest(SECRET.encode(), empty, "md5")


@pytest.mark.parametrize("code", [radius.ACCEPT, radius.REJECT])
def test_who_does_not_know_the_secret_is_not_believed(code: int) -> None:
    with server(lambda request: reply(code, request, b"", "another one")) as gateway:
        assert probes.log_on(gateway, context(), 1).verdict == "unmeasured"


@settings(max_examples=60)
@given(st.binary(max_size=80))
def test_any_eap_message_of_a_server_ends_the_logon_in_time(message: bytes) -> None:
    attribute = bytes([79, 2 + len(message)]) + message

    def answer(request: bytes) -> bytes:
        return reply(radius.CHALLENGE, request, attribute, SECRET)

    with server(answer) as gateway:
        assert probes.log_on(gateway, context(), 3).verdict == "unmeasured"


@pytest.mark.parametrize("kind", ["radius", "tls"])
def test_nobody_there_is_not_a_refusal(kind: str) -> None:
    at = free_port(socket.SOCK_DGRAM if kind == "radius" else socket.SOCK_STREAM)
    answer = probes.log_on(Gateway(kind, "127.0.0.1", at, secret=Secret(SECRET)), context(), ENOUGH)
    assert (answer.verdict, answer.why) == ("unmeasured", "Connection refused")


def test_a_busy_machine_still_reads_what_had_come_in_time() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        at = Gateway("radius", "127.0.0.1", silent.getsockname()[1], secret=Secret(SECRET))
        assert probes.log_on(at, context(), 0).why.startswith("no answer")
    at = Gateway("radius", "127.0.0.1", free_port(socket.SOCK_DGRAM), secret=Secret(SECRET))
    # The kernel may be late to say so, too (it hands what comes on loopback to ksoftirqd when it has much to do).
    assert any(probes.log_on(at, context(), 0).why == "Connection refused" for _again in range(1000))


def test_a_gateway_that_we_do_not_trust_is_not_asked(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stranger")])
    now = datetime.now(UTC)
    end = now + timedelta(days=1)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, end).sign(key, hashes.SHA256())
    pem = tmp_path / "server.pem"
    encoding = serialization.Encoding.PEM
    private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    pem.write_bytes(made.public_bytes(encoding) + private)
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(pem)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            try:
                served.wrap_socket(listening.accept()[0], server_side=True)
            except OSError:
                return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        answer = probes.log_on(Gateway("tls", "127.0.0.1", listening.getsockname()[1]), context(), ENOUGH)
        thread.join(ENOUGH)
    assert answer.verdict == "unmeasured" and "certificate" in answer.why


@pytest.mark.parametrize("url", ["", "radius://", "http://x", "tls://a:b", "tls://u:p@host", "radius://h:99999"])
def test_what_names_no_gateway(url: str) -> None:
    with pytest.raises(DongleError) as caught:
        probes.gateway(url, secret=Secret(SECRET))
    assert caught.value.code == "usage.gateway"


def test_a_refusal_counts_only_where_there_was_something_to_refuse() -> None:
    with server(lambda request: reply(radius.REJECT, request, b"", SECRET)) as gateway:
        probe = effect.Probe(gateway, context(), "4abc", "canary")
        assert effect.measure(probe, Answer("accepted"), ENOUGH).result == "refused"
        for before in ("refused", "unmeasured"):
            assert effect.measure(probe, Answer(before), ENOUGH).result == "unmeasured"  # type: ignore[arg-type]
