"""The OCSP responder on HTTP: POST and GET (RFC 6960 appendix A.1), the register looked at for every answer."""

from __future__ import annotations

import base64
import binascii
import logging
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from dongle_cli import paths
from dongle_cli.binding.ocsp import Responder, failure
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _, reason
from dongle_cli.register import certificates
from dongle_cli.register.certificates import Status
from dongle_cli.register.register import Register

LARGEST = 64 * 1024  # bytes of a request; one asks for a hundred certificates in less
SILENCE = 5.0  # seconds that a client may leave us waiting for the rest of its request

log = logging.getLogger(__name__)


class Ledger:
    """Looks up in the register as it is now: one that was put back from a backup is a new file, and opened anew."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._register: Register | None = None
        self._file: tuple[int, int] | None = None

    def __call__(self, issuer: str, serial: str) -> Status:
        """The state of one certificate; DongleError `register.*` where it cannot be told now."""
        register = self._open()
        try:
            return certificates.status(register, issuer, serial)
        except DongleError:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the register."""
        with self._turn:
            if self._register is not None:
                self._register.close()
            self._register = None

    def _open(self) -> Register:
        with self._turn:
            file = _identity()
            if self._register is not None and file != self._file:
                self._register.close()
                self._register = None
            if self._register is None:
                self._register, self._file = Register.open(), file
            return self._register


def _identity() -> tuple[int, int] | None:
    """Which file the register is; None where it is a server. A missing one is not made: an empty one knows nobody."""
    import sqlalchemy as sa

    url = sa.make_url(paths.register_url())
    if url.get_backend_name() != "sqlite" or not url.database:
        return None
    try:
        found = Path(url.database).stat()
    except OSError as error:
        raise DongleError(
            _("{path} cannot be read: {reason}.").format(path=url.database, reason=reason(error)),
            code="register.unusable",
        ) from None
    return found.st_dev, found.st_ino


class Server(ThreadingHTTPServer):
    """Serves one Responder until `stop`; requests that have begun are answered first."""

    daemon_threads = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], responder: Responder) -> None:
        """DongleError `usage.listen` where nobody can listen at `address`."""
        import socket

        self.responder = responder
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        try:
            super().__init__(address, Asked)
        except OSError as error:
            raise DongleError(
                _("Nothing can listen at {address}: {reason}.").format(address=shown(address), reason=reason(error)),
                code="usage.listen",
                hint=_("Choose an address of this machine and a port that is free."),
            ) from None

    def server_bind(self) -> None:
        """Without looking up our own name: a closed network may have nobody who answers."""
        import socketserver

        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    @property
    def listening(self) -> str:
        """Where, with the port that was really taken."""
        return shown((str(self.server_address[0]), int(self.server_address[1])))

    def stop(self) -> None:
        """Take no more requests; may be called by a signal's handler."""
        threading.Thread(target=self.shutdown, daemon=True).start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no event."""
        log.debug("a client went away", exc_info=True)


class Asked(BaseHTTPRequestHandler):
    """One request, one answer, one connection."""

    server: Server
    timeout = SILENCE
    server_version, sys_version = "dongle-cli", ""

    def do_POST(self) -> None:
        """The request is the body."""
        try:
            size = int(self.headers.get("Content-Length", ""))
        except ValueError:
            self.send_error(411)
            return
        if not 0 <= size <= LARGEST:
            self.send_error(413)
            return
        self._answer(self.rfile.read(size))

    def do_GET(self) -> None:
        """The request is the end of the path, in Base64."""
        self._answer(from_path(self.path))

    def _answer(self, request: bytes) -> None:
        try:
            answer = self.server.responder.answer(request)
        except DongleError as error:
            log.warning("%s: %s", error.code, error.message)
            answer = failure("internal_error")
        self.send_response(200)
        self.send_header("Content-Type", "application/ocsp-response")
        self.send_header("Content-Length", str(len(answer)))
        # A proxy that kept an answer would let a certificate in that is revoked meanwhile.
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: Any) -> None:
        """To the log that -v shows."""
        log.info("%s " + format, self.address_string(), *args)


def from_path(path: str) -> bytes:
    """The request in a URL's path, b"" where there is none: Base64 may hold slashes, and a prefix may stand before."""
    text = unquote(path.partition("?")[0]).lstrip("/")
    while text:
        try:
            return base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            text = text.partition("/")[2]
    return b""


def address(text: str) -> tuple[str, int]:
    """Where to listen: "PORT" (this machine alone), "HOST:PORT" or "[ADDRESS]:PORT"; DongleError `usage.listen`."""
    host, _colon, port = text.rpartition(":")
    if port.isascii() and port.isdecimal() and int(port) <= 65535 and (host or text == port):
        return host.strip("[]") or "127.0.0.1", int(port)
    raise DongleError(
        _("{value} is no address to listen at.").format(value=ascii(text)),
        code="usage.listen",
        hint=_("Write a port (2560), or address and port (192.0.2.1:2560, [2001:db8::1]:2560)."),
    )


def shown(at: tuple[str, int]) -> str:
    """An address as it stands in a URL."""
    return f"[{at[0]}]:{at[1]}" if ":" in at[0] else f"{at[0]}:{at[1]}"
