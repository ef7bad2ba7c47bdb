"""`dongle-cli profile`: begin an APN profile, check it with its SIM list, show it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dongle_cli import atomic, paths
from dongle_cli.cli import output
from dongle_cli.cli.options import All, Device, DryRun, Format, Yes, group
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _, ngettext, reason

app = group(_("Write, check and show APN profiles."))

Sims = Annotated[
    Path | None,
    typer.Option("--sims", metavar=_("FILE"), help=_("SIM list (CSV or xlsx)."), show_default=False),
]


@app.command(
    help=_("Begin a profile: write a file with every key and what it means, to be filled in."),
    epilog=_("Example: {command}").format(command="dongle-cli profile new pref-closed"),
)
def new(
    name: Annotated[str, typer.Argument(metavar=_("NAME"), help=_("Name of the profile."))],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar=_("FILE"), help=_("Write there."), show_default=False),
    ] = None,
    dry_run: DryRun = False,
    yes: Yes = False,  # it asks nothing, and takes what every command that writes takes
    format_: Format = "text",
) -> None:
    from dongle_cli.provision.profile import parse_profile
    from dongle_cli.provision.profile_template import profile_template

    if out is None and not name.replace("-", "").replace("_", "").replace(".", "").isalnum():
        raise DongleError(
            _("{name} is no name for a profile: letters, digits, - _ and . are.").format(name=name),
            code="usage.profile",
        )
    path = out or paths.config_dir() / "profiles" / f"{name}.toml"
    text = profile_template(name)
    parse_profile(text.encode(), path)  # a name with a quotation mark shows here
    if not dry_run:
        _write_new(path, text)
    if format_ == "json":
        output.emit({"path": str(path), "name": name, "written": not dry_run})
        return
    output.answer(text if dry_run else str(path))
    if not dry_run:
        output.say(_("Fill it in, then check it with: dongle-cli profile check {path}").format(path=path))


def _write_new(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic.write(path, text.encode(), mode=0o644, new=True)
    except FileExistsError:
        raise DongleError(
            _("{path} is there already and is not overwritten.").format(path=path),
            code="usage.exists",
            hint=_("Choose another name, or name another file with --out."),
        ) from None
    except OSError as error:
        raise DongleError(
            _("{path} cannot be written: {reason}.").format(path=path, reason=reason(error)), code="profile.unwritable"
        ) from None


@app.command(
    help=_(
        "Check a profile, and whether it and a SIM list belong together. Every mistake is named with its line or row; "
        "of a right pair, shows what the first SIM would be given."
    ),
    epilog=_("Example: {command}").format(command="dongle-cli profile check pref-closed.toml --sims sims.xlsx"),
)
def check(
    profile: Annotated[str, typer.Argument(metavar=_("PROFILE"), help=_("Name or file of a profile."))],
    sims: Sims = None,
    format_: Format = "text",
) -> None:
    from dongle_cli.provision.fit import preview, require_fit
    from dongle_cli.provision.profile import load_profile
    from dongle_cli.provision.sims import load_sims

    loaded = load_profile(profile)
    listed = load_sims(sims) if sims else None
    first = None
    if listed:
        require_fit(loaded, listed)
        first = preview(loaded, listed.rows[0])
    if format_ == "json":
        about = {"path": str(listed.path), "count": len(listed), "digest": listed.digest} if listed else None
        output.emit({**loaded.as_json(), "sims": {**about, "first": first} if about else None})
        return
    output.answer(_("{path}: profile {name} {version} is right.").format(
        path=loaded.path, name=loaded.name, version=loaded.version
    ))  # fmt: skip
    if listed and first:
        count = len(listed)
        text = ngettext("{path}: {count} SIM is right.", "{path}: {count} SIMs are right.", count)
        output.answer(text.format(path=listed.path, count=count))
        output.answer(_("Row {row} would be given:").format(row=first["row"]))
        given = {"iccid": first["iccid"], "apn": loaded.apn, "user": first["user"], "password": first["password"]}
        for key, value in given.items():
            if value is not None:
                output.answer(f"  {key} = {value}")


@app.command(
    help=_("Show what a profile says, defaults included, and its digest."),
    epilog=_("Example: {command}").format(command="dongle-cli profile show pref-closed"),
)
def show(
    profile: Annotated[str, typer.Argument(metavar=_("PROFILE"), help=_("Name or file of a profile."))],
    format_: Format = "text",
) -> None:
    from dongle_cli.provision.profile import load_profile

    loaded = load_profile(profile).as_json()
    if format_ == "json":
        output.emit(loaded)
        return
    for key, value in loaded.items():
        if isinstance(value, dict):
            output.answer(f"[{key}]")
            for inner, text in value.items():
                output.answer(f"  {inner} = {_toml(text)}")
        else:
            output.answer(f"{key} = {_toml(value)}")


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return "-" if value is None else f'"{value}"' if isinstance(value, str) else str(value)


@app.command(
    help=_("Compare dongles with a profile and change nothing. Exit code 4 where one differs or cannot be read."),
    epilog=_("Example: {command}").format(command="dongle-cli profile diff pref-closed.toml --sims sims.csv --all"),
)
def diff(
    profile: Annotated[str, typer.Argument(metavar=_("PROFILE"), help=_("Profile: a file, or a name."))],
    sims: Sims = None,
    device: Device = None,
    all_: All = False,
    format_: Format = "text",
) -> int:
    from dataclasses import replace

    from dongle_cli.cli.provision import complain, job_for
    from dongle_cli.cli.select import choose
    from dongle_cli.provision.run import exit_code, provision_all
    from dongle_cli.provision.session import imei_of
    from dongle_cli.provision.wording import change_text

    job = replace(job_for(profile, sims), switch=False, unlock=False, dry_run=True)
    outcomes = provision_all(choose(device, all_, imei_of=imei_of), job, lambda _outcome: None)
    for outcome in outcomes:
        if format_ == "json":
            output.emit(outcome.as_json())
        elif not outcome.code:
            lines = [change_text(change) for change in outcome.changes] or [_("as in the profile")]
            output.answer("\n".join(f"{outcome.port}  {line}" for line in lines))
    complain(outcomes if format_ == "text" else [])
    return int(exit_code(outcomes))
