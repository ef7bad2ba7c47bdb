"""NetworkManager: a connection profile (keyfile) with EAP-TLS for each bound laptop."""

from __future__ import annotations

import shlex
import uuid

from dongle_cli.binding.exports import client
from dongle_cli.binding.exports.folder import Export, File
from dongle_cli.binding.exports.material import Material, only, pem
from dongle_cli.binding.exports.template import plain
from dongle_cli.binding.exports.wishes import Wishes
from dongle_cli.i18n import _

# One asset's profile has the same UUID every time, and takes the place of the one before.
_NAMESPACE = uuid.UUID("6f1d9d0e-6a8e-4f4b-9c57-0b6a3a1c2e7d")


def export(material: Material, wishes: Wishes) -> Export:
    """ASSET.nmconnection, 0600, and the CA. No passphrase stands in it: NetworkManager asks whoever logs on."""
    ca = client.place(wishes.server_ca or f"{wishes.at}/{client.CA}")
    files = [
        File(f"{client.file_name(each.asset_no)}.nmconnection", profile(each.asset_no, ca, wishes).encode(), mode=0o600)
        for each in only(material.bindings, wishes.asset)
    ]
    files.append(File(client.CA, pem(material.chain)))
    return Export("networkmanager", tuple(files), steps(wishes), warnings=client.warnings(wishes))


def profile(asset: str, ca: str, wishes: Wishes) -> str:
    """The keyfile of one laptop (nm-settings-keyfile(5)); flag 1: the passphrase is asked for and not stored here."""
    certificate, key = client.places(wishes)
    link: dict[str, dict[str, str]] = {"ethernet": {}}
    if wishes.ssid is not None:
        link = {
            "wifi": {"mode": "infrastructure", "ssid": plain(wishes.ssid)},
            "wifi-security": {"key-mgmt": "wpa-eap"},
        }
    sections: dict[str, dict[str, str]] = {
        "connection": {
            "id": f"dongle-{plain(asset)}",
            "uuid": str(uuid.uuid5(_NAMESPACE, f"{asset}/{wishes.ssid or ''}")),
            "type": next(iter(link)),
            **({"interface-name": plain(wishes.interface)} if wishes.interface else {}),
        },
        **link,
        "802-1x": {
            "eap": "tls;",
            "identity": asset,
            "ca-cert": ca,
            "client-cert": certificate,
            **({"client-cert-password-flags": "1"} if certificate.startswith("pkcs11:") else {}),
            "private-key": key,
            "private-key-password-flags": "1",
            **({"domain-suffix-match": plain(wishes.server_name)} if wishes.server_name else {}),
        },
        "ipv4": {"method": "auto"},
        "ipv6": {"method": "auto"},
    }
    return "\n".join(
        f"[{section}]\n" + "".join(f"{key}={value}\n" for key, value in values.items())
        for section, values in sections.items()
    )


def steps(wishes: Wishes) -> tuple[str, ...]:
    """What is left to do on the laptop."""
    name = client.file_name(wishes.asset) if wishes.asset else "ASSET"
    installed = f"install -m 600 {shlex.quote(wishes.at)}/{name}.nmconnection"
    return (
        *wishes.brought(),
        client.first_step(wishes),
        _("As root: {command}").format(command=f"{installed} /etc/NetworkManager/system-connections/"),
        _("Then: {command}").format(command="nmcli connection reload"),
    )
