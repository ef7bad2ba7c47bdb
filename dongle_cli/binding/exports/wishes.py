"""What a person may say about an export; everything has a default that works where the files were written."""

from __future__ import annotations

from dataclasses import dataclass

from dongle_cli.secrets import Secret


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
