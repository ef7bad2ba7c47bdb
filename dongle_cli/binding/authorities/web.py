"""One question to an authority over HTTP: limits on time, size and redirects, and each failure by its own name."""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from dongle_cli.binding.authorities.place import LARGEST
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _

TIMEOUT = 20.0  # seconds for one answer, all of it
REDIRECTS = 3


@dataclass(frozen=True)
class Reply:
    """What came back; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Web:
    """How an authority is reached: over TLS with `context`, or plainly where messages protect themselves."""

    name: str  # as the errors call it
    context: ssl.SSLContext | None = None

    def ask(self, method: str, url: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Reply:
        """The answer of any status but a redirect; DongleError `authority.unreachable`, `.untrusted`, `.redirect`.

        A redirect is followed within the same origin only; to anybody else a person sends us (RFC 7030 clause 3.2.1).
        """
        deadline = time.monotonic() + TIMEOUT
        for _hop in range(REDIRECTS + 1):
            reply = self._once(method, url, body, dict(headers or {}), deadline)
            if reply.status not in (301, 302, 303, 307, 308):
                return reply
            target = urljoin(url, reply.headers.get("location", ""))
            if _origin(target) != _origin(url):
                raise self._error(
                    _("{authority} sends us on to {url}, which is somebody else."), "authority.redirect", url=target,
                    hint=_("If that is right, name it yourself with --authority."),
                )  # fmt: skip
            url = target
        raise self._error(_("{authority} sends us from one address to the next."), "authority.redirect")

    def _once(self, method: str, url: str, body: bytes, headers: dict[str, str], deadline: float) -> Reply:
        parts = urlsplit(url)
        left = max(0.1, deadline - time.monotonic())
        host = parts.hostname or ""
        line: http.client.HTTPConnection
        if parts.scheme == "https":
            line = http.client.HTTPSConnection(host, parts.port, timeout=left, context=self.context)
        else:
            line = http.client.HTTPConnection(host, parts.port, timeout=left)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            line.request(method, target, body or None, headers)
            answer = line.getresponse()
            content = self._read(answer, deadline)
        except ssl.SSLCertVerificationError as error:
            raise self._error(
                _("{authority} cannot be trusted: {reason}."), "authority.untrusted", reason=error.verify_message,
                hint=_("Name the certificate of its root with ca=FILE, if that is really the authority."),
            ) from None  # fmt: skip
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self._error(
                _("{authority} does not answer: {reason}."), "authority.unreachable", reason=_why(error),
                hint=_("The binding is begun. Run the same command again when the authority can be reached."),
            ) from None  # fmt: skip
        finally:
            line.close()
        return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, content)

    def _read(self, answer: http.client.HTTPResponse, deadline: float) -> bytes:
        content = b""
        while piece := answer.read1(65_536):
            content += piece
            if len(content) > LARGEST:
                raise self._error(_("{authority} sends more than a certificate can be."), "authority.protocol")
            if time.monotonic() > deadline:
                raise TimeoutError(_("it takes too long"))
        if answer.length:  # bytes that were announced and did not come
            raise http.client.IncompleteRead(content, answer.length)
        return content

    def _error(self, message: str, code: str, hint: str | None = None, **values: object) -> DongleError:
        return DongleError(message.format(authority=self.name, **values), code=code, hint=hint)


def _why(error: Exception) -> str:
    from dongle_cli.i18n import reason

    if isinstance(error, ssl.SSLError):
        return error.reason or str(error)
    return reason(error) if isinstance(error, OSError) else str(error) or type(error).__name__


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    try:
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    except ValueError:
        port = None
    return parts.scheme, parts.hostname, port


def refused(name: str, reply: Reply) -> DongleError:
    """The error for an answer that is no certificate: the status and the first words of what was said."""
    kind = reply.headers.get("content-type", "")
    said = reply.body[:300].decode("utf-8", "replace").strip() if "text" in kind or not kind else ""
    shown = "".join(char if char.isprintable() else " " for char in said)
    return DongleError(
        _("{authority} refused the request: HTTP {status} {text}")
        .format(authority=name, status=reply.status, text=shown)
        .rstrip(),
        code="authority.refused",
        status=reply.status,
    )
