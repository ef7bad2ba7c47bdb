"""A run over several dongles: every port by itself, so that a bad dongle never disturbs another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

from dongle_cli.errors import DongleError, ExitCode
from dongle_cli.i18n import _
from dongle_cli.provision.dongle import provision
from dongle_cli.provision.job import Job
from dongle_cli.provision.outcome import Outcome
from dongle_cli.usb.device import UsbDevice

MOST_AT_ONCE = 64


def provision_all(devices: Sequence[UsbDevice], job: Job, done: Callable[[Outcome], None]) -> list[Outcome]:
    """Provision `devices` in parallel, tell `done` of each as it finishes, and return the outcomes in port order."""
    # pyusb's modules import each other in a circle: threads that import them at the same time see them half made.
    import usb.core
    import usb.util  # noqa: F401

    outcomes: dict[str, Outcome] = {}
    with ThreadPoolExecutor(max_workers=min(MOST_AT_ONCE, max(1, len(devices)))) as pool:
        futures = {pool.submit(_guarded, device, job): device for device in devices}
        for future in as_completed(futures):
            outcome = future.result()
            outcomes[outcome.port] = outcome
            done(outcome)
    return [outcomes[device.port] for device in devices]


def _guarded(device: UsbDevice, job: Job) -> Outcome:
    """A defect met on one dongle is that dongle's failure, with its trace in the log; the others go on."""
    try:
        return provision(device, job)
    except DongleError as error:  # the register or the evidence folder refused; the dongle itself may be done
        return _broken(device, error)


def _broken(device: UsbDevice, error: DongleError) -> Outcome:
    return Outcome(
        port=device.port, usb=device.usb, code=error.code, hint=error.hint,
        message=_("{message} What was done to this dongle is not recorded.").format(message=error.message),
    )  # fmt: skip


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
