"""`dongle-cli at`: ask a dongle one reading AT command, or explain what a modem said."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from dongle_cli.cli import output
from dongle_cli.cli.options import Device, DryRun, Format, Record, Unmask, Yes, explained
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _

Commands = Annotated[
    list[str],
    typer.Argument(metavar=_("COMMAND..."), help=_("AT commands, or decode and a file (default: standard input).")),
]
Unsafe = Annotated[bool, typer.Option("--unsafe", help=_("Allow commands that change something."))]


@explained(
    _(
        "Send AT commands that only read, and explain the answers. Others need --unsafe and a yes; commands that write "
        "an IMEI or factory locks are never sent. at decode explains pasted output, or JSON lines with command and "
        "response when the format is json."
    ),
    example="dongle-cli at +CSQ +CEREG?",
)
def at(
    commands: Commands,
    device: Device = None,
    unsafe: Unsafe = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    unmask: Unmask = False,
    record: Record = None,
    format_: Format = "text",
) -> int:
    if commands[0] == "decode":
        return _decode(commands[1:], as_json=format_ == "json")
    asked = [_bare(command) for command in commands]
    _check(asked, unsafe=unsafe, yes=yes or dry_run)
    if dry_run:
        return _announce(asked, device, as_json=format_ == "json")
    return _send(asked, device, record, unmask=unmask, as_json=format_ == "json")


def _decode(files: list[str], *, as_json: bool) -> int:
    from dongle_cli.cli.at_decode import read_input, run_decode

    if len(files) > 1:
        raise DongleError(_("at decode takes one file."), code="usage.decode")
    for answer in run_decode(read_input(Path(files[0]) if files and files[0] != "-" else None), as_json):
        if as_json:
            output.emit(answer)
        else:
            _print(answer)
    return 0


def _send(commands: list[str], device: str | None, record: Path | None, *, unmask: bool, as_json: bool) -> int:
    from dongle_cli.cli.select import choose
    from dongle_cli.modem.allowlist import reading
    from dongle_cli.modem.decode import decode
    from dongle_cli.modem.engine import final_text
    from dongle_cli.provision.session import imei_of, open_modem

    refused = False
    with open_modem(choose(device, imei_of=imei_of)[0], record_to=record) as modem:
        for command in commands:
            reply = modem.engine.send(command, once=not reading(command))  # a PIN among them must not go out twice
            refused = refused or not reply.ok
            final = final_text(reply.final) if reply.final else ""
            lines = [modem.engine.shown(line) for line in (*reply.lines, final) if line]
            answer = decode("AT" + command, "".join(f"\r\n{line}\r\n" for line in lines))
            if not unmask:  # only now: a masked number cannot be read
                answer, lines = _masked("AT" + command, answer), _masked("AT" + command, lines)
            if as_json:
                output.emit({**answer, "lines": lines})
            else:
                output.answer("\n".join(lines))
                _print_values(answer)
    return 4 if refused else 0


def _announce(commands: list[str], device: str | None, *, as_json: bool) -> int:
    """What would be sent, and where."""
    from dongle_cli.cli.select import choose
    from dongle_cli.provision.session import imei_of
    from dongle_cli.secrets import redact

    port, shown = choose(device, imei_of=imei_of)[0].port, [redact("AT" + command) for command in commands]
    if as_json:
        output.emit({"port": port, "commands": shown})
    else:
        output.answer("\n".join(f"{port}  {command}" for command in shown))
    return 0


def _masked(command: str, said: Any) -> Any:
    """What a dongle `said`, in every text that it holds without the subscriber's numbers."""
    from dongle_cli.identity import without_subscriber

    if isinstance(said, dict):
        return {key: _masked(command, value) for key, value in said.items()}
    if isinstance(said, list):
        return [_masked(command, value) for value in said]
    return without_subscriber(command, said) if isinstance(said, str) else said


def _check(commands: list[str], *, unsafe: bool, yes: bool) -> None:
    """Refuse what is never sent, and what is sent only with --unsafe and a yes."""
    from dongle_cli.modem.allowlist import forbidden, reading
    from dongle_cli.secrets import redact

    for command in commands:
        shown = redact("AT" + command)
        if forbidden(command):
            raise DongleError(
                _("{command} writes an IMEI or a factory lock; dongle-cli never sends it.").format(command=shown),
                code="usage.at-forbidden",
            )
        if not reading(command):
            if not unsafe:
                raise DongleError(
                    _("{command} may change something and is not sent.").format(command=shown),
                    code="usage.at-not-reading",
                    hint=_("If you are sure, run it again with --unsafe."),
                )
            if not output.confirm(_("Send {command} to the dongle?").format(command=shown), yes=yes):
                raise DongleError(_("Nothing was sent."), code="usage.declined")


def _bare(command: str) -> str:
    return command[2:] if command[:2].upper() == "AT" else command


def _print(answer: dict[str, object]) -> None:
    output.answer(f"{answer['command']}  {answer['result']}")
    _print_values(answer)


def _print_values(answer: dict[str, object]) -> None:
    values = answer["values"]
    for key, value in values.items() if isinstance(values, dict) else ():
        output.answer(f"    {key}: {_plain(value)}")


def _plain(value: object) -> str:
    """A value as people write it: lists and what has names without Python's brackets."""
    if isinstance(value, dict):
        return ", ".join(f"{key} {_plain(inner)}" for key, inner in value.items())
    return "; ".join(map(_plain, value)) if isinstance(value, list) else str(value)
