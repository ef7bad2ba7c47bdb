"""What the client profiles have in common: where certificate and key are on a laptop, and what is never said there."""

from __future__ import annotations

import re
from hashlib import sha256

from dongle_cli.binding.exports.template import plain
from dongle_cli.binding.exports.wishes import Wishes
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _

CERTIFICATE = "/etc/dongle-cli/client.crt.pem"
KEY = "/etc/dongle-cli/client.key.pem"
CA = "dongle-ca.pem"

_URI = re.compile(r"pkcs11:[A-Za-z0-9._~%:\[\]@!()*+,=&?/|;-]+")  # RFC 7512 clause 2.3


def places(wishes: Wishes) -> tuple[str, str]:
    """Certificate and key as the laptop finds them; a token that is named for the key holds the certificate, too."""
    key = place(wishes.client_key or KEY)
    default = key.replace("type=private", "type=cert") if key.startswith("pkcs11:") else CERTIFICATE
    return place(wishes.client_certificate or default), key


def place(text: str) -> str:
    """A path or a PKCS#11 URI as it may stand in a file; DongleError `export.pin` for a URI that holds a PIN."""
    if not text.startswith("pkcs11:"):
        return plain(text)
    if "pin-value" in text:
        raise DongleError(
            _("The PKCS#11 URI holds a PIN. No secret is written into a profile."),
            code="export.pin",
            hint=_("Leave pin-value out: the PIN is asked for, or pin-source names a file."),
        )
    if not _URI.fullmatch(text):
        raise DongleError(_("{value} is no PKCS#11 URI.").format(value=ascii(text)), code="usage.uri")
    return text


def file_name(asset: str) -> str:
    """A name for the asset's file; an asset number may hold a slash or a blank, then a digest keeps names apart."""
    safe = re.sub(r"[^A-Za-z0-9._-]", "_", asset)
    return (
        safe
        if safe == asset and not asset.startswith(".")
        else f"{safe.lstrip('.')}-{sha256(asset.encode()).hexdigest()[:6]}"
    )


def warnings(wishes: Wishes) -> tuple[str, ...]:
    """What makes a laptop trust too much."""
    if wishes.server_name:
        return ()
    return (_("No --server-name: the laptop will believe every server that the CA has certified."),)


def first_step(wishes: Wishes) -> str:
    """Where the laptop must have what the profile names."""
    certificate, key = places(wishes)
    return _("On the laptop the profile finds the certificate at {certificate} and the key at {key}.").format(
        certificate=certificate, key=key
    )
