"""FreeRADIUS 3.2: EAP-TLS for bound certificates, and only together with the dongle they are bound to."""

from __future__ import annotations

import secrets
import shlex
from collections.abc import Iterable

from dongle_cli.binding.exports.folder import Export, File
from dongle_cli.binding.exports.material import Bound, Material
from dongle_cli.binding.exports.namehash import link_names
from dongle_cli.binding.exports.template import filled, plain
from dongle_cli.binding.exports.wishes import EVERY, Wishes
from dongle_cli.i18n import _

CA = "certs/dongle"
TMP = "tmp-dongle"
HOME = "/etc/freeradius/3.0"


def export(material: Material, wishes: Wishes) -> Export:
    """A folder that goes into /etc/freeradius/3.0 or runs by itself: `freeradius -X -d DIR -n dongle`."""
    certificate = wishes.server_certificate or f"{wishes.at}/certs/dongle-server.pem"
    key = wishes.server_key or f"{wishes.at}/certs/dongle-server.key"
    verify = ""
    if wishes.verify_command:
        verify = filled("freeradius/verify", command=wishes.verify_command, tmpdir=f"{wishes.at}/{TMP}")
    eap = filled(
        "freeradius/eap_dongle", {"verify": verify}, server_certificate=certificate, server_key=key,
        ocsp="yes" if wishes.ocsp else "no", ocsp_url=wishes.ocsp or "http://127.0.0.1/",
    )  # fmt: skip
    site = filled("freeradius/site", listen=wishes.listen or EVERY, port=str(wishes.port or 1812))
    whole = filled("freeradius/dongle.conf", at=wishes.at, libdir="/usr/lib/freeradius")
    shared = wishes.secret.reveal() if wishes.secret else secrets.token_hex(16)
    files = [
        File("mods-config/files/dongle_bindings", users(material.bindings).encode()),
        *(File(f"{CA}/{name}", content) for name, content in material.ca_files().items()),
        File("mods-enabled/eap_dongle", eap.encode(), "config"),
        File("mods-enabled/dongle_bindings", filled("freeradius/dongle_bindings_module").encode(), "config"),
        File("sites-enabled/dongle", site.encode(), "config"),
        File("dongle.conf", whole.encode(), "config"),
        File("dictionary", filled("freeradius/dictionary").encode(), "config"),
        File("clients-dongle.conf", filled("freeradius/clients", secret=shared).encode(), "once", 0o600),
    ]  # fmt: skip
    return Export(
        "freeradius", tuple(files), steps(wishes, certificate, key), links(material),
        {TMP: 0o700} if verify else {}, tuple(material.warnings()),
    )  # fmt: skip


def links(material: Material) -> dict[str, str]:
    """The links that `openssl rehash` makes in the CA's folder."""
    names = list(material.ca_files())
    lists = [each for each in map(material.list_of, material.chain) if each is not None]
    return {f"{CA}/{link}": name for link, name in zip(link_names(list(material.chain), lists), names, strict=True)}


def users(bindings: Iterable[Bound]) -> str:
    """The file of module `files`: a line for each certificate, found by its serial number."""
    head = (
        "# Certificate serial number, asset number, first 14 digits of the IMEI. Written by dongle-cli; do not edit.\n"
    )
    lines = (
        f'{plain(each.serial)} Tmp-String-0 := "{plain(each.asset_no)}", Tmp-String-1 := "{plain(each.imei14)}"\n'
        for each in sorted(bindings, key=lambda each: (each.asset_no, each.serial))
    )
    return head + "".join(lines)


def steps(wishes: Wishes, certificate: str, key: str) -> tuple[str, ...]:
    """What is left to do for the administrator of the server."""
    own = _("Put the server's own certificate with its chain at {certificate} and its key at {key}.")
    there, owner = shlex.quote(wishes.at), "chown -R freerad:freerad"
    copy = _("Or copy the folder into the server's own: {command}").format(
        command=f"cp -a {wishes.here}/. {HOME}/ && {owner} {HOME}"
    )
    if brought := wishes.brought():  # its files say where it stands: it is tried there
        copy = f"{brought[0]} && {owner} {there}"
    trial = _("Try it as it is: {command}").format(command=f"freeradius -X -d {there} -n dongle")
    found = [
        own.format(certificate=certificate, key=key),
        *((copy, trial) if brought else (trial, copy)),
        _("Enter the network's equipment and its secrets in clients-dongle.conf; it is never written over."),
        _("After every revocation export again, then: {command}").format(command="systemctl restart freeradius"),
        _("Without a restart the server reads the revocation list after 300 seconds at the earliest."),
    ]
    if wishes.ocsp:
        found.append(
            _("With OCSP a revocation holds at the next logon. Keep the responder running: without it nobody gets in.")
        )
    if wishes.verify_command:
        found.append(
            _("The server's account must be able to run {command}.").format(command=f"{wishes.verify_command} verify")
        )
    return tuple(found)
