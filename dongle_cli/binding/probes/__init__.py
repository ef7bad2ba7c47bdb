"""Logging on to a gateway with a certificate, to see whether it is let in: one module for each kind of gateway."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _
from dongle_cli.secrets import Secret

Verdict = Literal["accepted", "refused", "unmeasured"]

# The word before "://", its usual port, and the module that knows it: log_on(gateway, context, timeout) -> Answer.
KINDS = {
    "radius": (1812, "dongle_cli.binding.probes.radius"),
    "tls": (443, "dongle_cli.binding.probes.tls"),
    "https": (443, "dongle_cli.binding.probes.tls"),
}


@dataclass(frozen=True)
class Answer:
    """What one logon showed; `revoked`: the gateway itself named a revocation as the reason."""

    verdict: Verdict
    why: str = ""
    revoked: bool = False


@dataclass(frozen=True)
class Gateway:
    """Where to log on, and what the gateway wants besides the certificate."""

    kind: str
    host: str
    port: int
    path: str = "/"
    name: str | None = None  # the DNS name in its certificate, where it is not `host`
    secret: Secret | None = None  # that RADIUS shares with this machine
    imeisv: str | None = None  # what the network would say of the dongle

    @property
    def shown(self) -> str:
        """As a URL."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.kind}://{host}:{self.port}"


def gateway(url: str, *, secret: Secret | None = None, name: str | None = None) -> Gateway:
    """The gateway of "radius://HOST:PORT", "tls://HOST:PORT" or "https://HOST/PATH"; DongleError `usage.gateway`."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in KINDS or not parts.hostname or parts.username or parts.password:
        raise DongleError(
            _("{value} names no gateway.").format(value=ascii(url)),
            code="usage.gateway",
            hint=_("Write radius://HOST:PORT or tls://HOST:PORT."),
        )
    if parts.scheme == "radius" and secret is None:
        raise DongleError(
            _("A RADIUS server answers only who shares a secret with it."),
            code="usage.gateway",
            hint=_("Name where the secret is kept: --secret file:PATH"),
        )
    return Gateway(parts.scheme, parts.hostname, port or KINDS[parts.scheme][0], parts.path or "/", name, secret)


def log_on(to: Gateway, context: ssl.SSLContext, timeout: float) -> Answer:
    """Log on once, within `timeout` seconds."""
    answer: Answer = import_module(KINDS[to.kind][1]).log_on(to, context, timeout)
    return answer


def context(certificate: Path, key: Path, passphrase: Callable[[], str], trusted: list[Path]) -> ssl.SSLContext:
    """TLS with this client certificate (its chain behind it), believing gateways that `trusted` certified.

    DongleError `keystore.passphrase` or `keystore.mismatch` where the key cannot be used.
    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        for path in trusted:
            made.load_verify_locations(path)
        made.load_cert_chain(certificate, key, passphrase)
    except (ssl.SSLError, OSError) as error:
        raise DongleError(
            _("The probe's certificate {path} cannot be used: {reason}.").format(path=certificate, reason=error),
            code="keystore.mismatch",
            hint=_(
                "The key must be in PEM, belong to the certificate, and open with the passphrase. Nothing was revoked."
            ),
        ) from None
    return made


def judged(error: ssl.SSLError) -> Answer:
    """What a failed handshake means: an alert is the gateway's refusal, everything else is our own trouble."""
    said = (error.reason or str(error)).lower().replace("_", " ")
    if isinstance(error, ssl.SSLCertVerificationError):
        return Answer("unmeasured", _("the gateway's own certificate: {reason}").format(reason=error.verify_message))
    if "alert" not in said:
        return Answer("unmeasured", said)
    word = said.partition("alert ")[2] or said
    return Answer("refused", _("TLS alert: {alert}").format(alert=word), "certificate revoked" in said)
