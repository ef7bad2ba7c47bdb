"""`dongle-cli change`: part of a pair was replaced."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dongle_cli.cli import output, pair
from dongle_cli.cli.bind import AuthorityOption, Days
from dongle_cli.cli.options import Device, DryRun, Force, Format, Yes, group
from dongle_cli.cli.pair import Asset, Folder, Imei, Out, PassphraseFile, Serial
from dongle_cli.cli.revoke import outcome, published
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _

if TYPE_CHECKING:
    from cryptography import x509

    from dongle_cli.binding.authorities import Authority
    from dongle_cli.binding.change import Change
    from dongle_cli.binding.revoke import Named
    from dongle_cli.register.bindings import Binding
    from dongle_cli.register.register import Register

app = group(_("Part of a bound pair was replaced; a new certificate is made only where the old one names that part."))

Request = Annotated[
    Path | None,
    typer.Option("--request", metavar=_("FILE"), help=_("The file that the laptop wrote: bind request."),
                 show_default=False),
]  # fmt: skip
LaptopFile = Annotated[
    Path | None,
    typer.Option("--laptop", metavar=_("FILE"), help=_("The laptop's description in JSON."), show_default=False),
]


@dataclass(frozen=True)
class Means:
    """How a change is carried out, as the command line said."""

    out: Path | None = None
    authority: str = "local"
    days: int | None = None
    folder: Path | None = None
    passphrase_file: str | None = None
    dry_run: bool = False
    yes: bool = False
    force: bool = False
    json: bool = False


def example(command: str) -> str:
    """The example below a help page."""
    return _("Example: {command}").format(command=command)


@app.command(
    help=_("The SIM was replaced. The certificate stays: it does not name the SIM."),
    epilog=example("dongle-cli change sim --asset PF0000001 --device 1-1.4"),
)
def sim(
    imei: Imei = None,
    asset: Asset = None,
    serial: Serial = None,
    device: Device = None,
    iccid: Annotated[
        str | None,
        typer.Option("--iccid", metavar="ICCID", help=_("Number on the new SIM, where the dongle is not here."),
                     show_default=False),
    ] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    format_: Format = "text",
) -> None:  # fmt: skip
    from dongle_cli.binding import change as work
    from dongle_cli.binding.revoke import Named
    from dongle_cli.identity import Iccid
    from dongle_cli.register.register import Register

    given = str(Iccid.entered(iccid)) if iccid is not None else None
    who = pair.identity(pair.choose(device)) if given is None or device is not None else None
    if (imei, asset, serial) == (None, None, None) and who is not None:
        imei = str(who.imei)
    with Register.open() as register:
        before = work.in_force(register, Named(imei, asset, serial))
        if who is not None:
            work.check_dongle(before, who)
            seen = str(who.iccid) if who.iccid else None
            if seen is None or (given is not None and seen != given):
                raise DongleError(
                    _("The SIM in the dongle says ICCID {seen}.").format(seen=seen or "-"), code="sim.other-iccid"
                )
            given = seen
        change = work.sim(before, given or "")
        _carry_out(register, change, Means(dry_run=dry_run, yes=yes, json=format_ == "json"))


@app.command(
    help=_("The dongle was replaced. The plugged one takes its place, with a new certificate for the same key."),
    epilog=example("dongle-cli change dongle --asset PF0000001 --device 1-1.4 --out lt0001.answer"),
)
def dongle(
    imei: Imei = None,
    asset: Asset = None,
    serial: Serial = None,
    device: Device = None,
    out: Out = None,
    authority: AuthorityOption = "local",
    days: Days = None,
    folder: Folder = None,
    passphrase_file: PassphraseFile = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    force: Force = False,
    format_: Format = "text",
) -> None:
    from dongle_cli.binding import change as work
    from dongle_cli.binding.revoke import Named
    from dongle_cli.register.register import Register

    named = Named(imei, asset, serial)
    means = Means(out, authority, days, folder, passphrase_file, dry_run, yes, force, format_ == "json")
    with Register.open() as register:
        before = work.in_force(register, named)
        who = pair.identity(pair.choose(device))
        _carry_out(register, work.dongle(before, who), means)


def _laptop_command(what: str, short: str, help_text: str, request_only: bool) -> None:
    def command(
        imei: Imei = None,
        asset: Asset = None,
        serial: Serial = None,
        request: Request = None,
        laptop: LaptopFile = None,
        out: Out = None,
        authority: AuthorityOption = "local",
        days: Days = None,
        folder: Folder = None,
        passphrase_file: PassphraseFile = None,
        dry_run: DryRun = False,
        yes: Yes = False,
        force: Force = False,
        format_: Format = "text",
    ) -> None:
        from dongle_cli.binding.revoke import Named

        if request_only and request is None:
            raise DongleError(_("Name the laptop's request: --request FILE."), code="usage.request")
        means = Means(out, authority, days, folder, passphrase_file, dry_run, yes, force, format_ == "json")
        _laptop(what, Named(imei, asset, serial), request, laptop, means)

    line = f"dongle-cli change {what} --asset PF0000001 --request lt0001.request --out lt0001.answer"
    app.command(what, help=help_text, short_help=short, epilog=example(line))(command)


_laptop_command(
    "board",
    _("The laptop's main board was replaced."),
    _("The laptop's main board was replaced: its UUID, its TPM, and perhaps its key are new."),
    False,
)
_laptop_command(
    "laptop",
    _("Another laptop takes the dongle over."),
    _("Another laptop takes the dongle over; it has a key of its own."),
    True,
)
_laptop_command(
    "key",
    _("The laptop has a new key."),
    _("The laptop has a new key, for example after Windows was installed anew."),
    True,
)


def _laptop(what: str, named: Named, request: Path | None, laptop: Path | None, means: Means) -> None:
    from dongle_cli.binding import change as work
    from dongle_cli.binding.checks import fingerprint
    from dongle_cli.binding.laptop import from_file
    from dongle_cli.register.register import Register

    pair.spare(means.out, request, laptop)
    if (request is None) == (laptop is None):
        raise DongleError(_("Name the laptop's request with --request, or its description with --laptop."),
                          code="usage.request")  # fmt: skip
    with Register.open() as register:
        before = work.in_force(register, named)
        if request is not None:
            from dongle_cli.binding import ask

            asked = ask.read(request=request, asset=before.asset_no)
            change = work.laptop(what, before, asked.laptop, fingerprint(asked.public_key), force=means.force)
            _carry_out(register, change, means, asked.csr)
        elif laptop is not None:
            _carry_out(register, work.laptop(what, before, from_file(laptop), None, force=means.force), means)


def _carry_out(
    register: Register, change: Change, means: Means, csr: x509.CertificateSigningRequest | None = None
) -> None:
    """Show what changes, refuse what is taken, ask, change, publish, answer."""
    from dongle_cli.binding import authorities, issue
    from dongle_cli.binding import change as work

    signer: Authority | None = None
    unlocked = pair.unlock(means.passphrase_file)
    if change.new_certificate:
        signer = authorities.open_authority(means.authority, unlocked, means.folder)
        if means.out is None and not means.dry_run:
            raise DongleError(
                _("A new certificate is needed. Say where it goes: --out FILE."),
                code="usage.out",
                hint=_("The file is for the laptop: dongle-cli bind accept FILE"),
            )
        issue.check_clock(register, signer, force=means.force)
    work.check(register, change)
    _show(change)
    if means.dry_run:
        about = {"change": change.what, "new_certificate": change.new_certificate, "asset": change.before.asset_no}
        output.planned({**about, "changes": _changes(change)})
        return
    if change.differences:
        output.insist(_("Change this?"), yes=means.yes)
    bound = work.apply(
        register, signer, change, lambda one: _deliver(one, signer, means.out),
        request=csr, days=means.days, force=means.force,
    )  # fmt: skip
    trouble = None
    if change.new_certificate and change.before.authority == "local":
        _made, trouble = published(register, [change.before], means.folder, None, unlocked)
    if change.differences:
        pair.Records(register, means.folder, unlocked).keep(
            f"change-{change.what}", bound.asset_no, _record(change, bound)
        )
    _answer(change, bound, means, trouble)
    if trouble is not None:
        raise trouble


def _changes(change: Change) -> list[dict[str, object]]:
    return [{"what": what, "before": old, "after": new} for what, (old, new) in change.differences.items()]


def _record(change: Change, bound: Binding) -> dict[str, object]:
    return {
        "changes": _changes(change),
        "binding": pair.told(bound),
        "replaces": change.before.serial if change.new_certificate else None,
    }


def _deliver(bound: Binding, signer: Authority | None, out: Path | None) -> None:
    from dongle_cli.binding import publish, request

    if signer is not None and out is not None:
        publish.write(
            out, request.answer(bound, (bound.certificate or "").encode("ascii"), signer.chain), repeatable=True
        )


def _show(change: Change) -> None:
    names = {
        "imei": "IMEI", "iccid": "ICCID", "laptop_uuid": _("Laptop UUID"), "laptop_serial": _("Laptop serial number"),
        "laptop_host": _("Laptop name"), "laptop_ek": _("Laptop's TPM"), "spki_sha256": _("Key"),
    }  # fmt: skip
    output.say(_("{asset}:").format(asset=change.before.asset_no))
    for name, (before, after) in change.differences.items():
        output.say(f"  {names.get(name, name)}: {before or '-'} → {after or '-'}")
    if not change.differences:
        output.say(_("There is nothing to change."))
    elif change.new_certificate:
        output.say(_("A new certificate is made, and the old one is revoked."))
    else:
        output.say(_("The certificate stays as it is."))


def _answer(change: Change, bound: Binding, means: Means, trouble: DongleError | None) -> None:
    if means.json:
        about = {
            "change": change.what, "result": outcome(bool(change.differences), trouble),
            "code": trouble.code if trouble else None,
            "new_certificate": change.new_certificate,
            "replaced_serial": change.before.serial if change.new_certificate else None,
            "out": str(means.out) if change.new_certificate and means.out else None,
        }  # fmt: skip
        output.emit(pair.told(bound, **about))
        return
    if not change.new_certificate:
        output.answer(_("{asset} is changed in the register.").format(asset=bound.asset_no))
        return
    output.answer(
        _("{asset}: certificate {serial} takes the place of {old}.").format(
            asset=bound.asset_no, serial=bound.serial, old=change.before.serial
        )
    )
    output.say(_("On the laptop: dongle-cli bind accept {file}").format(file=means.out and means.out.name))
