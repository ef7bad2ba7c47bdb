"""A gateway that asks for a client certificate in TLS: a web server, a VPN portal, a load balancer."""

from __future__ import annotations

import re
import socket
import ssl

from dongle_cli.binding.probes import Answer, Gateway, judged
from dongle_cli.i18n import _, reason

# nginx finishes the handshake and refuses afterwards, with 400 or its own 495 and 496; a missing binding is 403.
REFUSED = (400, 403, 495, 496)


def log_on(gateway: Gateway, context: ssl.SSLContext, timeout: float) -> Answer:
    """Shake hands, ask for a page, and hear what comes: in TLS 1.3 the refusal arrives after the handshake."""
    name = gateway.name or gateway.host
    try:
        with socket.create_connection((gateway.host, gateway.port), timeout=timeout) as plain:
            plain.settimeout(timeout)
            with context.wrap_socket(plain, server_hostname=name) as secure:
                host = name if ":" not in name else f"[{name}]"
                secure.sendall(f"GET {gateway.path} HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
                return _heard(_read(secure))
    except ssl.SSLError as error:
        return judged(error)
    except ConnectionResetError:
        return Answer("unmeasured", _("the gateway closed the connection without a word"))
    except OSError as error:
        return Answer("unmeasured", reason(error))


def _read(secure: ssl.SSLSocket) -> bytes:
    """The first bytes of the answer; b"" where the gateway is content and silent."""
    try:
        data = secure.recv(4096)
        while data and b"\r\n\r\n" not in data and len(data) < 4096 and (more := secure.recv(4096)):
            data += more
        return data
    except TimeoutError:
        return b""


def _heard(data: bytes) -> Answer:
    status = re.match(rb"HTTP/1\.[01] ([0-9]{3})([^\r\n]*)", data)
    if status is None or int(status[1]) not in REFUSED:
        return Answer("accepted")
    return Answer("refused", f"HTTP {status[1].decode()}{status[2].decode('ascii', 'replace')}")
