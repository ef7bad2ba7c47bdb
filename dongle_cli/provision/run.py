"""A run over several dongles: every port by itself, so that a bad dongle never disturbs another."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence

from dongle_cli.errors import DongleError, ExitCode
from dongle_cli.i18n import _
from dongle_cli.provision.dongle import provision
from dongle_cli.provision.job import Job
from dongle_cli.provision.keep import refuse_twin
from dongle_cli.provision.outcome import Outcome
from dongle_cli.usb.device import UsbDevice


def provision_all(devices: Sequence[UsbDevice], job: Job, done: Callable[[Outcome], None]) -> list[Outcome]:
    """Provision `devices` in parallel, tell `done` of each as it finishes, and return the outcomes in port order.

    The threads are daemons: an interrupt ends the program at once, whatever a dongle is waiting for, and the next run
    repairs what was cut off.
    """
    # pyusb's modules import each other in a circle: threads that import them at the same time see them half made.
    import usb.core
    import usb.util  # noqa: F401

    finished: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
    for device in devices:
        threading.Thread(target=lambda d=device: finished.put(_guarded(d, job)), name=device.port, daemon=True).start()
    outcomes: dict[str, Outcome] = {}
    while len(outcomes) < len(devices):
        outcome = finished.get()
        outcomes[outcome.port] = outcome
        done(outcome)
    for outcome in outcomes.values():  # one may have been done before its twin was so much as asked
        refuse_twin(outcome, job)
    return [outcomes[device.port] for device in devices]


def _guarded(device: UsbDevice, job: Job) -> Outcome:
    """Whatever one dongle meets is that dongle's failure; the others go on."""
    try:
        return provision(device, job)
    except Exception as error:  # a defect of ours, which is reported as such
        place = job.report_defect(error)
        return Outcome(
            port=device.port,
            usb=device.usb,
            code="internal.defect",
            message=_("{port}: a defect of dongle-cli ended the work on this dongle.").format(port=device.port),
            hint=_("What happened is written in {path}; please send it along with a report.").format(path=place),
        )


def exit_code(outcomes: Sequence[Outcome], *, dry_run: bool = False) -> ExitCode:
    """0 only if every dongle is what the profile wants; a dry run asks for the plan alone."""
    codes = {
        DongleError("", code=outcome.code or "flash.failed").exit_code
        for outcome in outcomes
        if not outcome.good and not (dry_run and outcome.result == "skipped")
    }
    if not codes:
        return ExitCode.DONE
    return codes.pop() if len(codes) == 1 else ExitCode.DONGLE
