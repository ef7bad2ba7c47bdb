"""wpa_supplicant: a configuration with EAP-TLS for each bound laptop, wired or Wi-Fi."""

from __future__ import annotations

import shlex

from dongle_cli.binding.exports import client
from dongle_cli.binding.exports.folder import Export, File
from dongle_cli.binding.exports.material import Material, only, pem
from dongle_cli.binding.exports.template import plain
from dongle_cli.binding.exports.wishes import Wishes
from dongle_cli.i18n import _


def export(material: Material, wishes: Wishes) -> Export:
    """ASSET.conf, 0600, and the CA. No passphrase stands in it: wpa_supplicant asks for it on its control socket."""
    ca = client.place(wishes.server_ca or f"{wishes.at}/{client.CA}")
    files = [
        File(f"{client.file_name(each.asset_no)}.conf", configuration(each.asset_no, ca, wishes).encode(), mode=0o600)
        for each in only(material.bindings, wishes.asset)
    ]
    files.append(File(client.CA, pem(material.chain)))
    return Export("wpa", tuple(files), steps(wishes), warnings=client.warnings(wishes))


def configuration(asset: str, ca: str, wishes: Wishes) -> str:
    """The file of one laptop (wpa_supplicant.conf(5))."""
    certificate, key = client.places(wishes)
    wired = wishes.ssid is None
    network = {
        **({"key_mgmt": "IEEE8021X"} if wired else {"ssid": f'"{plain(wishes.ssid or "")}"', "key_mgmt": "WPA-EAP"}),
        "eap": "TLS",
        "identity": f'"{plain(asset)}"',
        "ca_cert": f'"{ca}"',
        "client_cert": f'"{certificate}"',
        "private_key": f'"{key}"',
        **({"domain_match": f'"{plain(wishes.server_name)}"'} if wishes.server_name else {}),
        **({"eapol_flags": "0"} if wired else {}),  # no dynamic WEP keys on a cable
    }
    head = "# Written by dongle-cli.\nctrl_interface=DIR=/run/wpa_supplicant\n" + ("ap_scan=0\n" if wired else "")
    return head + "network={\n" + "".join(f"\t{name}={value}\n" for name, value in network.items()) + "}\n"


def steps(wishes: Wishes) -> tuple[str, ...]:
    """What is left to do on the laptop."""
    driver, interface = ("wired", "eth0") if wishes.ssid is None else ("nl80211", "wlan0")
    name = client.file_name(wishes.asset) if wishes.asset else "ASSET"
    file = f"{shlex.quote(wishes.at)}/{name}.conf"
    return (
        *wishes.brought(),
        client.first_step(wishes),
        _("As root: {command}").format(
            command=f"wpa_supplicant -D {driver} -i {wishes.interface or interface} -c {file}"
        ),
        _("It asks for the passphrase of the key on its control socket; wpa_cli answers."),
    )
