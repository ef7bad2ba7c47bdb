"""Options that mean the same in every command, defined once; importing this module imports Typer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import typer

from dongle_cli.i18n import _

Command = TypeVar("Command", bound=Callable[..., Any])

Device = Annotated[
    str | None,
    typer.Option(
        "--device",
        "-d",
        envvar="DONGLE_DEVICE",
        metavar=_("DONGLE"),
        help=_("USB port path, tty, IMEI or USB serial number of the dongle."),
        show_default=False,
    ),
]
All = Annotated[bool, typer.Option("--all", help=_("Every dongle that is plugged in."))]
Format = Annotated[
    Literal["text", "json"],
    typer.Option("--format", "-F", help=_("Text for people or JSON for programs.")),
]
DryRun = Annotated[bool, typer.Option("--dry-run", "-n", help=_("Show what would be done and change nothing."))]
Yes = Annotated[bool, typer.Option("--yes", "-y", help=_("Answer every question with yes."))]
Force = Annotated[bool, typer.Option("--force", help=_("Go on where the program would refuse."))]
Record = Annotated[
    Path | None,
    typer.Option("--record", metavar=_("FILE"), help=_("Record the AT dialogue, without secrets."), show_default=False),
]
Unmask = Annotated[bool, typer.Option("--unmask", help=_("Show IMSI and telephone number in full."))]


def group(help: str) -> typer.Typer:
    """A command group: one module, one Typer app, named in the root's table."""
    return typer.Typer(
        help=help, no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False
    )


def explained(text: str, *, example: str | None = None) -> Callable[[Command], Command]:
    """Give a command function of the root's table its help page: `text` above the options, one `example` line below."""

    def mark(function: Command) -> Command:
        function.help_text = text  # type: ignore[attr-defined]
        function.help_example = _("Example: {command}").format(command=example) if example else None  # type: ignore[attr-defined]
        return function

    return mark
