"""nginx: TLS client certificates, checked against every CRL of the chain and against the list of bindings."""

from __future__ import annotations

from collections.abc import Iterable

from dongle_cli.binding.exports.folder import Export, File
from dongle_cli.binding.exports.material import Bound, Material, pem
from dongle_cli.binding.exports.template import filled, plain
from dongle_cli.binding.exports.wishes import Wishes
from dongle_cli.i18n import _


def export(material: Material, wishes: Wishes) -> Export:
    """Two files to include, the CA with its lists, the map of serial numbers, and an example that runs by itself."""
    certificate = wishes.server_certificate or f"{wishes.at}/server.pem"
    key = wishes.server_key or f"{wishes.at}/server.key"
    listen = wishes.listen or "127.0.0.1"
    listen = f"[{listen}]" if ":" in listen else listen
    example = filled(
        "nginx/example.conf", at=wishes.at, listen=listen, port=str(wishes.port or 8443),
        server_name=wishes.server_name or "localhost", server_certificate=certificate, server_key=key,
    )  # fmt: skip
    # nginx wants to know how many keys there will be, with room to grow.
    hash_size = 1 << max(13, (8 * len(material.bindings)).bit_length())
    http = filled("nginx/dongle-http.conf", at=wishes.at, hash_size=str(hash_size))
    server = filled("nginx/dongle-server.conf", at=wishes.at, depth=str(len(material.chain)))
    files = (
        File("ca.pem", pem(material.chain)),
        File("crl.pem", material.every_list()),
        File("bindings.map", serials(material.bindings).encode()),
        File("dongle-http.conf", http.encode(), "config"),
        File("dongle-server.conf", server.encode(), "config"),
        File("example.conf", example.encode(), "config"),
    )  # fmt: skip
    return Export("nginx", files, steps(wishes, certificate, key), warnings=tuple(material.warnings()))


def serials(bindings: Iterable[Bound]) -> str:
    """The map's lines; nginx compares without regard to case, $ssl_client_serial is in capitals."""
    return "".join(
        f'{plain(each.serial)} "{plain(each.asset_no)}";\n'
        for each in sorted(bindings, key=lambda each: (each.asset_no, each.serial))
    )


def steps(wishes: Wishes, certificate: str, key: str) -> tuple[str, ...]:
    """What is left to do for the administrator of the server."""
    return (
        *wishes.brought(),
        _("In the http block: {line}").format(line=f'include "{wishes.at}/dongle-http.conf";'),
        _("In the server block that has TLS: {line}").format(line=f'include "{wishes.at}/dongle-server.conf";'),
        _(
            "Or try it as it is, with the server's own certificate at {certificate} and its key at {key}: {command}"
        ).format(certificate=certificate, key=key, command=f"nginx -p {wishes.at} -c {wishes.at}/example.conf"),
        _("After every revocation export again, then: {command}").format(command="nginx -t && systemctl reload nginx"),
        _("nginx reads the revocation list only then. Connections that are open stay open."),
    )
