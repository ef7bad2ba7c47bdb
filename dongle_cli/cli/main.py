"""The front door: language first, then the command, and one place that turns errors into words and an exit code."""

from __future__ import annotations

import os
import re
import sys
from itertools import pairwise
from typing import Any

import click

from dongle_cli import __version__, i18n
from dongle_cli.cli import state, streams
from dongle_cli.cli.commands import COMMANDS
from dongle_cli.cli.help import Context
from dongle_cli.cli.lazy import LazyGroup
from dongle_cli.errors import DongleError, ExitCode
from dongle_cli.i18n import _

PROGRAM = "dongle-cli"


def options() -> list[click.Option]:
    """The options that are understood before and after the command."""

    def verbose(_ctx: click.Context, _param: click.Parameter, count: int) -> None:
        state.be_verbose(count)

    def quiet(_ctx: click.Context, _param: click.Parameter, value: bool) -> None:
        state.quiet = state.quiet or value

    return [
        click.Option(
            ["--lang"],
            type=click.Choice(i18n.LANGUAGES),
            help=_("Language of help and messages."),
            expose_value=False,
        ),
        click.Option(
            ["-v", "--verbose"],
            count=True,
            callback=verbose,
            help=_("Say more; twice: also the AT traffic, without secrets."),
            expose_value=False,
        ),
        click.Option(
            ["-q", "--quiet"],
            is_flag=True,
            callback=quiet,
            help=_("Say only answers and errors."),
            expose_value=False,
        ),
    ]


def root() -> LazyGroup:
    """The whole command tree, not yet imported."""

    def config(_ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
        state.read_config(value)

    def everywhere() -> list[click.Option]:
        hidden = options()
        for option in hidden:
            option.hidden = True
        return hidden

    group = LazyGroup(
        name=PROGRAM,
        table=COMMANDS,
        everywhere=everywhere,
        help=_("Provision and audit the closed-network USB dongles of a bench, and find out why one does not connect."),
        epilog=_("Help for a command: dongle-cli COMMAND --help"),
        no_args_is_help=True,
        subcommand_metavar=_("COMMAND [ARGS]..."),
        options_metavar=_("[OPTIONS]"),
        context_settings={"help_option_names": ["-h", "--help"]},
        params=[
            *options(),
            click.Option(
                ["--config"],
                metavar=_("FILE"),
                callback=config,
                help=_("Settings file instead of config.toml in the configuration folder."),
                expose_value=False,
            ),
        ],
    )
    group.context_class = Context
    click.version_option(__version__, prog_name=PROGRAM, message="%(prog)s %(version)s")(group)
    return group


def main() -> int:
    """Entry point of the console script."""
    code = run(sys.argv[1:])
    streams.settle()
    return code


def run(argv: list[str]) -> int:
    """Run one command line and return its exit code; nothing but the interpreter's own end escapes."""
    streams.complete()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal that cannot show a character must not end the program
            stream.reconfigure(errors="backslashreplace")
    state.reset(json=_wants_json(argv))
    i18n.activate(_language(argv))
    try:
        code = _invoke(argv)
        sys.stdout.flush()
        return code
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.exceptions.UsageError as error:
        return _usage(error)
    except DongleError as error:
        return _say(error)
    except (KeyboardInterrupt, click.Abort):
        hint = _("Run the same command again: it looks at what is there and does what is missing.")
        return _say(DongleError(_("Interrupted."), code="interrupted.user", hint=hint))
    except BrokenPipeError as error:
        return _reader_gone(error)
    except OSError as error:
        known = streams.refused(error)
        if known and error.filename is None:
            streams.silence(1)  # what is still buffered has no room either
        return _say(known) if known else _apologise(error)
    except Exception as error:
        return _apologise(error)


def _invoke(argv: list[str]) -> int:
    group = root()
    if f"_{PROGRAM.replace('-', '_').upper()}_COMPLETE" in os.environ:
        group.main(argv, prog_name=PROGRAM)  # answers the shell and exits
    with group.make_context(PROGRAM, list(argv)) as ctx:
        result: Any = group.invoke(ctx)
    return int(result) if isinstance(result, int) else ExitCode.DONE


def _before_dashes(argv: list[str]) -> list[str]:
    return argv[: argv.index("--")] if "--" in argv else argv


def _language(argv: list[str]) -> str | None:
    """The value of --lang wherever it stands: help texts are looked up at import, so it is needed before parsing."""
    chosen = None
    words = _before_dashes(argv)
    for word, following in pairwise([*words, ""]):
        value = following if word == "--lang" else word.removeprefix("--lang=") if word.startswith("--lang=") else ""
        chosen = value if value in i18n.LANGUAGES else chosen
    return chosen


def _wants_json(argv: list[str]) -> bool:
    """Whether errors are to be JSON, also those that happen before the command line is understood."""
    words = " ".join(_before_dashes(argv))
    return re.search(r"(^| )(--format[= ]|-[a-zA-Z]*F ?)json( |$)", words) is not None


def _say(error: DongleError) -> int:
    from dongle_cli.cli.output import say_error

    say_error(error)
    return error.exit_code


def _usage(error: click.exceptions.UsageError) -> int:
    if not state.json:
        error.show()
        return ExitCode.USAGE
    hint = None
    if error.ctx is not None:
        hint = _("Try '{command} {option}' for help.").format(command=error.ctx.command_path, option="--help")
    return _say(DongleError(error.format_message(), code="usage.click", hint=hint))


def _reader_gone(error: BrokenPipeError) -> int:
    """`dongle-cli list | head -1` ends quietly; a pipe that broke elsewhere (a dongle answers EPIPE) is a defect."""
    import select

    poll = select.poll()
    poll.register(1, select.POLLERR)
    if not any(event & select.POLLERR for _fd, event in poll.poll(0)):
        return _apologise(error)
    streams.silence(1)  # what is still buffered goes nowhere
    return ExitCode.FAILED


def _apologise(error: Exception) -> int:
    from dongle_cli.cli.crash import record

    path = record(error)
    return _say(
        DongleError(
            _("Something went wrong that should not have: {kind}. This is a defect of dongle-cli.").format(
                kind=type(error).__name__
            ),
            code="internal.defect",
            hint=_("What happened is written in {path}; please send it along with a report.").format(path=path)
            if path
            else None,
        )
    )
