"""`dongle-cli setup`: what a bench machine needs once."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Annotated

import typer

from dongle_cli import atomic
from dongle_cli.cli import output
from dongle_cli.cli.options import DryRun, Format, Yes, group
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _, reason

RULES_DIR = Path("/etc/udev/rules.d")
UDEV_CONTROL = Path("/run/udev/control")  # the socket of a running udev

app = group(_("Prepare this machine: who may open the dongles."))


@app.callback()
def setup() -> None:
    """A group even while it has one command."""


@app.command(
    help=_(
        "Install udev rules, made from the dongle models, that let the person at the seat and the group 'dongle' open "
        "dongles without being root. Needs root; --print shows the rules and changes nothing."
    ),
    epilog=_("Example: {command}").format(command="sudo dongle-cli setup udev --install --new-id"),
)
def udev(
    print_: Annotated[bool, typer.Option("--print", help=_("Show the rules and change nothing."))] = False,
    install: Annotated[bool, typer.Option("--install", help=_("Write the rules and let udev read them."))] = False,
    new_id: Annotated[
        bool, typer.Option("--new-id", help=_("Also tell the kernel the ids of modems that it does not know."))
    ] = False,
    directory: Annotated[
        Path | None,
        typer.Option(
            "--directory",
            metavar=_("DIR"),
            help=_("Write the rules there (a package, a disk image) and leave this system alone."),
            show_default=False,
        ),
    ] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    format_: Format = "text",
) -> None:
    from dongle_cli.models.udev import FILE_NAME, rules

    if (print_ and install) or not (print_ or install or dry_run):
        raise DongleError(_("Say either --print or --install."), code="usage.setup")
    path = (directory or RULES_DIR) / FILE_NAME
    text = rules(new_id)
    if print_:
        if format_ == "json":
            output.emit({"path": str(path), "rules": text})
        else:
            output.answer(text.rstrip("\n"))
        return
    changes = _plan(path, text, system=directory is None)
    result = "already" if not changes else "planned"
    if changes and not dry_run:
        result = _apply(path, text, changes, system=directory is None, yes=yes)
    if format_ == "json":
        output.emit({"path": str(path), "result": result, "changes": changes})
    else:
        _tell(path, result, changes)


def _plan(path: Path, text: str, *, system: bool) -> list[dict[str, str | None]]:
    """What is still to do: the group, the file; empty where both are as they should be."""
    from dongle_cli.models.udev import GROUP

    changes: list[dict[str, str | None]] = []
    if system and not _group_exists(GROUP):
        changes.append({"what": f"group {GROUP}", "before": None, "after": GROUP})
    before = _read(path)
    if before != text:
        lines = None if before is None else f"{len(before.splitlines())} lines"
        changes.append({"what": str(path), "before": lines, "after": f"{len(text.splitlines())} lines"})
    return changes


def _apply(path: Path, text: str, changes: list[dict[str, str | None]], *, system: bool, yes: bool) -> str:
    if system and os.geteuid() != 0:
        raise DongleError(
            _("Only root may install udev rules."),
            code="setup.root",
            hint=_("Run: {command}").format(command="sudo dongle-cli setup udev --install"),
        )
    for change in changes:
        output.say(_("To do: {what}").format(what=change["what"]))
    if not output.confirm(_("Install the udev rules?"), yes=yes):
        return "skipped"
    if any(change["what"] != str(path) for change in changes):
        _run("groupadd", "--system", changes[0]["after"] or "")
    _write(path, text)
    if _read(path) != text:
        raise DongleError(_("{path} does not hold what was written.").format(path=path), code="setup.write")
    if system and not UDEV_CONTROL.exists():
        output.say(_("udev does not run here; it reads the rules when it starts."))
    elif system:
        _run("udevadm", "control", "--reload")
        for subsystem in ("usb", "tty"):
            _run("udevadm", "trigger", f"--subsystem-match={subsystem}", "--action=change")
    return "ok"


def _group_exists(name: str) -> bool:
    import grp

    try:
        grp.getgrnam(name)
    except KeyError:
        return False
    return True


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DongleError(
            _("{path} cannot be read: {reason}.").format(path=path, reason=reason(error)), code="setup.read"
        ) from None


def _write(path: Path, text: str) -> None:
    """Put `text` at `path` whole or not at all: udev may read the folder at any moment."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic.draft(path, mode=0o644) as file:
            os.fchmod(file.fileno(), 0o644)  # for everybody, whatever root's umask says
            file.write(text.encode())
    except OSError as error:
        raise DongleError(
            _("{path} cannot be written: {reason}.").format(path=path, reason=reason(error)), code="setup.write"
        ) from None


def _run(*command: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    except FileNotFoundError:
        reason = _("the program is not installed")
    except subprocess.TimeoutExpired:
        reason = _("no answer within {seconds} s").format(seconds=30)
    else:
        if done.returncode == 0:
            return
        reason = (done.stderr or done.stdout).strip() or f"exit {done.returncode}"
    raise DongleError(
        _("'{command}' failed: {reason}").format(command=" ".join(command), reason=reason),
        code="setup.command",
        hint=_("Running the same command again goes on where it stopped."),
    )


def _tell(path: Path, result: str, changes: list[dict[str, str | None]]) -> None:
    from dongle_cli.models.udev import GROUP

    if result == "already":
        output.answer(_("Already installed: {path}").format(path=path))
    elif result == "planned":
        for change in changes:
            output.answer(_("To do: {what}").format(what=change["what"]))
    elif result == "ok":
        output.answer(_("Installed: {path}").format(path=path))
        output.say(
            _("Give others access with: {command} (they must log in again)").format(
                command=f"usermod -aG {GROUP} " + _("USER")
            )
        )
