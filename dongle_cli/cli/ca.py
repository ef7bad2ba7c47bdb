"""`dongle-cli ca`: the authority of this bench, its certificates and its lists."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from dongle_cli.cli import ca_care, output
from dongle_cli.cli.options import DryRun, Format, Yes, group
from dongle_cli.cli.pair import Folder, PassphraseFile, unlock
from dongle_cli.i18n import _

app = group(_("Make and look after the authority that signs client certificates."))


def example(command: str) -> str:
    """The example below a help page."""
    return _("Example: {command}").format(command=command)


@app.command(
    help=_("Make the authority: a root, an issuing authority below it, and keys for OCSP and for evidence."),
    epilog=example("dongle-cli ca init --name 'Example Prefecture' --passphrase-file ca.pass"),
)
def init(
    name: Annotated[str, typer.Option("--name", metavar=_("NAME"), help=_("What the authority is called."))],
    folder: Folder = None,
    passphrase_file: PassphraseFile = None,
    keystore: Annotated[
        str,
        typer.Option("--keystore", metavar=_("KEYSTORE"), help=_("Where the issuing key lives, such as pkcs11:...")),
    ] = "pem:issuing",
    crl_url: Annotated[
        str | None,
        typer.Option("--crl-url", metavar="URL", help=_("Where gateways fetch the CRL."), show_default=False),
    ] = None,
    ocsp_url: Annotated[
        str | None,
        typer.Option("--ocsp-url", metavar="URL", help=_("Where gateways ask by OCSP."), show_default=False),
    ] = None,
    days: Annotated[
        int | None,
        typer.Option("--days", min=1, max=1200, help=_("Lifetime of client certificates."), show_default=False),
    ] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    format_: Format = "text",
) -> None:
    from dongle_cli import paths
    from dongle_cli.binding import ca
    from dongle_cli.binding import init as making
    from dongle_cli.register.register import Register

    at = folder if folder is not None else ca.place(None)
    settings = ca.Settings(at, name.strip(), "", "pem:root", keystore, crl_url, ocsp_url, days)
    if dry_run:
        making.check(settings)
        plan = _("An authority {name} would be made in {path}.").format(name=settings.name, path=at)
        output.planned({"name": settings.name, "dir": str(at)}, plan)
        return
    with Register.open() as register:
        settings = making.create(settings, register, unlock(passphrase_file))
    if folder is not None and not ca.exists(None):
        ca.remember(folder)
    root, issuing = ca.certificate(settings, "root"), ca.certificate(settings, "issuing")
    facts = {
        "name": settings.name,
        "dir": str(settings.folder),
        "root_not_after": root.not_valid_after_utc.isoformat(),
        "issuing_not_after": issuing.not_valid_after_utc.isoformat(),
    }
    if format_ == "json":
        output.emit(facts)
        return
    output.answer(_("The authority {name} is ready in {path}.").format(name=settings.name, path=settings.folder))
    output.say(_("Keep a copy of this folder, and of the register, in a safe place."))
    if str(paths.data_dir()) not in str(settings.folder) and ca.place(None) != settings.folder:
        output.say(_("Other commands take another authority; name this one with --dir."))


@app.command(
    help=_("Write the issuing and the root certificate as one PEM file, for gateways and laptops."),
    epilog=example("dongle-cli ca chain --out chain.pem"),
)
def chain(
    out: Annotated[Path, typer.Option("--out", metavar=_("FILE"), help=_("Write it here."))],
    folder: Folder = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    format_: Format = "text",
) -> None:
    from dongle_cli.binding import ca, publish

    certificates = ca.chain(ca.load(folder))
    names = [one.subject.rfc4514_string() for one in certificates]
    if dry_run:
        plan = _("{path} would hold: {names}").format(path=out, names="; ".join(names))
        output.planned({"out": str(out), "certificates": names}, plan)
        return
    publish.write(out, ca.pem(*certificates))
    if format_ == "json":
        output.emit({"out": str(out), "certificates": names})
        return
    output.say(_("{path} holds: {names}").format(path=out, names="; ".join(names)))


@app.command(
    help=_("Sign a new certificate revocation list. A gateway knows of it only when it reads it again."),
    epilog=example("dongle-cli ca crl --out issuing.crl.pem"),
)
def crl(
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar=_("FILE"), help=_("Write it here too; .der and .crl files are binary."),
                     show_default=False),
    ] = None,
    days: Annotated[int, typer.Option("--days", min=1, max=90, help=_("How long the list is valid."))] = 7,
    root: Annotated[
        bool, typer.Option("--root", help=_("The root's own list, which nginx and strongSwan want."))
    ] = False,
    root_from: Annotated[
        Path | None,
        typer.Option("--root-from", metavar=_("DIR"), help=_("Where the root's medium is mounted."),
                     show_default=False),
    ] = None,
    folder: Folder = None,
    passphrase_file: PassphraseFile = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    format_: Format = "text",
) -> None:  # fmt: skip
    from dongle_cli.binding import ca, offline, revoke
    from dongle_cli.register.register import Register

    settings = ca.load(folder)
    written = [settings.folder / ("root-crl.pem" if root else "crl.pem"), *([out] if out else [])]
    if dry_run:
        names = ", ".join(str(path) for path in written)
        plan = _("A new CRL would be signed and written to {path}.").format(path=names)
        output.planned({"out": str(written[-1])}, plan)
        return
    with Register.open() as register:
        if root:
            at = offline.from_medium(settings, root_from)
            made = revoke.write_root_crl(register, at, unlock(passphrase_file), out)
        else:
            made = revoke.write_crl(register, settings, unlock(passphrase_file), out, timedelta(days=days))
    if format_ == "json":
        facts = {"out": str(written[-1]), "number": made.number, "entries": made.entries}
        times = {"this_update": made.this_update.isoformat(), "next_update": made.next_update.isoformat()}
        output.emit({**facts, **times, "bytes": len(made.der)})
        return
    output.answer(
        _("CRL number {number}: {entries} entries, valid until {moment}.").format(
            number=made.number, entries=made.entries, moment=made.next_update.isoformat()
        )
    )


@app.command(
    help=_("Answer OCSP from the register until it is stopped; a revocation holds at once."),
    epilog=example("dongle-cli ca ocsp --listen 192.0.2.1:2560 --passphrase-file ca.pass"),
)
def ocsp(
    listen: Annotated[
        str,
        typer.Option("--listen", metavar=_("ADDRESS"), help=_("Address and port; a port alone: this machine only.")),
    ] = "127.0.0.1:2560",
    folder: Folder = None,
    passphrase_file: PassphraseFile = None,
    format_: Format = "text",
) -> None:
    import signal

    from dongle_cli.binding import ca, ocsp_server, profile
    from dongle_cli.binding.ocsp import Responder

    at = ocsp_server.address(listen)
    settings, ledger = ca.load(folder), ocsp_server.Ledger()
    issuer, signer = ca.certificate(settings, "issuing"), ca.certificate(settings, "ocsp")
    key = ca.keystore(settings, "issuing", unlock(passphrase_file)).key("ocsp")
    responder = Responder(issuer, signer, key, ledger)
    ledger(
        profile.key_identifier(issuer), "00"
    )  # a register that cannot be read is said now, and not to the first who asks
    with ocsp_server.Server(at, responder) as server:
        signal.signal(signal.SIGTERM, lambda *_received: server.stop())
        signal.signal(signal.SIGINT, lambda *_received: server.stop())
        if format_ == "json":
            output.emit({"listening": server.listening, "url": f"http://{server.listening}/"})
        else:
            output.answer(_("Answering OCSP at {url}").format(url=f"http://{server.listening}/"))
        server.serve_forever(poll_interval=0.2)
    ledger.close()
    output.say(_("Stopped."))


@app.command(
    help=_("Make the bench's own certificate with which revoke --verify-effect logs on; export again afterwards."),
    epilog=example("dongle-cli ca canary --passphrase-file ca.pass"),
)
def canary(
    folder: Folder = None,
    passphrase_file: PassphraseFile = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    format_: Format = "text",
) -> None:
    from dongle_cli.binding import ca
    from dongle_cli.binding import canary as work
    from dongle_cli.register.register import Register

    settings = ca.load(folder)
    with Register.open() as register:
        found = work.current(register)
        made = found if found or dry_run else work.make(register, settings, unlock(passphrase_file))
    if made is None:
        output.planned({}, _("A canary would be made."))
    elif format_ == "json":
        facts = {"asset": made.asset_no, "serial": made.serial, "not_after": made.not_after}
        output.emit({"result": "already" if found else "ok", **facts})
    else:
        output.answer(
            _("The canary is {name}, until {until}. Gateways let it in after the next export.").format(
                name=made.asset_no, until=(made.not_after or "")[:10]
            )
        )


@app.command(
    help=_("Take the authority in this folder from now on."), epilog=example("dongle-cli ca use /srv/ca")
)  # fmt: skip
def use(
    folder: Annotated[Path, typer.Argument(metavar=_("DIR"), help=_("Folder of the authority."))],
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    from dongle_cli.binding import ca

    settings = ca.load(folder)
    if dry_run:
        output.planned({}, _("The authority would be {name}, in {path}.").format(name=settings.name, path=folder))
        return
    ca.remember(folder)
    output.say(_("The authority is {name} now, in {path}.").format(name=settings.name, path=folder))


ca_care.attach(app)
