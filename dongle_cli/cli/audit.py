"""`dongle-cli audit`: documents and settings that a laptop must not hold."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import click
import typer
from typer.core import TyperGroup

from dongle_cli.cli import audit_rules, audit_sample
from dongle_cli.cli.audit_options import Encoding, MaskNames, Names, Pii, ReceiptFile, Remove, Repatriate, Second
from dongle_cli.cli.options import DryRun, Yes
from dongle_cli.i18n import _

if TYPE_CHECKING:
    from dongle_cli.audit.baseline import Baseline
    from dongle_cli.audit.model import Severity
    from dongle_cli.audit.second_opinion import SecondOpinion

LEVELS = Literal["info", "low", "medium", "high", "critical", "never"]


class TargetsOrCommand(TyperGroup):
    """`audit TARGET...` is the command itself; `audit rules` one below it (a target of that name is ./rules)."""

    allow_interspersed_args = True

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """The first word decides: a command's name, or options and targets in any order."""
        if args and args[0] in self.commands:
            ctx.meta["below"] = args
            return []
        return click.Command.parse_args(self, ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command below, or the audit."""
        args = ctx.meta.get("below")
        if args is None:
            return click.Command.invoke(self, ctx)
        name, command, rest = self.resolve_command(ctx, args)
        assert command is not None  # noqa: S101 - parse_args looked it up
        with command.make_context(name, rest, parent=ctx) as inner:
            return command.invoke(inner)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """To a command below, our targets are no part of the way to it."""
        params = super().get_params(ctx)
        return params if ctx.command is self else [one for one in params if not isinstance(one, click.Argument)]

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Options and targets; the commands are listed further down."""
        return click.Command.collect_usage_pieces(self, ctx)


app = typer.Typer(cls=TargetsOrCommand, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

Targets = Annotated[
    list[str] | None,
    typer.Argument(
        metavar=_("[TARGET...]"),
        help=_(
            "Folders (roots of mounted disks) or disk images; none is this machine. On a running Windows this has not "
            "been tried yet: look at its disk from elsewhere, or at an image of it."
        ),
        show_default=False,
    ),
]
PolicyName = Annotated[
    str, typer.Option("--policy", metavar=_("POLICY"), help=_("A policy's name, or a TOML file of your own."))
]
AuditFormat = Annotated[
    Literal["text", "json", "csv", "sarif"],
    typer.Option("--format", "-F", help=_("How the answer is written on standard output.")),
]
Reports = Annotated[
    list[Path] | None,
    typer.Option(
        "--report", metavar=_("FILE"), help=_("Also write a report, by its suffix; repeatable."), show_default=False
    ),
]
FailOn = Annotated[LEVELS, typer.Option("--fail-on", help=_("From which severity on findings make the exit code 5."))]
Exceptions = Annotated[
    Path | None,
    typer.Option("--exceptions", metavar=_("FILE"), help=_("Approved exceptions (TOML)."), show_default=False),
]
BaselineFile = Annotated[
    Path | None,
    typer.Option(
        "--baseline", metavar=_("FILE"), help=_("An earlier JSON report to compare with."), show_default=False
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs", min=1, max=256, metavar=_("N"), help=_("Processes that look; default: one a core."),
        show_default=False,
    ),
]  # fmt: skip
Unlock = Annotated[
    list[str] | None,
    typer.Option(
        "--unlock", metavar=_("KIND[:WHERE]"), show_default=False,
        help=_(
            "Open BitLocker volumes: password:file:PATH, recovery:file:PATH or startup:PATH (.BEK); without a place "
            "you are asked. Repeatable."
        ),
    ),
]  # fmt: skip


@app.callback(
    invoke_without_command=True,
    help=_(
        "Look for documents that may not be kept here, and for settings that let them in. Nothing is changed, unless "
        "--repatriate is asked for. Exit code 0: all was looked at and nothing found; 5: findings; 7: something could "
        "not be looked at."
    ),
    epilog=_("Example: {command}").format(command="dongle-cli audit /mnt/disk --policy strict"),
)
def audit(
    targets: Targets = None,
    policy: PolicyName = "tsg5",
    format_: AuditFormat = "text",
    report: Reports = None,
    fail_on: FailOn = "low",
    exceptions: Exceptions = None,
    baseline: BaselineFile = None,
    jobs: Jobs = None,
    unlock: Unlock = None,
    encoding: Encoding = "utf-8",
    mask_names: MaskNames = False,
    names: Names = False,
    pii: Pii = False,
    second_opinion: Second = False,
    repatriate: Repatriate = None,
    remove: Remove = False,
    receipt: ReceiptFile = None,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> int:
    from dongle_cli.audit.identify import KINDS, Limits
    from dongle_cli.audit.policy_file import load, load_exceptions
    from dongle_cli.audit.run import Run
    from dongle_cli.audit.sources import LIVE, Options, open_source
    from dongle_cli.audit.sources.targets import check
    from dongle_cli.cli.audit_bring import Bring
    from dongle_cli.cli.audit_show import Output, show
    from dongle_cli.cli.audit_unlock import keys

    check(targets or [])
    rules = load(policy)
    if exceptions is not None:
        rules = load_exceptions(exceptions, rules)
    weak = frozenset(word for word in rules.kinds if not KINDS[word].strong)
    asked = Options(Limits(kinds=weak), jobs or _cores(), rules.network, keys(unlock or ()))
    run = Run(
        [open_source(target, asked) for target in targets or (LIVE,)],
        rules,
        _severity(fail_on),
        _baseline(baseline) if baseline else None,
        pii,
        _second() if second_opinion else None,
    )
    if repatriate is None and (remove or receipt):
        raise click.UsageError(_("--remove and --receipt go with --repatriate."))
    bring = Bring(repatriate, remove, receipt, yes, dry_run) if repatriate is not None else None
    return show(run, Output(format_, report or [], encoding, mask_names, names), bring)


app.command("rules", help=_("Explain the rules: what each wants, why, and what to do."))(audit_rules.rules)
app.command("sample", help=_("Draw machines from a list; anybody can draw them again."))(audit_sample.sample)


def _baseline(path: Path) -> Baseline:
    from dongle_cli.audit.baseline import Baseline

    return Baseline.read(path)


def _second() -> SecondOpinion:
    from dongle_cli.audit.second_opinion import SecondOpinion

    return SecondOpinion()


def _cores() -> int:
    """The cores that this process may use, where the system says."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _severity(word: str) -> Severity | None:
    from dongle_cli.audit.model import Severity

    return None if word == "never" else Severity[word.upper()]
