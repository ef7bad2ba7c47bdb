"""strongSwan: an IKEv2 gateway that takes bound certificates only, and none whose revocation it could not check."""

from __future__ import annotations

from dongle_cli.binding.exports.folder import Export, File
from dongle_cli.binding.exports.material import Material
from dongle_cli.binding.exports.template import filled
from dongle_cli.binding.exports.wishes import EVERY, Wishes
from dongle_cli.i18n import _


def export(material: Material, wishes: Wishes) -> Export:
    """A folder laid out as /etc/swanctl: conf.d, x509ca, x509crl."""
    material.every_list()  # strict revocation wants the list of every CA of the chain: refuse without
    certificate = wishes.server_certificate or "dongle-gateway.pem"
    name = wishes.server_name or "gateway.example"
    listen = "%any" if wishes.listen in (None, EVERY) else wishes.listen or ""
    connection = filled(
        "strongswan/dongle.conf", listen=listen, server_certificate=certificate, server_name=name,
        root="dongle-root.pem", networks=wishes.networks or "0.0.0.0/0", pool=wishes.pool or "10.200.0.0/16",
    )  # fmt: skip
    folders = {True: "x509crl", False: "x509ca"}
    files = [
        File("conf.d/dongle.conf", connection.encode(), "config"),
        *(
            File(f"{folders[file.endswith('-crl.pem')]}/dongle-{file}", content)
            for file, content in material.ca_files().items()
        ),
    ]
    return Export("strongswan", tuple(files), steps(wishes, certificate, name), warnings=tuple(material.warnings()))


def steps(wishes: Wishes, certificate: str, name: str) -> tuple[str, ...]:
    """What is left to do for the administrator of the gateway."""
    return (
        _("Copy the folder into the gateway's own: {command}").format(command=f"cp -a {wishes.here}/. /etc/swanctl/"),
        _(
            "Put the gateway's own certificate for {name} at {certificate} and its key into /etc/swanctl/private/."
        ).format(name=name, certificate=f"/etc/swanctl/x509/{certificate}"),
        _("Then: {command}").format(command="swanctl --load-all"),
        _("After every revocation export again, copy, then: {command}").format(
            command="swanctl --load-creds --clear && swanctl --flush-certs"
        ),
        _("Tunnels that are up stay up until they are ended: {command}").format(
            command="swanctl --terminate --ike dongle"
        ),
    )
