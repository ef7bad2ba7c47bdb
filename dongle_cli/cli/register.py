"""`dongle-cli register`: what the ledger knows."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from dongle_cli.cli import output
from dongle_cli.cli.options import DryRun, Format, Yes, group
from dongle_cli.cli.pair import Folder, PassphraseFile, unlock
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _

app = group(_("Look into the register: runs, dongles, and whether its history holds."))

BindingState = Literal["pending", "signed", "active", "held", "revoked", "superseded", "abandoned"]
Limit = Annotated[int, typer.Option("--limit", min=1, max=10_000, help=_("At most so many, the newest first."))]


@app.command(
    help=_("List the runs, the newest first; one that was cut off has no end."),
    epilog=_("Example: {command}").format(command="dongle-cli register runs --limit 5"),
)
def runs(limit: Limit = 100, format_: Format = "text") -> None:
    from dongle_cli.register.register import Register

    with Register.open() as register:
        found = register.rows("runs", limit)
        results = register.results([run["id"] for run in found])
    for run in found:
        run["results"] = results.get(run["id"], {})
    if format_ == "json":
        for run in found:
            output.emit(run)
        return
    columns = [_("Run"), _("Started"), _("Finished"), _("Profile"), _("Operator"), _("Results")]
    output.table(
        columns,
        [
            [
                run["id"],
                _when(run["started"]),
                _when(run["finished"]),
                run["profile"],
                run["operator"],
                _counted(run["results"]),
            ]
            for run in found
        ],
    )


def _counted(results: dict[str, int]) -> str:
    from dongle_cli.cli.provision import mark

    marked: dict[str, int] = {}
    for name, count in results.items():
        marked[mark(name)] = marked.get(mark(name), 0) + count
    return "  ".join(f"{sign}{count}" for sign, count in sorted(marked.items(), reverse=True)) or "-"


def _word(result: str) -> str:
    from dongle_cli.cli.provision import RESULTS

    return _(RESULTS.get(result, result))


def _when(moment: str | None) -> str:
    """A moment as the clock on the wall shows it; JSON has it with its offset."""
    if moment is None:
        return "-"
    return datetime.fromisoformat(moment).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _shown(name: str, value: object) -> object:
    if name == "last_seen":
        return _when(str(value))
    return "-" if value is None else _word(str(value)) if name == "result" else value


@app.command(
    help=_("List the dongles that were ever seen, or those of one run with how it ended for each."),
    epilog=_("Example: {command}").format(command="dongle-cli register dongles"),
)
def dongles(
    run: Annotated[
        str | None,
        typer.Option("--run", metavar=_("RUN"), help=_("Only this run."), show_default=False),
    ] = None,
    limit: Limit = 1000,
    format_: Format = "text",
) -> None:
    from dongle_cli.register.register import Register

    with Register.open() as register:
        if run is not None and not register.rows("runs", 1, id=run):
            raise DongleError(_("There is no run {run}.").format(run=run), code="usage.run")
        found = register.rows("dongles", limit) if run is None else register.rows("run_dongles", limit, run_id=run)
    for one in found:
        one.pop("credentials", None)
    if format_ == "json":
        for one in found:
            output.emit(one)
        return
    if run is None:
        names = ["asset_no", "imei", "iccid", "model", "port", "last_seen"]
        columns = [_("Asset number"), _("IMEI"), _("ICCID"), _("Model"), _("Port"), _("Last seen")]
    else:
        names = ["asset_no", "imei", "iccid", "port", "result", "code", "evidence"]
        columns = [_("Asset number"), _("IMEI"), _("ICCID"), _("Port"), _("Result"), _("Code"), _("Evidence file")]
    output.table(columns, [[_shown(name, one[name]) for name in names] for one in found])


@app.command(
    help=_("List the bindings, the newest first; those that wait for somebody else's signature are being made."),
    epilog=_("Example: {command}").format(command="dongle-cli register bindings --state pending"),
)
def bindings(
    state: Annotated[
        BindingState | None, typer.Option("--state", help=_("Only in this state."), show_default=False)
    ] = None,
    limit: Limit = 1000,
    format_: Format = "text",
) -> None:
    from dongle_cli.cli import pair
    from dongle_cli.register import bindings as ledger
    from dongle_cli.register.register import Register

    with Register.open() as register:
        found = ledger.find(register, states=(state,) if state else ())[:limit]
    if format_ == "json":
        for one in found:
            output.emit(pair.told(one, authority=one.authority, created=one.created))
        return
    pair.show(found)


@app.command(
    help=_("Check the hash chain of the register's history: is it what was written, nothing changed or dropped?"),
    epilog=_("Example: {command}").format(command="dongle-cli register check"),
)
def check(format_: Format = "text") -> None:
    from dongle_cli.register.register import Register

    with Register.open() as register:
        broken = register.history_break()
        last = register.last_link()
    if broken is not None:
        raise DongleError(
            _("The history of the register does not hold from entry {seq} on.").format(seq=broken),
            code="evidence.chain-broken",
            hint=_("The register was changed by hand, or its file is damaged. Keep it and compare it with a backup."),
            seq=broken,
        )
    entries, digest = (last.seq, last.digest) if last else (0, None)
    if format_ == "json":
        output.emit({"entries": entries, "digest": digest})
        return
    output.answer(_("The history holds: {count} entries, the last digest is {digest}.").format(
        count=entries, digest=digest or "-"
    ))  # fmt: skip


@app.command(
    help=_("Write a signed extract of all bindings, for `verify --extract` where the register cannot be reached."),
    epilog=_("Example: {command}").format(command="dongle-cli register extract --out bindings.jsonl"),
)
def extract(
    out: Annotated[Path, typer.Option("--out", metavar=_("FILE"), help=_("Write it here."))],
    folder: Folder = None,
    passphrase_file: PassphraseFile = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    format_: Format = "text",
) -> None:
    from dongle_cli.binding import extract as work
    from dongle_cli.cli.evidence import open_signer
    from dongle_cli.register.register import Register

    with Register.open() as register:
        if dry_run:
            count = len(work.rows(register))
            plan = _("{count} bindings would be written to {path}, and signed.").format(count=count, path=out)
            output.planned({"out": str(out), "bindings": count}, plan)
            return
        count = work.write(register, out, open_signer(folder, unlock(passphrase_file)))
    if format_ == "json":
        output.emit({"out": str(out), "signature": f"{out}.p7s", "bindings": count})
        return
    output.answer(_("{count} bindings are in {path}; its signature is {path}.p7s.").format(count=count, path=out))
    output.say(_("Give both files to the help desk, and chain.pem once: dongle-cli ca chain --out chain.pem"))
