"""`dongle-cli provision` and `dongle-cli flash`: the bench's main job."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dongle_cli.cli import output, state
from dongle_cli.cli.options import All, Device, DryRun, Force, Format, Record, Yes, explained
from dongle_cli.errors import DongleError
from dongle_cli.i18n import N_, _, ngettext

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dongle_cli.provision.job import Job
    from dongle_cli.provision.outcome import Outcome
    from dongle_cli.usb.device import UsbDevice

ProfileName = Annotated[str, typer.Argument(metavar=_("PROFILE"), help=_("Profile: a file, or a name."))]
SimList = Annotated[
    Path | None,
    typer.Option("--sims", metavar=_("FILE"), help=_("SIM list with each SIM's own values."), show_default=False),
]
Report = Annotated[
    list[Path] | None,
    typer.Option("--report", metavar=_("FILE"), help=_("Write the run as .xlsx or .csv."), show_default=False),
]
Operator = Annotated[
    str | None, typer.Option("--operator", metavar=_("NAME"), help=_("Who does the work."), show_default=False)
]
Checker = Annotated[
    str | None, typer.Option("--checker", metavar=_("NAME"), help=_("Who checks it."), show_default=False)
]
NoAttach = Annotated[bool, typer.Option("--no-attach", help=_("Write and read back only; the line is not opened."))]
Replug = Annotated[bool, typer.Option("--replug", help=_("Restart the dongle and read everything again."))]

RESULTS = {"ok": N_("OK"), "already": N_("OK, was so already"), "failed": N_("FAILED"), "skipped": N_("to do")}


@explained(
    _(
        "Make each dongle carry the profile, and prove it: switch it from CD-ROM to modem, unlock the SIM, write the "
        "profile, read it back, register, and keep the evidence. Run it again at any time: it does what is missing."
    ),
    example="dongle-cli provision pref-closed.toml --sims sims.csv --all --yes",
)
def provision(
    profile: ProfileName,
    sims: SimList = None,
    device: Device = None,
    all_: All = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    no_attach: NoAttach = False,
    replug: Replug = False,
    report: Report = None,
    operator: Operator = None,
    checker: Checker = None,
    force: Force = False,
    record: Record = None,
    format_: Format = "text",
) -> int:
    job = job_for(profile, sims, operator, checker)
    job = replace(job, attach=not no_attach, replug=replug, dry_run=dry_run, force=force, record_to=record)
    return _run(job, device, all_, yes=yes, reports=report or [], as_json=format_ == "json")


@explained(
    _(
        "Write the profile into dongles that are modems already, and read it back. No PIN is sent, no line is opened, "
        "nothing is switched; use provision for all of it."
    ),
    example="dongle-cli flash pref-closed.toml --device 1-1.4",
)
def flash(
    profile: ProfileName,
    sims: SimList = None,
    device: Device = None,
    all_: All = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    replug: Replug = False,
    report: Report = None,
    operator: Operator = None,
    checker: Checker = None,
    force: Force = False,
    record: Record = None,
    format_: Format = "text",
) -> int:
    job = job_for(profile, sims, operator, checker)
    job = replace(
        job,
        kind="flash",
        switch=False,
        unlock=False,
        attach=False,
        replug=replug,
        dry_run=dry_run,
        force=force,
        record_to=record,
    )
    return _run(job, device, all_, yes=yes, reports=report or [], as_json=format_ == "json")


def job_for(profile: str, sims: Path | None, operator: str | None = None, checker: str | None = None) -> Job:
    """What provision, flash and profile diff have in common: profile, SIM list and register, loaded and checked."""
    from dongle_cli.cli.crash import record
    from dongle_cli.evidence.operator import account
    from dongle_cli.provision.job import Job
    from dongle_cli.provision.profile import load_profile
    from dongle_cli.provision.sims import load_sims
    from dongle_cli.register.register import Register

    return Job(
        load_profile(profile),
        load_sims(sims) if sims else None,
        Register.open(),
        report_defect=record,
        operator=operator or account(),
        checker=checker or "",
        bench=socket.gethostname(),
    )


def _run(job: Job, device: str | None, all_: bool, *, yes: bool, reports: list[Path], as_json: bool) -> int:
    from dongle_cli.cli.select import choose
    from dongle_cli.provision.run import exit_code
    from dongle_cli.provision.session import imei_of

    _check_places(job, reports)
    devices = choose(device, all_, imei_of=imei_of)
    if not yes and not job.dry_run and not _agreed(job, devices):
        output.say(_("Nothing was changed."))
        return 1
    if not job.dry_run:
        job = replace(job, run_id=_begin(job))
    outcomes = _with_progress(devices, job)
    trouble = _close(job, outcomes, reports)
    for outcome in outcomes if as_json else ():
        output.emit(outcome.as_json())
    if not as_json:
        _show(outcomes)
    if trouble is not None:
        raise trouble
    return int(exit_code(outcomes, dry_run=job.dry_run))


def _check_places(job: Job, reports: list[Path]) -> None:
    """Where report and transcript go, looked at before any dongle is touched; what the run reads is never written."""
    from dongle_cli.provision.report import report_kind

    read = [job.profile.path, *([job.sims.path] if job.sims else [])]
    for path in reports:
        report_kind(path)
        if path.exists() and any(path.samefile(other) for other in read if other.exists()):
            raise DongleError(
                _("{path} is read by this run and is not overwritten.").format(path=path),
                code="usage.report",
                hint=_("Name another file with --report."),
            )
    if job.record_to is not None and not job.record_to.parent.is_dir():
        raise DongleError(
            _("There is no folder {path} for the transcripts.").format(path=job.record_to.parent),
            code="usage.record",
            hint=_("Name another file with --record."),
        )


def _close(job: Job, outcomes: Sequence[Outcome], reports: list[Path]) -> DongleError | None:
    """End the run and write its reports before anything is answered: a reader may leave, a disk may be full.

    What could not be written is told after the answer, not instead of it.
    """
    from dongle_cli.provision.report import RunInfo, write_report

    try:
        if not job.dry_run:
            job.register.end_run(job.run_id)
        for path in reports:
            write_report(outcomes, path, RunInfo.of(job))
            output.say(_("Report: {path}").format(path=path))
    except DongleError as error:
        return error
    return None


def _begin(job: Job) -> str:
    return job.register.begin_run(
        kind=job.kind,
        profile=job.profile.name,
        profile_version=job.profile.version,
        profile_digest=job.profile.digest,
        sims_digest=job.sims.digest if job.sims else None,
        operator=job.operator,
        checker=job.checker or None,
        bench=job.bench,
    )


def _with_progress(devices: Sequence[UsbDevice], job: Job) -> list[Outcome]:
    from dongle_cli.provision.run import provision_all

    with output.progress([device.port for device in devices]) as progress:

        def done(outcome: Outcome) -> None:
            progress.done(outcome.port, _(RESULTS[outcome.result]) + (f" [{outcome.code}]" if outcome.code else ""))

        return provision_all(devices, replace(job, progress=progress.at), done)


def _agreed(job: Job, devices: Sequence[UsbDevice]) -> bool:
    """Show what would change and ask; a plan with nothing to change needs no yes."""
    output.can_ask()
    from dongle_cli.provision.wording import change_text

    plans = _with_progress(devices, replace(job, dry_run=True))
    for plan in plans:
        for change in plan.changes if plan.code is None else ():
            output.say(f"{plan.port}  {change_text(change)}")
    complain(plans)
    count = sum(plan.result == "skipped" for plan in plans)
    if not count:
        return True
    question = ngettext("Change {count} dongle?", "Change {count} dongles?", count).format(count=count)
    if job.attach:
        question = _("The first attach of a SIM opens its line and may start billing.") + " " + question
    return output.confirm(question, yes=False)


def _show(outcomes: Sequence[Outcome]) -> None:
    from dongle_cli.provision.wording import change_text

    output.table(
        [_("PORT"), _("MODEL"), _("IMEI"), _("ICCID"), _("ASSET"), _("RESULT")],
        [[o.port, o.model, o.imei, o.iccid, o.asset_no, mark(o.result) + _(RESULTS[o.result])] for o in outcomes],
    )
    for outcome in outcomes:
        for change in outcome.changes if _tells_changes(outcome, outcomes) else ():
            output.say(f"{outcome.port}  {change_text(change)}")
        for note in outcome.notes:
            output.say(note)
        if outcome.proven.get("password") == "unproven":
            output.say(
                _("{port}: the password is written but unproven: it cannot be read back.").format(port=outcome.port)
            )
        if outcome.changes and (outcome.code or "").startswith("network."):
            words = _("{port}: what was written stays in the dongle; the next run writes only what then differs.")
            output.say(words.format(port=outcome.port))
    complain(outcomes)
    if outcomes and all(outcome.result == "skipped" for outcome in outcomes):
        output.say(_("Nothing was changed."))
        return
    good = sum(outcome.good for outcome in outcomes)
    output.say(_("{good} of {count} dongles are done.").format(good=good, count=len(outcomes)))


def complain(outcomes: Sequence[Outcome]) -> None:
    """What failed, and where; what several dongles failed of alike is said once."""
    alike: dict[tuple[str | None, ...], list[str]] = {}
    for outcome in outcomes:
        if outcome.code:
            alike.setdefault((outcome.message, outcome.code, outcome.hint), []).append(outcome.port)
    for (message, code, hint), ports in alike.items():
        where = "" if len(ports) == 1 and ports[0] in str(message) else ", ".join(ports) + ": "
        output.complain(f"{where}{message} [{code}]", hint)


def _tells_changes(outcome: Outcome, outcomes: Sequence[Outcome]) -> bool:
    """A plan is told in full; many dongles' finished changes would bury what went wrong with one of them."""
    return outcome.result == "skipped" or (outcome.good and (len(outcomes) == 1 or state.verbosity > 0))


def mark(result: str) -> str:
    """A sign beside the word, for those who do not tell red from green."""
    return {"ok": "○ ", "already": "○ ", "failed": "× "}.get(result, "△ ")
