"""EAP-TLS over RADIUS (RFC 5216, RFC 3579), as a packet gateway would send it on for a dongle.

In this process and with Python's own TLS, because the programs that can do it want the shared secret as an argument,
where every user of the machine can read it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import socket
import ssl
import time
from collections.abc import Iterator

from dongle_cli.binding.probes import Answer, Gateway, judged
from dongle_cli.i18n import _, reason

ACCESS_REQUEST, ACCEPT, REJECT, CHALLENGE = 1, 2, 3, 11  # RFC 2865 clause 3
USER_NAME, REPLY_MESSAGE, STATE, VENDOR, NAS_IDENTIFIER, EAP_MESSAGE, AUTHENTICATOR = 1, 18, 24, 26, 32, 79, 80
PEN_3GPP, IMEISV = 10415, 20  # 3GPP TS 29.061 clause 16.4.7
IDENTITY, NOTIFICATION, NAK, TLS = 1, 2, 3, 13  # EAP types, RFC 3748 clause 5
LENGTH, MORE, START = 0x80, 0x40, 0x20  # flags of EAP-TLS, RFC 5216 clause 3.1
FRAGMENT = 1200  # bytes of TLS in one packet
RESEND = 3.0  # seconds until a packet that was not answered is sent again
_MOST_ROUNDS = 60

Attributes = list[tuple[int, bytes]]


class Silent(Exception):
    """No answer that this shared secret vouches for."""


def log_on(gateway: Gateway, context: ssl.SSLContext, timeout: float) -> Answer:
    """One logon; the gateway's certificate is checked against the trusted ones, its name only where one is given."""
    deadline = time.monotonic() + timeout
    try:
        family, _kind, _proto, _name, address = socket.getaddrinfo(
            gateway.host, gateway.port, type=socket.SOCK_DGRAM
        )[0]  # fmt: skip
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.connect(address)
            return _Logon(sock, gateway, context, deadline).run()
    except Silent:
        return Answer("unmeasured", _("no answer; is this machine a client of the server, and the secret right?"))
    except OSError as error:
        return Answer("unmeasured", reason(error))


class _Logon:
    """One EAP conversation."""

    def __init__(self, sock: socket.socket, gateway: Gateway, context: ssl.SSLContext, deadline: float) -> None:
        self._sock, self._deadline = sock, deadline
        self._secret = gateway.secret.reveal().encode() if gateway.secret else b""
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        context.check_hostname = gateway.name is not None
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=gateway.name)
        self._state: bytes | None = None
        self._number = secrets.randbelow(256)
        self._error: ssl.SSLError | None = None
        self._to_send = b""
        self._fixed: Attributes = [(USER_NAME, b"dongle-cli"), (NAS_IDENTIFIER, b"dongle-cli")]
        if gateway.imeisv:
            value = bytes([IMEISV, 2 + len(gateway.imeisv)]) + gateway.imeisv.encode("ascii")
            self._fixed.append((VENDOR, PEN_3GPP.to_bytes(4, "big") + value))

    def run(self) -> Answer:
        """Until the server accepts, rejects or falls silent."""
        eap = _eap(2, 0, bytes([IDENTITY]) + b"dongle-cli")
        for _round in range(_MOST_ROUNDS):
            code, attributes = self._exchange(eap)
            if code == ACCEPT:
                return Answer("accepted")
            if code == REJECT:
                return self._rejected(attributes)
            self._state = next((value for kind, value in attributes if kind == STATE), None)
            message = b"".join(value for kind, value in attributes if kind == EAP_MESSAGE)
            if len(message) < 5 or message[0] != 1:
                return Answer("unmeasured", _("the server does not speak EAP"))
            eap = _eap(2, message[1], self._reply(message[4], message[5:]))
        return Answer("unmeasured", _("the conversation does not end"))

    def _rejected(self, attributes: Attributes) -> Answer:
        said = [value.decode(errors="replace") for kind, value in attributes if kind == REPLY_MESSAGE]
        if self._error is not None:
            return judged(self._error)
        return Answer("refused", "; ".join(said) or _("rejected without a reason"))

    def _reply(self, kind: int, data: bytes) -> bytes:
        """The type and data of our EAP response."""
        if kind in (IDENTITY, NOTIFICATION):
            return bytes([kind]) + (b"dongle-cli" if kind == IDENTITY else b"")
        if kind != TLS or not data:
            return bytes([NAK, TLS])
        flags, body = data[0], data[5:] if data[0] & LENGTH else data[1:]
        self._incoming.write(body)
        if flags & MORE:
            return bytes([TLS, 0])
        if not self._to_send:
            self._advance()
        piece, self._to_send = self._to_send[:FRAGMENT], self._to_send[FRAGMENT:]
        return bytes([TLS, MORE if self._to_send else 0]) + piece

    def _advance(self) -> None:
        """Let TLS take what came, and collect what it wants to say."""
        try:
            if self._error is None:
                self._tls.do_handshake()
                self._tls.read(1)  # TLS 1.3: the server's last word (RFC 9190 clause 2.5), or its alert
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            self._error = error
        self._to_send = self._outgoing.read()

    def _exchange(self, eap: bytes) -> tuple[int, Attributes]:
        """Send one packet, again where it is lost; the code and attributes of the answer."""
        self._number = (self._number + 1) % 256
        authenticator = secrets.token_bytes(16)
        state = [(STATE, self._state)] if self._state is not None else []
        pieces = [(EAP_MESSAGE, eap[i : i + 253]) for i in range(0, len(eap), 253)]
        packet = self._signed(authenticator, [*self._fixed, *state, *pieces])
        while True:
            self._sock.send(packet)
            for answer in self._received(min(time.monotonic() + RESEND, self._deadline)):
                if answer[1] == self._number and self._genuine(answer, authenticator):
                    return answer[0], list(_attributes(answer[20:]))
            if time.monotonic() >= self._deadline:
                raise Silent

    def _received(self, until: float) -> Iterator[bytes]:
        """What comes until then, and what has come by then though this machine was too busy to look."""
        left = until - time.monotonic()
        while True:
            self._sock.settimeout(max(0.0, left))
            try:
                data = self._sock.recv(4096)
            except (TimeoutError, BlockingIOError):
                return
            size = int.from_bytes(data[2:4], "big")
            if 20 <= size <= len(data):
                yield data[:size]
            if (left := until - time.monotonic()) <= 0:
                return

    def _signed(self, authenticator: bytes, attributes: Attributes) -> bytes:
        """An Access-Request with its Message-Authenticator, the first attribute (RFC 3579 clause 3.2)."""
        rest = b"".join(bytes([kind, 2 + len(value)]) + value for kind, value in attributes)
        head = bytes([ACCESS_REQUEST, self._number]) + (20 + 18 + len(rest)).to_bytes(2, "big") + authenticator
        empty = head + bytes([AUTHENTICATOR, 18]) + bytes(16) + rest
        return head + bytes([AUTHENTICATOR, 18]) + hmac.digest(self._secret, empty, "md5") + rest

    def _genuine(self, answer: bytes, authenticator: bytes) -> bool:
        """Whether somebody who knows the secret answered this very request (both checks: the first is only MD5)."""
        made = hashlib.md5(answer[:4] + authenticator + answer[20:] + self._secret, usedforsecurity=False).digest()
        if not hmac.compare_digest(made, answer[4:20]):
            return False
        at = 20
        while at + 2 <= len(answer) and answer[at + 1] >= 2:
            if answer[at] == AUTHENTICATOR and answer[at + 1] == 18:
                empty = answer[:4] + authenticator + answer[20 : at + 2] + bytes(16) + answer[at + 18 :]
                return hmac.compare_digest(hmac.digest(self._secret, empty, "md5"), answer[at + 2 : at + 18])
            at += answer[at + 1]
        return False  # EAP is never answered without one (RFC 3579 clause 3.2)


def _eap(code: int, number: int, body: bytes) -> bytes:
    return bytes([code, number]) + (4 + len(body)).to_bytes(2, "big") + body


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    while len(data) >= 2 and 2 <= data[1] <= len(data):
        yield data[0], data[2 : data[1]]
        data = data[data[1] :]
