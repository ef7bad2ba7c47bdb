"""`dongle-cli lab`: virtual dongles for practice, demonstrations and tests."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from dongle_cli.cli import output
from dongle_cli.cli.options import Format, group
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _

app = group(_("Run virtual dongles to practise on: no hardware, no contract, no risk."))


@app.command(help=_("Plug in virtual dongles and write the profile and SIM list that fit them."))
def start(
    count: Annotated[int, typer.Option("--count", min=1, max=120, help=_("How many dongles."))] = 3,
    model: Annotated[
        list[str] | None,
        typer.Option("--model", metavar=_("MODEL"), help=_("A model; several are taken in turn."), show_default=False),
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            "--fault", metavar="NAME[=ARG][@N]", help=_("What goes wrong, with dongle N or all."), show_default=False
        ),
    ] = None,
    sims: Annotated[
        Path | None,
        typer.Option("--sims", metavar=_("FILE"), help=_("Take the SIMs from this CSV list."), show_default=False),
    ] = None,
    delay: Annotated[float, typer.Option("--delay", min=0.0, help=_("Seconds that every AT answer takes."))] = 0.0,
    absence: Annotated[
        float, typer.Option("--absence", min=0.0, help=_("Seconds that a dongle is gone when it re-enumerates."))
    ] = 0.3,
    pin: Annotated[bool, typer.Option("--pin/--no-pin", help=_("Whether the SIMs ask for their PIN."))] = False,
    listen: Annotated[
        str, typer.Option("--listen", metavar="HOST:PORT", help=_("Where to serve; port 0 takes a free one."))
    ] = "127.0.0.1:0",
    seed: Annotated[
        int | None, typer.Option("--seed", help=_("Make the same SIMs every time."), show_default=False)
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar=_("DIR"), help=_("Where profile and SIM list go."), show_default=False),
    ] = None,
    foreground: Annotated[bool, typer.Option("--foreground", help=_("Stay until interrupted."))] = False,
    format: Format = "text",
) -> None:
    from dongle_cli.lab import process

    host, port = _address(listen)
    wanted = process.Wanted(
        count, tuple(model or ()), tuple(fault or ()), sims, delay, absence, pin, host, port, seed, out
    )
    summary = process.start(wanted)
    if format == "json":
        output.emit(summary)
    else:
        _tell(summary)
    if foreground:
        process.stay()


@app.command(help=_("Show each virtual dongle as its own memory has it."))
def status(format: Format = "text") -> None:
    from dongle_cli.lab import process

    lab = process.request(command="status")
    dongles: list[dict[str, Any]] = lab["dongles"]
    if format == "json":
        for dongle in dongles:
            output.emit(dongle)
        return
    output.say(f"export DONGLE_BUS={lab['bus']}")
    attached = {True: _("yes"), False: _("no")}
    output.table(
        [_("PORT"), _("MODEL"), _("MODE"), _("IMEI"), _("ICCID"), _("ATTACHED"), _("CONTEXTS")],
        [
            [
                d["port"],
                d["model"],
                d["mode"],
                d["imei"],
                d["iccid"],
                attached[d["attached"]],
                _memory(d),
            ]
            for d in dongles
        ],
    )


@app.command(help=_("Unplug every virtual dongle and end the lab."))
def stop(format: Format = "text") -> None:
    from dongle_cli.lab import process

    process.stop()
    _done(format, "stopped")


@app.command(help=_("Pull one virtual dongle and push it in again."))
def replug(
    port: Annotated[str, typer.Argument(metavar=_("PORT"), help=_("Its port path, such as 1-1."))],
    format: Format = "text",
) -> None:
    from dongle_cli.lab import process

    if process.request(command="replug", port=port).get("error"):
        raise DongleError(_("The lab has no port {port}.").format(port=port), code="device.none")
    _done(format, "replugged", port=port)


@app.command(help=_("Plug every virtual dongle into this machine's kernel (as root), and keep it there."))
def attach(format: Format = "text") -> None:
    from dongle_cli.lab import process

    answer = process.attach()
    if format == "json":
        output.emit(answer)
        return
    output.table(
        [_("PORT"), _("KERNEL PORT"), "VHCI"],
        [[pair["port"], pair["kernel_port"], pair["vhci_port"]] for pair in answer["attached"]],
    )


@app.command(help=_("Take the virtual dongles out of the kernel; the lab goes on."))
def detach(format: Format = "text") -> None:
    from dongle_cli.lab import process

    process.detach()
    _done(format, "detached")


def _done(format: str, what: str, **values: str) -> None:
    """The answer of a command that has only done something: none for people, who see it did not fail."""
    if format == "json":
        output.emit({"result": what, **values})


def _address(listen: str) -> tuple[str, int]:
    host, colon, port = listen.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 65535:
        raise DongleError(
            _("{value} is no address.").format(value=listen),
            code="usage.listen",
            hint=_("Write HOST:PORT, for example 127.0.0.1:0."),
        )
    return host.strip("[]"), int(port)


def _memory(dongle: dict[str, Any]) -> str:
    right = {True: _("right password"), False: _("wrong password")}
    texts = []
    for context in dongle["contexts"]:
        text = f"{context['cid']}:{context['apn'] or '-'}"
        if context["auth"] != "none":
            text += f" {context['auth']} {context['user']} ({right[context['password_right']]})"
        texts.append(text)
    return ", ".join(texts)


def _tell(summary: dict[str, Any]) -> None:
    output.table(
        [_("PORT"), _("MODEL"), "USB", _("IMEI"), _("ICCID")],
        [[d["port"], d["model"], d["usb"], d["imei"], d["iccid"]] for d in summary["dongles"]],
    )
    output.say("")
    output.say(_("The lab is running. Type next:"))
    output.answer(f"export DONGLE_BUS={summary['bus']}")
    output.answer("dongle-cli list")
    output.answer(f"dongle-cli provision {summary['profile']} --sims {summary['sims']} --all")
