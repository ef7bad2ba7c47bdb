"""What a person may say about an export; everything has a default that works where the files were written."""

from __future__ import annotations

import ipaddress
import shlex
from dataclasses import dataclass, replace

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _
from dongle_cli.secrets import Secret

EVERY = "*"  # listen on every address


@dataclass(frozen=True)
class Wishes:
    """Places are as the gateway or the laptop will see them, not as this machine does."""

    at: str  # absolute: where the folder will stand
    server_certificate: str | None = None
    server_key: str | None = None
    server_name: str | None = None  # the DNS name in the gateway's own certificate
    listen: str | None = None
    port: int | None = None
    ocsp: str | None = None  # the URL of a responder
    verify_command: str | None = None  # how the gateway starts dongle-cli
    secret: Secret | None = None  # that RADIUS shares with this machine
    networks: str | None = None  # what a VPN leads to
    pool: str | None = None  # the addresses that a VPN gives out
    asset: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None  # a path or a pkcs11: URI
    server_ca: str | None = None
    interface: str | None = None
    ssid: str | None = None  # Wi-Fi; None: wired
    source: str | None = None  # absolute: where the folder is written, if not at `at`

    @property
    def here(self) -> str:
        """The folder as the one who has just exported finds it, quoted for a shell."""
        return shlex.quote(self.source or self.at)

    def brought(self) -> tuple[str, ...]:
        """The step that brings the folder to where its files say that it stands; none where it stands there already."""
        if self.source in (None, self.at):
            return ()
        there = shlex.quote(self.at)
        command = f"mkdir -p {there} && cp -a {self.here}/. {there}/"
        return (_("Bring the folder to its place: {command}").format(command=command),)

    def checked(self) -> Wishes:
        """With addresses as every product reads them; DongleError `usage.listen`, `usage.network` for what is none."""
        return replace(self, listen=_listen(self.listen), networks=_networks(self.networks), pool=_networks(self.pool))


def _listen(text: str | None) -> str | None:
    if text is None or text.strip() in (EVERY, "%any"):
        return None if text is None else EVERY
    try:
        return str(ipaddress.ip_address(text.strip().removeprefix("[").removesuffix("]")))
    except ValueError:
        raise DongleError(
            _("{value} is no address to listen at.").format(value=ascii(text)),
            code="usage.listen",
            hint=_("Write an IP address such as 192.0.2.1 or 2001:db8::1, or * for every one."),
        ) from None


def _networks(text: str | None) -> str | None:
    if text is None:
        return None
    found = []
    for part in text.split(","):
        try:
            found.append(str(ipaddress.ip_network(part.strip(), strict=False)))
        except ValueError:
            raise DongleError(
                _("{value} is no network.").format(value=ascii(part.strip())),
                code="usage.network",
                hint=_("Write address and prefix length, such as 10.0.0.0/8; commas between several."),
            ) from None
    return ",".join(found)
