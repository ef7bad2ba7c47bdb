"""`dongle-cli bind --all --list FILE --out DIR`: a whole tray, each dongle by itself."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dongle_cli.cli import output, pair
from dongle_cli.errors import DongleError, ExitCode
from dongle_cli.i18n import N_, _, ngettext

if TYPE_CHECKING:
    from dongle_cli.binding.authorities import Authority
    from dongle_cli.binding.tray import Outcome, Row
    from dongle_cli.cli.pair import Records
    from dongle_cli.register.register import Register
    from dongle_cli.usb.device import UsbDevice

RESULTS = {"ok": N_("OK"), "already": N_("OK, was so already"), "failed": N_("FAILED"), "skipped": N_("to do")}


def run(
    listed: Path,
    folder: Path,
    signer: Authority,
    recorder: Callable[[Register], Records],
    *,
    opaque: bool,
    days: int | None,
    dry_run: bool,
    yes: bool,
    force: bool,
    json: bool,
) -> int:
    """Read every dongle at once, match, show, ask, bind one after the other, and tell of each."""
    from dongle_cli.binding import issue, tray
    from dongle_cli.cli.bind_list import load
    from dongle_cli.cli.select import choose
    from dongle_cli.register.register import Register

    rows = load(listed)
    if not folder.is_dir():
        raise DongleError(
            _("There is no folder {path} for the answers.").format(path=folder),
            code="usage.out",
            hint=_("Make it, and name it with --out DIR."),
        )
    read = tray.refuse_twins(_read(choose(None, True), rows))
    with Register.open() as register:
        issue.check_clock(register, signer, force=force)

        def bind(one: Outcome, dry_run: bool) -> Outcome:
            return _guarded(one, register, signer, folder, opaque=opaque, days=days, dry_run=dry_run, force=force)

        plans = [bind(one, True) for one in read]
        todo = sum(one.result == "skipped" for one in plans)
        if not json and (dry_run or (todo and not yes)):
            _show(plans)
        if dry_run:
            return _tell(plans, json=json, dry_run=True)
        if todo:
            question = ngettext("Bind {count} dongle?", "Bind {count} dongles?", todo).format(count=todo)
            output.insist(question, yes=yes)
        records = recorder(register)
        outcomes = []
        for one, plan in zip(read, plans, strict=True):
            done = plan if plan.result == "failed" else bind(one, False)
            if done.result == "ok" and done.binding is not None:  # at once: whoever ends it halfway has these
                records.keep("bind", done.binding.asset_no, {"binding": pair.told(done.binding), "port": done.port})
            outcomes.append(done)
    if not json:
        _show(outcomes)
    return _tell(outcomes, json=json, dry_run=False)


def _read(devices: Sequence[UsbDevice], rows: Sequence[Row]) -> list[Outcome]:
    """Who each dongle is and which row is its; the threads are daemons: an interrupt ends the program at once."""
    # pyusb's modules import each other in a circle: threads that import them at the same time see them half made.
    import usb.core
    import usb.util  # noqa: F401

    done: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
    for device in devices:
        threading.Thread(target=lambda d=device: done.put(_one(d, rows)), name=device.port, daemon=True).start()
    with output.progress([device.port for device in devices]) as progress:
        outcomes: dict[str, Outcome] = {}
        while len(outcomes) < len(devices):
            one = done.get()
            outcomes[one.port] = one
            progress.done(one.port, one.error.message if one.error else str(one.who.imei if one.who else ""))
    return [outcomes[device.port] for device in devices]


def _one(device: UsbDevice, rows: Sequence[Row]) -> Outcome:
    from dongle_cli.binding.tray import Outcome, match

    who = None
    try:
        who = pair.identity(device)
        return Outcome(device.port, "skipped", who, match(rows, who))
    except DongleError as error:
        return Outcome(device.port, "failed", who, error=error)
    except Exception as error:  # a defect of ours on one dongle; the others go on
        return Outcome(device.port, "failed", who, error=_defect(device.port, error))


def _guarded(
    one: Outcome, register: Register, signer: Authority, folder: Path, *, opaque: bool, days: int | None,
    dry_run: bool, force: bool,
) -> Outcome:  # fmt: skip
    from dongle_cli.binding import tray

    if one.error is not None:
        return one
    try:
        return tray.bind(register, signer, one, folder, opaque=opaque, days=days, dry_run=dry_run, force=force)
    except DongleError as error:
        return tray.Outcome(one.port, "failed", one.who, one.row, error=error)
    except Exception as error:  # likewise
        return tray.Outcome(one.port, "failed", one.who, one.row, error=_defect(one.port, error))


def _defect(port: str, error: Exception) -> DongleError:
    from dongle_cli.cli.crash import record

    return DongleError(
        _("{port}: a defect of dongle-cli ended the work on this dongle.").format(port=port),
        code="internal.defect",
        hint=_("What happened is written in {path}; please send it along with a report.").format(path=record(error)),
    )


def _show(outcomes: Sequence[Outcome]) -> None:
    from dongle_cli.cli.provision import mark

    columns = [_("PORT"), _("IMEI"), _("ICCID"), _("ASSET"), _("Serial number"), _("RESULT")]
    output.table(
        columns,
        [
            [one.port, one.who and one.who.imei, one.who and one.who.iccid, one.row and one.row.asset_no,
             one.binding and one.binding.serial, mark(one.result) + _(RESULTS[one.result])]
            for one in outcomes
        ],
    )  # fmt: skip


def _tell(outcomes: Sequence[Outcome], *, json: bool, dry_run: bool) -> int:
    for one in outcomes if json else ():
        output.emit(_told(one))
    for one in () if json else outcomes:
        if one.error is not None:
            output.complain(f"{one.port}: {one.error.message} [{one.error.code}]", one.error.hint)
    good = sum(one.result in ("ok", "already") for one in outcomes)
    output.say(_("{good} of {count} dongles are bound.").format(good=good, count=len(outcomes)))
    codes = {one.error.exit_code for one in outcomes if one.error is not None}
    if not codes:
        return ExitCode.DONE if dry_run or good == len(outcomes) else ExitCode.FAILED
    return codes.pop() if len(codes) == 1 else ExitCode.DONGLE


def _told(one: Outcome) -> dict[str, object]:
    names = ("asset", "imei", "laptop_uuid", "serial", "not_after", "fingerprint_sha256", "state", "iccid")
    about: dict[str, object] = pair.told(one.binding) if one.binding is not None else dict.fromkeys(names)
    if one.binding is None:
        about |= {
            "asset": one.row.asset_no if one.row else None,
            "imei": str(one.who.imei) if one.who and one.who.imei else None,
            "iccid": str(one.who.iccid) if one.who and one.who.iccid else None,
        }
    error = one.error.as_json()["error"] if one.error is not None else None
    return {"port": one.port, "result": one.result, "code": one.error.code if one.error else None, **about,
            "out": one.out, "error": error}  # fmt: skip
