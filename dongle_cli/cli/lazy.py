"""A command group that knows its commands' names and one-line helps, and imports one only when it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import click

from dongle_cli.cli.help import Context
from dongle_cli.i18n import _


@dataclass(frozen=True)
class Entry:
    """Where a command is: `attribute` of `module` is a Typer app (a group) or a function (a command)."""

    module: str
    attribute: str
    help: str  # an English msgid; translated when shown


class LazyGroup(click.Group):
    """The root group: `--help`, suggestions and completion read the table, only running a command imports it."""

    def __init__(
        self, *, table: Mapping[str, Entry], everywhere: Callable[[], list[click.Option]], **attrs: Any
    ) -> None:
        super().__init__(**attrs)
        self.table = table
        self.everywhere = everywhere  # options that are also accepted after the command, hidden there

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the table's order: the bench's daily commands first."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command, or None where the table has no such name."""
        entry = self.table.get(cmd_name)
        if entry is None:
            return None
        command = _as_command(cmd_name, entry)
        self._furnish(command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As in Click, but a mistyped name is compared with the table."""
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand as error:
            raise click.exceptions.NoSuchCommand(error.command_name, possibilities=self.table, ctx=ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands' one-line helps, without importing them."""
        with formatter.section(_("Commands")):
            formatter.write_dl([(name, _(entry.help)) for name, entry in self.table.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        """Command names from the table, then the root's own options."""
        from click.shell_completion import CompletionItem

        names = [CompletionItem(n, help=_(e.help)) for n, e in self.table.items() if n.startswith(incomplete)]
        return names + click.Command.shell_complete(self, ctx, incomplete)

    def _furnish(self, command: click.Command) -> None:
        """Give `command` and those below it our help page and the options that work everywhere."""
        command.context_class = Context
        command.options_metavar = _("[OPTIONS]") if command.options_metavar else None
        if isinstance(command, click.Group):
            command.subcommand_metavar = _("COMMAND [ARGS]...")
            for below in command.commands.values():
                self._furnish(below)
        taken = {name for parameter in command.params for name in parameter.opts}
        command.params += [option for option in self.everywhere() if not taken.intersection(option.opts)]


def _as_command(name: str, entry: Entry) -> click.Command:
    import typer
    from typer.main import get_command, get_group

    thing = getattr(import_module(entry.module), entry.attribute)
    if isinstance(thing, typer.Typer):
        app = thing
        app.rich_markup_mode = None  # rich's help costs 75 ms and cuts Japanese text off with an ellipsis
        app.suggest_commands = False  # Click 8.4 suggests by itself, and can be translated
        app.pretty_exceptions_enable = False
        command: click.Command = get_group(app)
    else:
        app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)
        long_help = getattr(thing, "help_text", None) or _(entry.help)
        app.command(name=name, help=long_help, epilog=getattr(thing, "help_example", None))(thing)
        command = get_command(app)
    command.name = name
    return command
