"""nginx, Python's ssl and openssl s_server: let in while bound, shut out after `revoke`, and how long it took."""

from __future__ import annotations

import queue
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from gateways.bench import Bench, Bound
from gateways.programs import need, running, wait_for_port
from ports import free_port

pytestmark = pytest.mark.strangers
HOST = "gateway.closed.example"


def page(bench: Bench, port: int, pair: Bound | None) -> str:
    """The answer to GET /, or the alert that came instead."""
    context = ssl.create_default_context(cafile=bench.root)
    if pair is not None:
        context.load_cert_chain(pair.pem, pair.key)
    try:
        with (
            socket.create_connection(("127.0.0.1", port), timeout=60) as plain,
            context.wrap_socket(plain, server_hostname=HOST) as secure,
        ):
            secure.sendall(f"GET / HTTP/1.0\r\nHost: {HOST}\r\n\r\n".encode())
            data = b""
            while more := secure.recv(4096):
                data += more
            return data.decode()
    except (ssl.SSLError, ConnectionResetError, BrokenPipeError) as error:
        return str(error)


def workers(master: int) -> set[str]:
    """nginx's worker processes."""
    return set(Path(f"/proc/{master}/task/{master}/children").read_text().split())


Gateway = tuple[int, Callable[[], str]]  # its port, and what it said last of a refused certificate


@contextmanager
def python_server(bench: Bench, certificate: Path, key: Path, crl: Path) -> Iterator[Gateway]:
    """Python's ssl as a gateway: the chain, and the CRL checked for the leaf."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(bench.root)
    context.load_verify_locations(crl)
    context.verify_mode, context.verify_flags = ssl.CERT_REQUIRED, ssl.VERIFY_CRL_CHECK_LEAF
    said: queue.Queue[str] = queue.Queue()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    plain, _peer = listening.accept()
                except OSError:
                    return
                try:
                    with context.wrap_socket(plain, server_side=True) as secure:
                        secure.recv(1024)
                        secure.sendall(b"HTTP/1.0 200 OK\r\n\r\nwelcome")
                except OSError as error:
                    said.put(str(error))
                    plain.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield int(listening.getsockname()[1]), lambda: said.get(timeout=60)
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(60)


@contextmanager
def s_server(bench: Bench, certificate: Path, key: Path, crl: Path) -> Iterator[Gateway]:
    """openssl as a gateway."""
    port = free_port()
    command = [
        need("openssl", "openssl"), "s_server", "-accept", f"127.0.0.1:{port}", "-cert", certificate, "-cert_chain",
        bench.ca / "issuing.pem", "-key", key, "-CAfile", bench.root, "-CRL", crl, "-crl_check", "-Verify", "3",
        "-verify_return_error", "-www",
    ]  # fmt: skip
    with running(command) as server:
        server.wait_for("ACCEPT")
        yield port, lambda: server.wait_for("verify error")


def test_a_revoked_certificate_is_shut_out_everywhere(lab: Callable[..., Any], tmp_path: Path) -> None:
    need("nginx", "nginx")
    bench = Bench(lab(count=2, models=["quectel-ec25"]), tmp_path)
    bench.init()
    bench.run("ca", "canary", *bench.unlock)
    gone, other = bench.bind(1), bench.bind(2)
    certificate, key = bench.server(HOST)
    folder, port, crl = tmp_path / "nginx", free_port(), tmp_path / "crl.pem"
    bench.run("ca", "crl", "--out", crl, *bench.unlock)
    export = (
        "export", "nginx", folder, "--server-certificate", certificate, "--server-key", key, "--server-name", HOST,
        "--port", str(port), "--yes",
    )  # fmt: skip
    bench.run(*export)
    nginx = [need("nginx", "nginx"), "-p", folder, "-c", folder / "example.conf"]
    assert subprocess.run([*nginx, "-t"], capture_output=True).returncode == 0
    with running(nginx) as server:
        wait_for_port(port)
        assert page(bench, port, gone).endswith("PF0000001\n") and page(bench, port, other).endswith("PF0000002\n")
        assert "400 Bad Request" in page(bench, port, None)
        for gateway in (python_server, s_server):
            with gateway(bench, certificate, key, crl) as (at, _reason):
                assert "200" in page(bench, at, gone) and "200" in page(bench, at, other)
        revoke = [
            sys.executable, "-m", "dongle_cli", "revoke", "--asset", "PF0000001", "--reason", "keyCompromise", "--yes",
            "--out", crl, "--verify-effect", "--gateway", f"tls://127.0.0.1:{port}", "--gateway-name", HOST,
            "--within", "120", *bench.unlock,
        ]  # fmt: skip
        with running(revoke, env=bench.lab.environment) as revoking:
            revoking.wait_for("still lets it in")  # a list on the bench changes nothing at the gateway
            assert page(bench, port, gone).endswith("PF0000001\n")
            bench.run(*export)
            old = workers(server.process.pid)
            server.process.send_signal(signal.SIGHUP)
            assert "HTTP 400" in revoking.wait_for("refuses it, measured", 120)
            assert revoking.process.wait(60) == 0
        deadline = time.monotonic() + 60
        while old & workers(server.process.pid):  # a worker of before the reload may answer once more
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert "400 Bad Request" in page(bench, port, gone) and page(bench, port, other).endswith("PF0000002\n")
    for gateway in (python_server, s_server):
        with gateway(bench, certificate, key, crl) as (at, reason):
            assert "200" not in page(bench, at, gone) and "200" in page(bench, at, other)
            # Whether the alert reaches the client before the connection ends is chance; the server knows why.
            assert "certificate revoked" in reason()
