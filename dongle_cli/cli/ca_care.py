"""`dongle-cli ca status, renew, backup, restore, offline`: looking after the authority."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import click
import typer

from dongle_cli.cli import output, pair
from dongle_cli.cli.options import DryRun, Force, Format, Yes
from dongle_cli.cli.pair import Folder, PassphraseFile, unlock
from dongle_cli.errors import ExitCode
from dongle_cli.i18n import N_, _, ngettext

if TYPE_CHECKING:
    from dongle_cli.binding.backup import Backup
    from dongle_cli.register.bindings import Binding

WORDS = {"ok": N_("good"), "soon": N_("ends soon"), "ended": N_("HAS ENDED"), "unknown": N_("could not be read")}
ROOT_KEY = {
    "here": N_("The root's key is in the authority's folder. Move it to a medium: dongle-cli ca offline --to DIR"),
    "away": N_("The root's key is away, on its medium."),
    "token": N_("The root's key is in a token."),
}
MOST_DAYS = 3650  # longer than any certificate here but the root's lasts


def days(text: str) -> timedelta:
    """A time such as "30d", or a number of days."""
    number = text.removesuffix("d")
    if not number.isascii() or not number.isdigit():
        raise click.BadParameter(_("{value} is no number of days such as 30d.").format(value=text))
    if len(number) > 9 or not 0 < int(number) <= MOST_DAYS:
        raise click.BadParameter(_("{value} is not between 1d and {most}d.").format(value=text, most=MOST_DAYS))
    return timedelta(days=int(number))


Before = Annotated[
    str,
    typer.Option("--before", metavar=_("DAYS"), help=_("What ends within this time, such as 30d.")),
]


def status(
    before: Before = "30d",
    folder: Folder = None,
    format_: Format = "text",
) -> int:
    from dongle_cli.binding import ca
    from dongle_cli.binding import status as work
    from dongle_cli.register.register import Register

    time, settings = days(before), ca.load(folder)
    with Register.open() as register:
        found = work.look(register, settings, time)
    bad = {item.word for item in found.items} - {"ok"} or found.ending
    code = ExitCode.FINDINGS if bad else ExitCode.DONE
    if format_ == "json":
        items = [
            {"what": one.what, "until": one.until.isoformat() if one.until else None, "state": one.word}
            for one in found.items
        ]
        ending = [pair.told(one) for one in found.ending]
        facts = {"name": settings.name, "dir": str(settings.folder), "root_key": found.root_key}
        output.emit({**facts, "items": items, "active": found.active, "ending": ending})
        return code
    rows = [
        [_(work.WHAT[one.what]), one.until.date().isoformat() if one.until else "-", _(WORDS[one.word])]
        for one in found.items
    ]
    output.table([_("What"), _("Until"), _("State")], rows)
    output.answer(_(ROOT_KEY[found.root_key]))
    for one in found.items:
        if one.word != "ok":
            output.answer(f"{_(work.WHAT[one.what])}: {work.advice(one)}")
    output.answer(
        _("{active} certificates are in force; {ending} of them end within {days} days.").format(
            active=found.active, ending=len(found.ending), days=time.days
        )
    )
    if found.ending:
        output.answer(_("Renew them with: {command}").format(command=f"dongle-cli ca renew --before {time.days}d"))
    return code


def renew(
    before: Before = "30d",
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar=_("DIR"), help=_("Folder for the laptops' answers, ASSET.answer."),
                     show_default=False),
    ] = None,
    signers: Annotated[
        bool, typer.Option("--signers", help=_("Renew the authority's own OCSP and evidence certificates instead."))
    ] = False,
    lifetime: Annotated[
        int | None,
        typer.Option("--days", min=1, max=1200, help=_("Lifetime of the new certificates."), show_default=False),
    ] = None,
    folder: Folder = None,
    passphrase_file: PassphraseFile = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    format_: Format = "text",
) -> None:  # fmt: skip
    from dongle_cli.binding import ca
    from dongle_cli.binding import renew as work
    from dongle_cli.binding import status as words
    from dongle_cli.binding.authorities.local import LocalAuthority
    from dongle_cli.errors import DongleError
    from dongle_cli.register.register import Register

    json, time, unlocked = format_ == "json", days(before), unlock(passphrase_file)
    with Register.open() as register:
        if signers:
            settings = ca.load(folder)
            due = work.signers_due(settings, time)
            names = ", ".join(_(words.WHAT[label]) for label in due)
            if not due:
                output.say(_("There is nothing to do: no certificate ends within {days} days.").format(days=time.days))
            if dry_run:
                output.planned(
                    {"due": due}, *([_("They would be renewed: {names}").format(names=names)] if due else [])
                )
                return
            made = work.signers(register, settings, unlocked, time)
            if json:
                output.emit({"renewed": made})
            if made:
                output.say(_("Renewed: {names}").format(names=", ".join(made)))
            return
        authority = LocalAuthority("", unlocked, folder)
        found = work.due(register, authority.name, time)
        if not json:
            pair.show(found)
        count = len(found)
        question = ngettext("Renew {count} certificate?", "Renew {count} certificates?", count).format(count=count)
        if not found:
            output.say(_("There is nothing to do: no certificate ends within {days} days.").format(days=time.days))
        if dry_run:
            output.planned({"due": [pair.told(one) for one in found]})
        if dry_run or not found:
            return
        output.insist(question, yes=yes)
        if out is None:
            raise DongleError(_("Say where the laptops' answers go: --out DIR."), code="usage.out")
        out.mkdir(parents=True, exist_ok=True)
        records = pair.Records(register, folder, unlocked)
        for old in found:
            new = work.client(register, authority, old, out, days=lifetime)
            body = {"binding": pair.told(new), "replaces": old.serial}
            records.keep("renew", new.asset_no, body)
            _renewed(new, work.answer_file(out, new), json=json)
    output.say(_("On each laptop: dongle-cli bind accept ASSET.answer. Until then the old certificate stays good."))


def _renewed(new: Binding, answer: Path, *, json: bool) -> None:
    if json:
        output.emit(pair.told(new, out=str(answer)))
        return
    output.answer(
        _("{asset}: certificate {serial} until {until}, {path}").format(
            asset=new.asset_no, serial=new.serial, until=(new.not_after or "")[:10], path=answer
        )
    )


def backup(
    out: Annotated[Path, typer.Option("--out", metavar=_("FILE"), help=_("Write it here, mode 0600."))],
    folder: Folder = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    format_: Format = "text",
) -> None:
    from dongle_cli.binding import backup as work
    from dongle_cli.binding import ca
    from dongle_cli.register.register import Register

    settings = ca.load(folder)
    with Register.open() as register:
        made = work.write(register, settings, None if dry_run else out)
    if dry_run:
        plan = _("{path} would hold {names}.").format(path=out, names=", ".join(made.files))
        output.planned({"out": str(out), "files": len(made.files)}, plan)
        return
    _tell(made, out, json=format_ == "json")
    if settings.issuing_keystore.partition(":")[0] not in ("pem", "pkcs12"):
        output.say(_("The issuing key is in {place}; it is not in this file.").format(place=settings.issuing_keystore))
    if not made.register:
        output.say(_("The register is a database of its own: back it up with the database's tools, now."))
    if made.root_key:
        output.say(_("The root's key is in it, encrypted. Move it to a medium first: dongle-cli ca offline --to DIR"))


def _tell(made: Backup, path: Path, *, json: bool) -> None:
    if json:
        facts = {"name": made.name, "files": len(made.files), "root_key": made.root_key, "register": made.register}
        output.emit({"out": str(path), "at": made.at, **facts, "history": made.history})
        return
    output.answer(
        ngettext("{path}: {name}, {count} file, as of {at}.", "{path}: {name}, {count} files, as of {at}.",
                 len(made.files)).format(path=path, name=made.name, count=len(made.files), at=made.at)
    )  # fmt: skip


def restore(
    file: Annotated[Path, typer.Argument(metavar=_("FILE"), help=_("What ca backup wrote."))],
    folder: Folder = None,
    passphrase_file: PassphraseFile = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    format_: Format = "text",
) -> None:
    from dongle_cli import paths
    from dongle_cli.binding import backup as work
    from dongle_cli.binding import ca

    at = folder or paths.data_dir() / "ca"
    found = work.look(file, at)
    if dry_run:
        plan = _("{name} of {at} would be put back into {path}.").format(name=found.name, at=found.at, path=at)
        output.planned({"name": found.name, "at": found.at, "files": len(found.files), "dir": str(at)}, plan)
        return
    output.insist(_("Put back {name} of {at} into {path}?").format(name=found.name, at=found.at, path=at), yes=yes)
    work.restore(file, at, unlock(passphrase_file))
    if folder is not None:
        ca.remember(folder)
    _tell(found, file, json=format_ == "json")
    output.say(_("What was bound or revoked after {at} is not in it: revoke lost dongles again.").format(at=found.at))
    output.say(_("Now sign a new CRL, and give it to the gateways: dongle-cli ca crl"))


def offline(
    to: Annotated[Path, typer.Option("--to", metavar=_("DIR"), help=_("Folder on the medium."))],
    folder: Folder = None,
    passphrase_file: PassphraseFile = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    force: Force = False,
    format_: Format = "text",
) -> None:
    from dongle_cli.binding import ca
    from dongle_cli.binding import offline as work
    from dongle_cli.register.register import Register

    settings = ca.load(folder)
    here, target = work.check(settings, to, force=force)
    if dry_run:
        plan = _("The root's key of {name} would be moved from {here} to {path}.").format(
            name=settings.name, here=here, path=target
        )
        output.planned({"to": str(target)}, plan)
        return
    output.insist(
        _("Move the root's key of {name} to {path} and remove it here?").format(name=settings.name, path=to), yes=yes
    )
    with Register.open() as register:
        moved = work.move(register, settings, to, unlock(passphrase_file), force=force)
    if format_ == "json":
        output.emit({"to": str(moved.to), "searched": moved.searched})
        return
    output.answer(_("The root's key is in {path}: it was read back and opened there.").format(path=moved.to))
    output.answer(
        _("It is gone from here: {count} files were searched, and none holds it.").format(count=moved.searched)
    )
    output.say(_("Lock the medium away. A second copy on another medium guards against its loss."))


def attach(app: typer.Typer) -> None:
    """Put the commands of this module into the group `ca`."""

    def add(function: object, text: str, example: str) -> None:
        app.command(help=text, epilog=_("Example: {command}").format(command=example))(function)  # type: ignore[type-var]

    add(status, _("What ends when: the authority's certificates, its lists, the clients'. Exit code 5: act now."),
        "dongle-cli ca status --before 60d")  # fmt: skip
    add(renew, _("Renew client certificates before they end: the same pair and key, a new certificate."),
        "dongle-cli ca renew --before 30d --out answers")  # fmt: skip
    add(backup, _("Save authority and register into one file; keys in it stay encrypted with their passphrase."),
        "dongle-cli ca backup --out /media/usb/ca-backup.tar")  # fmt: skip
    add(restore, _("Put authority and register back from a backup, and prove that the issuing key opens."),
        "dongle-cli ca restore /media/usb/ca-backup.tar")  # fmt: skip
    add(offline, _("Move the root's key to a medium that is locked away, and prove that it is gone from here."),
        "dongle-cli ca offline --to /media/usb")  # fmt: skip
