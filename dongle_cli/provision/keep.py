"""What a run keeps of one dongle: its evidence and its line in the register, also where it failed."""

from __future__ import annotations

from dongle_cli import paths
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _
from dongle_cli.provision.job import Job
from dongle_cli.provision.outcome import Outcome
from dongle_cli.provision.record import write_record


def fail(outcome: Outcome, error: DongleError) -> None:
    """Make `outcome` the failure that `error` is."""
    outcome.result = "failed"
    outcome.code, outcome.message, outcome.hint = error.code, error.message, error.hint


def keep(outcome: Outcome, job: Job) -> None:
    """Write the evidence and the register's entry; where that cannot be done, the outcome says so. Not in a dry run."""
    if job.dry_run:
        return
    try:
        outcome.evidence = str(write_record(outcome, job=job, folder=paths.data_dir() / "evidence"))
        job.register.finish(job.run_id, outcome)
    except DongleError as error:
        _unrecorded(outcome, error)


def refuse_twin(outcome: Outcome, job: Job) -> None:
    """Fail a dongle that was done before another one showed the same IMEI: which of the two is meant nobody knows.

    What was written of it before stays; this record comes after it and says why it does not count.
    """
    if outcome.imei is None or outcome.code is not None:
        return
    try:
        job.roll.check(outcome.imei, outcome.port)
    except DongleError as error:
        fail(outcome, error)
        keep(outcome, job)


def _unrecorded(outcome: Outcome, error: DongleError) -> None:
    """The evidence folder or the register refused: what the dongle is stays said, but it is not proven."""
    text = _("{message} What was done to this dongle is not recorded.").format(message=error.message)
    if outcome.code:  # what it failed of comes first
        outcome.message = f"{outcome.message} {text}"
        return
    if outcome.good:
        text = _("{port}: the dongle carries the profile.").format(port=outcome.port) + " " + text
    fail(outcome, DongleError(text, code=error.code, hint=error.hint))
