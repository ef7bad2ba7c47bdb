"""`dongle-cli bind`: one client certificate for the plugged dongle and one laptop."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dongle_cli.cli import bind_all, bind_laptop, output, pair
from dongle_cli.cli.options import All, Device, DryRun, Force, Format, Yes, group
from dongle_cli.cli.pair import Folder, Out, PassphraseFile
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _

if TYPE_CHECKING:
    from dongle_cli.binding.authorities import Authority
    from dongle_cli.identity import DongleIdentity
    from dongle_cli.register.bindings import Binding, Pair
    from dongle_cli.register.register import Register

app = group(_("Bind the plugged dongle and a laptop to one client certificate."))
bind_laptop.add(app)

AuthorityOption = Annotated[
    str,
    typer.Option(
        "--authority",
        metavar=_("AUTHORITY"),
        help=_("Who signs: local, est:URL?ca=FILE, scep:URL?ca=FILE or csr:DIR."),
    ),
]
Days = Annotated[
    int | None,
    typer.Option("--days", min=1, max=1200, help=_("Lifetime of the certificate."), show_default=False),
]
Opaque = Annotated[
    bool, typer.Option("--opaque", help=_("The certificate names the asset number alone, no IMEI and no laptop."))
]


@app.callback(invoke_without_command=True, epilog=_("Example: {command}").format(
    command="dongle-cli bind --device 1-1.4 --request lt0001.request --out lt0001.answer"))  # fmt: skip
def bind(
    ctx: typer.Context,
    device: Device = None,
    all_: All = False,
    listed: Annotated[
        Path | None,
        typer.Option("--list", metavar=_("FILE"), help=_("With --all: CSV or xlsx, a row for each laptop."),
                     show_default=False),
    ] = None,
    request: Annotated[
        Path | None,
        typer.Option("--request", metavar=_("FILE"), help=_("The file that the laptop wrote: bind request."),
                     show_default=False),
    ] = None,
    csr: Annotated[
        Path | None,
        typer.Option("--csr", metavar=_("FILE"), help=_("A certificate request, where the key was made elsewhere."),
                     show_default=False),
    ] = None,
    laptop: Annotated[
        Path | None,
        typer.Option("--laptop", metavar=_("FILE"), help=_("The laptop's description in JSON, with --csr."),
                     show_default=False),
    ] = None,
    asset: Annotated[
        str | None,
        typer.Option("--asset", metavar=_("NUMBER"), help=_("Asset number of the pair."), show_default=False),
    ] = None,
    out: Out = None,
    opaque: Opaque = False,
    authority: AuthorityOption = "local",
    days: Days = None,
    folder: Folder = None,
    passphrase_file: PassphraseFile = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    force: Force = False,
    format_: Format = "text",
) -> int | None:  # fmt: skip
    if ctx.invoked_subcommand is not None:
        return None
    from dongle_cli.binding import ask, authorities, issue
    from dongle_cli.register.register import Register

    unlock = pair.unlock(passphrase_file)
    signer = authorities.open_authority(authority, unlock, folder)
    if all_:
        from dongle_cli.cli.select import named_here

        if listed is None or out is None or named_here():
            raise DongleError(_("--all needs --list FILE and --out DIR, and no --device."), code="usage.all")
        return bind_all.run(
            listed, out, signer, lambda register: pair.Records(register, folder, unlock),
            opaque=opaque, days=days, dry_run=dry_run, yes=yes, force=force,
            json=format_ == "json",
        )  # fmt: skip
    pair.spare(out, request, csr, laptop)
    asked = ask.read(request=request, csr=csr, laptop=laptop, asset=asset)
    if out is None and not dry_run:
        raise DongleError(_("Say where the certificate goes: --out FILE."), code="usage.out")
    chosen = pair.choose(device)
    who = pair.identity(chosen)
    wanted = ask.pair(asked, who, authority=signer.name, opaque=opaque)
    with Register.open() as register:
        issue.check_clock(register, signer, force=force)
        if not _agreed(register, wanted, asked, who, dry_run=dry_run, yes=yes):
            return None
        bound = make(register, signer, wanted, asked, out, days=days, force=force)
        body = {"binding": pair.told(bound), "port": chosen.port}
        pair.Records(register, folder, unlock).keep("bind", bound.asset_no, body)
    if format_ == "json":
        output.emit(pair.told(bound, port=chosen.port, out=str(out)))
        return None
    output.answer(
        _("{asset} is bound: IMEI {imei}, laptop {laptop}, certificate {serial} until {until}.").format(
            asset=bound.asset_no, imei=bound.imei, laptop=bound.laptop_serial or bound.laptop_uuid,
            serial=bound.serial, until=(bound.not_after or "")[:10],
        )
    )  # fmt: skip
    return None


def _agreed(register: Register, wanted: Pair, asked: object, who: DongleIdentity, *, dry_run: bool, yes: bool) -> bool:
    """Show what would be bound, refuse what is taken, and ask."""
    from dongle_cli.binding import ask, issue

    found = issue.earlier(register, wanted)
    if found is None or found.state not in ("active", "signed"):
        issue.check_free(register, wanted)
    ask.check_names(asked, wanted, who)  # type: ignore[arg-type]
    lines = [
        (_("Asset number"), wanted.asset_no), ("IMEI", wanted.imei),
        ("ICCID", wanted.iccid or _("(could not be read)")), (_("Laptop serial number"), wanted.laptop_serial),
        (_("Laptop UUID"), wanted.laptop_uuid), (_("Laptop name"), wanted.laptop_host), (_("Key"), wanted.spki_sha256),
    ]  # fmt: skip
    output.say("\n".join(f"{name}: {value or '-'}" for name, value in lines))
    if found is not None:
        output.say(_("This pair is bound with this key already; the certificate is written again."))
    if dry_run:
        output.planned({"asset": wanted.asset_no, "imei": wanted.imei, "laptop_uuid": wanted.laptop_uuid})
        return False
    output.insist(_("Bind these?"), yes=yes)
    return True


def make(
    register: Register,
    signer: Authority,
    wanted: Pair,
    asked: object,
    out: Path | None,
    *,
    days: int | None,
    force: bool,
) -> Binding:
    """Issue, write the answer to `out`, put in force."""
    from dongle_cli.binding import ask, issue, publish

    def deliver(binding: Binding) -> None:
        if out is not None:
            publish.write(out, ask.answer(asked, binding, signer.chain), repeatable=True)  # type: ignore[arg-type]

    return issue.issue(
        register, signer, wanted, asked.public_key, deliver,  # type: ignore[attr-defined]
        request=asked.csr, days=days, force=force,  # type: ignore[attr-defined]
    )  # fmt: skip
