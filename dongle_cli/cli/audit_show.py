"""What an audit says: JSON lines as it goes, or tables when it is done; reports; the conversation on stderr."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from dongle_cli.cli import output, streams
from dongle_cli.errors import DongleError, ExitCode
from dongle_cli.i18n import _

if TYPE_CHECKING:
    from dongle_cli.audit.masking import Mask
    from dongle_cli.audit.model import Finding, Gap
    from dongle_cli.audit.reports import Report
    from dongle_cli.audit.run import Run
    from dongle_cli.cli.audit_bring import Bring


@dataclass(frozen=True, slots=True)
class Output:
    """What is written where, and with which names."""

    format: str = "text"
    files: list[Path] = field(default_factory=list)
    encoding: str | None = None
    mask: bool = False  # names on stdout
    names: bool = False  # names in files


@dataclass(slots=True)
class _Voice:
    """Standard output until it takes no more: with `go_on`, a reader who left or a full disk costs only the answer."""

    go_on: bool
    broken: OSError | None = None

    def __call__(self, say: Callable[..., None], *what: object) -> None:
        """Say `what`, or nothing once it is broken; OSError where there is nothing to go on for."""
        if self.broken is None:
            try:
                say(*what)
            except OSError as error:
                if not self.go_on:
                    raise
                self.broken = error
                streams.silence(1)  # or what is still buffered breaks whoever flushes next, such as a fork


def show(run: Run, out: Output, bring: Bring | None = None) -> int:
    """Run it, say what it finds, write the reports; returns the exit code."""
    from dongle_cli.audit import facts
    from dongle_cli.audit.reports import Report
    from dongle_cli.audit.reports.destination import check

    for path in out.files:
        check(path, [source.target for source in run.sources])
    if bring is not None:
        bring.prepare(run)
    mask = _mask() if out.mask or (out.files and not out.names) else None
    report = Report(facts.start(run), encoding=out.encoding)
    said = _start(report, mask if out.mask else None)
    voice = _Voice(go_on=bool(out.files) or bring is not None)
    if out.format == "json":
        voice(output.emit, said)
    interrupted = _listen(run, report, out, mask if out.mask else None, bring, voice)
    report.summary = facts.summary(run)
    trouble: DongleError | None = None
    if bring is not None and not interrupted:
        trouble, interrupted = _bring(bring, report, mask if out.mask else None, voice)
    if interrupted:
        report.summary |= {"complete": False, "interrupted": True, "exit": int(ExitCode.INTERRUPTED)}
    failed = _write(report, out, mask)  # first: whoever reads the answer may leave
    voice(_answer, report, out, mask)
    if interrupted:
        raise DongleError(
            _("Interrupted: not everything was looked at."),
            code="interrupted.user",
            hint=_("What was found until then stands above. Run the same command again for the whole."),
        )
    if trouble is not None:
        raise trouble
    if isinstance(voice.broken, BrokenPipeError):
        return int(ExitCode.FAILED)
    if voice.broken is not None:
        raise voice.broken
    return int(ExitCode.FAILED if failed else report.summary["exit"])


def _mask() -> Mask:
    from dongle_cli.audit.masking import Mask

    return Mask.of_this_machine()


def _bring(bring: Bring, report: Report, mask: Mask | None, voice: _Voice) -> tuple[DongleError | None, bool]:
    """Bring the documents home; what went wrong is said after the summary, and whether somebody interrupted it."""
    from dongle_cli.cli.audit_bring import unsafe

    try:
        report.summary["repatriated"] = bring.do(mask, partial(voice, output.emit))
    except DongleError as error:
        return error, False
    except KeyboardInterrupt:
        return None, True
    if unsafe(report.summary) and report.summary["exit"] == ExitCode.DONE:
        report.summary["exit"] = int(ExitCode.INCOMPLETE)
    return None, False


def _start(report: Report, mask: Mask | None) -> dict[str, object]:
    if mask is None:
        return {**report.start, "names": "shown", "mask": None}
    targets = [mask.target(target) for target in report.start["targets"]]
    return {**report.start, "targets": targets, "names": "masked", "mask": mask.id}


def _listen(run: Run, report: Report, out: Output, mask: Mask | None, bring: Bring | None, voice: _Voice) -> bool:
    """Take what the run finds into the report, and say it at once in JSON; True where somebody interrupted it."""
    from dongle_cli.audit.model import Finding, Gap, Tally, Verdict
    from dongle_cli.audit.wire import finding_json, gap_json
    from dongle_cli.cli.audit_progress import progress

    def emit(line: dict[str, object], flush: bool = True) -> None:
        if out.format == "json":
            voice(partial(output.emit, flush=flush), line)

    whole = bool(out.files) or out.format in ("csv", "sarif")
    keep = _Keep(report, whole=whole, none=out.format == "json" and not whole)
    try:
        with progress(run) as went_on:
            for event in run.events():
                went_on()
                if isinstance(event, Finding):
                    if bring is not None:
                        bring.take(event)
                    said = event.verdict in (Verdict.VIOLATION, Verdict.EXCEPTED)
                    masked = mask.finding(event) if mask else event
                    # Of documents there may be many. What is said between two targets never waits for the next.
                    emit({"type": "finding" if said else "check", **finding_json(masked)}, event.kind is None)
                    keep.finding(event, said)
                elif isinstance(event, Tally):
                    voice(output.send)  # a batch ends
                elif isinstance(event, Gap):
                    emit({"type": "gap", **gap_json(mask.gap(event) if mask else event)})
                    keep.gap(event)
    except KeyboardInterrupt:
        return True
    finally:
        voice(output.send)
    return False


class _Keep:
    """What is kept for later: all of it for a report, of each severity some for the screen."""

    def __init__(self, report: Report, *, whole: bool, none: bool) -> None:
        from dongle_cli.audit.reports.spool import Spool

        self._most = None if whole else 0 if none else 100
        self._counts: Counter[str] = Counter()
        self._findings: Spool[Finding] = Spool()
        self._checks: Spool[Finding] = Spool()
        self._gaps: Spool[Gap] = Spool()
        report.findings, report.checks, report.gaps = self._findings, self._checks, self._gaps

    def finding(self, one: Finding, said: bool) -> None:
        if self._wants(one.severity.word if said else "check"):
            (self._findings if said else self._checks).append(one)

    def gap(self, gap: Gap) -> None:
        if self._wants("gap"):
            self._gaps.append(gap)

    def _wants(self, word: str) -> bool:
        self._counts[word] += 1
        return self._most is None or self._counts[word] <= self._most


def _answer(report: Report, out: Output, mask: Mask | None) -> None:
    from dongle_cli.audit.reports import writer
    from dongle_cli.cli.audit_text import print_report

    shown = masked(report, mask if out.mask else None)
    if out.format == "json":
        output.emit(shown.summary)
    elif out.format == "text":
        print_report(shown)
    else:
        writer(f".{out.format}")(shown, sys.stdout.buffer)
        sys.stdout.buffer.flush()
        for note in shown.notes:
            output.say(note)


def masked(report: Report, mask: Mask | None) -> Report:
    """The report as it may leave the machine; as it is without a mask."""
    from dongle_cli.audit.reports.spool import Changed

    start = _start(report, mask)
    if mask is None:
        return replace(report, start=start, notes=[])
    summary = dict(report.summary)
    if summary.get("baseline") and summary["baseline"]["names"] == "shown":
        solved = [mask.solved(one) for one in summary["baseline"]["solved_findings"]]
        summary["baseline"] = {**summary["baseline"], "solved_findings": solved}
    if brought := summary.get("repatriated"):
        summary["repatriated"] = {**brought, **{key: mask.homes(brought[key]) for key in ("to", "receipt")}}
    findings, checks = Changed(report.findings, mask.finding), Changed(report.checks, mask.finding)
    gaps = Changed(report.gaps, mask.gap)
    return replace(report, start=start, findings=findings, gaps=gaps, checks=checks, summary=summary, notes=[])


def _write(report: Report, out: Output, mask: Mask | None) -> bool:
    """Write every report that can be written; True where one could not."""
    from dongle_cli.audit.reports import write

    if not out.files:
        return False
    shown = masked(report, None if out.names else mask)
    failed = False
    for path in out.files:
        shown.notes.clear()
        try:
            write(path, shown)
        except DongleError as error:
            output.say_error(error)
            failed = True
            continue
        output.say(_("Report written: {path}").format(path=path))
        for note in shown.notes:
            output.say(f"  {note}")
    return failed
