"""`dongle-cli export`: files for the gateways of a closed network and for the laptops that log on there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dongle_cli.cli import output
from dongle_cli.cli.options import DryRun, Force, Format, Yes, group
from dongle_cli.cli.pair import Folder
from dongle_cli.i18n import _

if TYPE_CHECKING:
    from dongle_cli.binding.exports.folder import Change, Export

app = group(_("Write the files that a gateway or a laptop needs; run it again after every revocation."))

Dir = Annotated[Path, typer.Argument(metavar=_("DIR"), help=_("Folder for the files; it is made where it is not."))]
At = Annotated[
    str | None,
    typer.Option("--at", metavar=_("PATH"), help=_("Where the folder will stand on the gateway, if not at DIR."),
                 show_default=False),
]  # fmt: skip
Chain = Annotated[
    Path | None,
    typer.Option("--chain", metavar=_("FILE"), help=_("Chain of an authority that somebody else runs, in PEM."),
                 show_default=False),
]  # fmt: skip
Lists = Annotated[
    list[Path] | None,
    typer.Option("--crl", metavar=_("FILE"), help=_("A revocation list of that chain; may be given several times."),
                 show_default=False),
]  # fmt: skip
Certificate = Annotated[
    str | None,
    typer.Option("--server-certificate", metavar=_("PATH"), show_default=False,
                 help=_("The gateway's own certificate with its chain, as the gateway finds it.")),
]  # fmt: skip
Key = Annotated[
    str | None,
    typer.Option("--server-key", metavar=_("PATH"), show_default=False,
                 help=_("The key of the gateway's own certificate, as the gateway finds it.")),
]  # fmt: skip
Name = Annotated[
    str | None,
    typer.Option("--server-name", metavar=_("NAME"), show_default=False,
                 help=_("The DNS name in the gateway's own certificate.")),
]  # fmt: skip
Listen = Annotated[
    str | None,
    typer.Option("--listen", metavar=_("ADDRESS"), help=_("Listen on this address."), show_default=False),
]
Port = Annotated[
    int | None, typer.Option("--port", min=1, max=65535, help=_("Listen on this port."), show_default=False)
]
Ocsp = Annotated[
    str | None,
    typer.Option("--ocsp", metavar="URL", show_default=False,
                 help=_("Ask this OCSP responder at every logon: a revocation then holds at once.")),
]  # fmt: skip
Verify = Annotated[
    str | None,
    typer.Option("--verify-command", metavar=_("COMMAND"), show_default=False,
                 help=_("How the gateway starts dongle-cli, to have each certificate verified by it as well.")),
]  # fmt: skip
SecretOption = Annotated[
    str | None,
    typer.Option("--secret", metavar=_("REFERENCE"), show_default=False,
                 help=_("RADIUS secret for this machine (file:PATH, keyring:SERVICE/USER); by default a new one.")),
]  # fmt: skip
AssetOption = Annotated[
    str | None,
    typer.Option("--asset", metavar=_("NUMBER"), help=_("Only for this asset number."), show_default=False),
]
ClientCertificate = Annotated[
    str | None,
    typer.Option("--client-certificate", metavar=_("PATH"), show_default=False,
                 help=_("The certificate as the laptop finds it, a path or a pkcs11: URI.")),
]  # fmt: skip
ClientKey = Annotated[
    str | None,
    typer.Option("--client-key", metavar=_("PATH"), show_default=False,
                 help=_("The key as the laptop finds it, a path or a pkcs11: URI.")),
]  # fmt: skip
ServerCa = Annotated[
    str | None,
    typer.Option("--server-ca", metavar=_("PATH"), show_default=False,
                 help=_("The CA that certified the gateway, as the laptop finds it, if not ours.")),
]  # fmt: skip
Interface = Annotated[
    str | None,
    typer.Option("--interface", metavar=_("NAME"), help=_("Network interface of the laptop."), show_default=False),
]
Ssid = Annotated[
    str | None,
    typer.Option("--ssid", metavar="SSID", help=_("For this Wi-Fi instead of a cable."), show_default=False),
]


def example(command: str) -> str:
    """The example below a help page."""
    return _("Example: {command}").format(command=command)


@app.command(
    help=_("FreeRADIUS 3.2: a certificate gets in only with the dongle that it is bound to (3GPP-IMEISV)."),
    epilog=example("dongle-cli export freeradius raddb --at /etc/freeradius/3.0"),
)
def freeradius(
    directory: Dir,
    at: At = None,
    server_certificate: Certificate = None,
    server_key: Key = None,
    listen: Listen = None,
    port: Port = None,
    ocsp: Ocsp = None,
    verify_command: Verify = None,
    secret: SecretOption = None,
    chain: Chain = None,
    lists: Lists = None,
    folder: Folder = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    force: Force = False,
    format_: Format = "text",
) -> None:
    from dongle_cli.binding.exports.wishes import Wishes

    wishes = Wishes(
        place(directory, at), server_certificate, server_key, listen=listen, port=port, ocsp=ocsp,
        verify_command=verify_command, secret=secret_of(secret),
    )  # fmt: skip
    write("freeradius", directory, wishes, chain, lists, folder, dry_run, yes, force, format_)


@app.command(
    help=_("nginx: TLS client certificates, checked against the revocation lists and the list of bindings."),
    epilog=example("dongle-cli export nginx nginx-dongle --at /etc/nginx/dongle"),
)
def nginx(
    directory: Dir,
    at: At = None,
    server_certificate: Certificate = None,
    server_key: Key = None,
    server_name: Name = None,
    listen: Listen = None,
    port: Port = None,
    chain: Chain = None,
    lists: Lists = None,
    folder: Folder = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    force: Force = False,
    format_: Format = "text",
) -> None:
    from dongle_cli.binding.exports.wishes import Wishes

    wishes = Wishes(place(directory, at), server_certificate, server_key, server_name, listen, port)
    write("nginx", directory, wishes, chain, lists, folder, dry_run, yes, force, format_)


@app.command(
    help=_("strongSwan: an IKEv2 gateway that takes these certificates only, and no revoked one."),
    epilog=example("dongle-cli export strongswan swanctl --server-name vpn.pref.example"),
)
def strongswan(
    directory: Dir,
    at: At = None,
    server_certificate: Certificate = None,
    server_name: Name = None,
    listen: Listen = None,
    networks: Annotated[
        str | None,
        typer.Option("--networks", metavar="CIDR", help=_("Networks that the VPN leads to."), show_default=False),
    ] = None,
    pool: Annotated[
        str | None,
        typer.Option("--pool", metavar="CIDR", help=_("Addresses that the VPN gives to laptops."), show_default=False),
    ] = None,
    chain: Chain = None,
    lists: Lists = None,
    folder: Folder = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    force: Force = False,
    format_: Format = "text",
) -> None:
    from dongle_cli.binding.exports.wishes import Wishes

    wishes = Wishes(
        place(directory, at), server_certificate, server_name=server_name, listen=listen, networks=networks, pool=pool
    )
    write("strongswan", directory, wishes, chain, lists, folder, dry_run, yes, force, format_)


@app.command(
    help=_("NetworkManager: a connection profile with EAP-TLS for each laptop, without any secret in it."),
    epilog=example("dongle-cli export networkmanager profiles --asset PF0000001 --server-name radius.pref.example"),
)
def networkmanager(
    directory: Dir,
    at: At = None,
    asset: AssetOption = None,
    client_certificate: ClientCertificate = None,
    client_key: ClientKey = None,
    server_ca: ServerCa = None,
    server_name: Name = None,
    interface: Interface = None,
    ssid: Ssid = None,
    chain: Chain = None,
    folder: Folder = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    force: Force = False,
    format_: Format = "text",
) -> None:
    wishes = _client(directory, at, asset, client_certificate, client_key, server_ca, server_name, interface, ssid)
    write("networkmanager", directory, wishes, chain, None, folder, dry_run, yes, force, format_)


@app.command(
    help=_("wpa_supplicant: a configuration with EAP-TLS for each laptop, without any secret in it."),
    epilog=example("dongle-cli export wpa profiles --asset PF0000001 --server-name radius.pref.example"),
)
def wpa(
    directory: Dir,
    at: At = None,
    asset: AssetOption = None,
    client_certificate: ClientCertificate = None,
    client_key: ClientKey = None,
    server_ca: ServerCa = None,
    server_name: Name = None,
    interface: Interface = None,
    ssid: Ssid = None,
    chain: Chain = None,
    folder: Folder = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    force: Force = False,
    format_: Format = "text",
) -> None:
    wishes = _client(directory, at, asset, client_certificate, client_key, server_ca, server_name, interface, ssid)
    write("wpa", directory, wishes, chain, None, folder, dry_run, yes, force, format_)


def place(directory: Path, at: str | None) -> str:
    """Where the gateway will find the folder."""
    return at.rstrip("/") or "/" if at else str(directory.absolute())


def _client(
    directory: Path, at: str | None, asset: str | None, certificate: str | None, key: str | None,
    server_ca: str | None, server_name: str | None, interface: str | None, ssid: str | None,
) -> Any:  # fmt: skip
    from dongle_cli.binding.exports.wishes import Wishes

    return Wishes(
        place(directory, at), server_name=server_name, asset=asset, client_certificate=certificate, client_key=key,
        server_ca=server_ca, interface=interface, ssid=ssid,
    )  # fmt: skip


def secret_of(text: str | None) -> Any:
    """The secret that a reference names, None where there is no reference."""
    from dongle_cli.errors import DongleError
    from dongle_cli.secrets import SecretRef

    if text is None:
        return None
    reference = SecretRef.parse(text)
    if reference is None:
        raise DongleError(
            _("A secret is named by where it is kept, not given on the command line."),
            code="usage.secret",
            hint=_("Write file:PATH, keyring:SERVICE/USER or credential:NAME."),
        )
    return reference.load()


def write(
    gateway: str,
    directory: Path,
    wishes: Any,
    chain: Path | None,
    lists: list[Path] | None,
    folder: Path | None,
    dry_run: bool,
    yes: bool,
    force: bool,
    format_: str,
) -> None:
    """Plan, show, write, and say what is left to do by hand; `force` is asked about, nothing else can do harm."""
    from dongle_cli.binding import exports
    from dongle_cli.binding.exports.folder import Folder as Target
    from dongle_cli.binding.exports.source import material, stale
    from dongle_cli.register.register import Register

    with Register.open() as register:
        things = material(register, folder, chain, lists or ())
        old = stale(register, things)
    made = exports.made(gateway, things, replace(wishes, source=str(directory.absolute())))
    warnings = [*([old] if old and gateway not in ("networkmanager", "wpa") else []), *made.warnings]
    target = Target(directory, made)
    changes = target.plan(force=force)
    todo = [change for change in changes if change.action not in ("same", "keep")]
    json = format_ == "json"
    if not json:
        _show(directory, todo, changes, warnings)
    if todo and not dry_run:
        # Files of our own are brought up to date unasked: that is what the command is for, and a timer runs it.
        if force:
            output.insist(_("Write these files, over what others wrote?"), yes=yes)
        target.write(changes)
    result = "already" if not todo else "planned" if dry_run else "ok"
    if json:
        facts = {"result": result, "gateway": gateway, "dir": str(directory), "bindings": len(things.bindings)}
        shown = [{"path": change.path, "action": change.action} for change in changes]
        output.emit({**facts, "changes": shown, "warnings": warnings, "next_steps": list(made.next_steps)})
    elif not dry_run:
        _steps(made, len(things.bindings), directory)


def _words() -> dict[str, str]:
    from dongle_cli.i18n import N_

    return {"create": N_("new file"), "update": N_("changed file"), "remove": N_("file to remove")}


_ACTIONS = _words()


def _show(directory: Path, todo: list[Change], changes: list[Change], warnings: list[str]) -> None:
    for change in todo:
        output.say(f"{_(_ACTIONS[change.action])}: {directory / change.path}")
    for change in changes:
        if change.action == "keep":
            output.say(_("{path} was edited and is kept as it is.").format(path=directory / change.path))
    if not todo:
        output.say(_("Every file is up to date."))
    for warning in warnings:
        output.say(_("Caution: {text}").format(text=warning))


def _steps(made: Export, count: int, directory: Path) -> None:
    output.answer(_("{path} is ready: {count} certificates get in.").format(path=directory, count=count))
    for number, step in enumerate(made.next_steps, 1):
        output.answer(f"{number}. {step}")
