"""`dongle-cli learn`: look at a stick nobody described, and write down what a model file needs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dongle_cli import atomic
from dongle_cli.cli import output
from dongle_cli.cli.options import Device, DryRun, Format, Yes, explained
from dongle_cli.errors import DongleError, ExitCode
from dongle_cli.i18n import _, reason

if TYPE_CHECKING:
    from dongle_cli.models.draft import Seen
    from dongle_cli.models.model import Switch
    from dongle_cli.modem.learn import Answers
    from dongle_cli.provision.session import Session
    from dongle_cli.usb.device import Interface, UsbDevice

METHODS = ("eject", "huawei-new", "huawei-alternative", "huawei", "sierra")
Out = Annotated[Path, typer.Option("--out", metavar=_("DIR"), help=_("Folder for the draft and the transcript."))]
How = Annotated[
    str | None,
    typer.Option(
        "--switch",
        metavar=_("METHOD"),
        help=_(
            "How to make it a modem, where that is not known: {methods}, a configuration number, or a message in "
            "hexadecimal."
        ).format(methods=", ".join(METHODS)),
        show_default=False,
    ),
]


@explained(
    _(
        "Record an unknown stick: what it shows on USB before and after its switch, which ports answer, and what it "
        "answers to a fixed list of commands that only read. The result is a draft model file and a transcript without "
        "this stick's own numbers."
    ),
    example="dongle-cli learn --device 1-1.4 --out new-stick",
)
def learn(
    device: Device = None,
    switch: How = None,
    out: Out = Path(),
    dry_run: DryRun = False,
    yes: Yes = False,
    format_: Format = "text",
) -> int:
    from dongle_cli.provision.session import Session

    found = _choose(device)
    how = _parse(switch) if switch else None
    if dry_run:
        _announce(found, how, as_json=format_ == "json")
        return ExitCode.DONE
    question = _("Send the switch {method} to {usb}?").format(method=switch, usb=found.usb)
    if how and not output.confirm(question, yes=yes):
        raise DongleError(_("Nothing was sent."), code="usage.declined")
    with Session(found, notice=output.say) as session:
        storage = _switch(session, how)
        for path in _files(out, session.device):  # said now, not after all the questions
            if path.exists():
                raise _unwritable(path, _("File exists"), code="usage.out")
        answered, answers = _interview(session)
        seen = _seen(session.device, storage, how or _known_switch(storage), answered, answers)
        transcript = session.recorder.text()
    _write(out, seen, transcript, answers, as_json=format_ == "json")
    return ExitCode.DONE if answered else ExitCode.INCOMPLETE


def _choose(spec: str | None) -> UsbDevice:
    """As everywhere else, and also by port path what is no known dongle: that is what learning is for."""
    from dongle_cli.cli.select import choose
    from dongle_cli.provision.session import imei_of
    from dongle_cli.usb.enumerate import scan

    devices = scan()
    named = [device for device in devices if spec is not None and device.port == spec]
    return named[0] if named else choose(spec, imei_of=imei_of, devices=devices)[0]


def _parse(text: str) -> Switch:
    from dongle_cli.models.model import Switch
    from dongle_cli.models.parse import CBW_LENGTH, CBW_SIGNATURE

    if text in METHODS:
        return Switch(text)  # type: ignore[arg-type]  # METHODS are SwitchMethod words
    if text.isdecimal() and int(text) < 256:
        return Switch("configuration", configuration=int(text))
    try:
        message = bytes.fromhex(text)
    except ValueError:
        message = b""
    if len(message) == CBW_LENGTH and message.startswith(CBW_SIGNATURE):
        return Switch("message", (message,))
    raise DongleError(
        _("{value} is no way to switch a stick.").format(value=text),
        code="usage.switch",
        hint=_("Use {methods}, a configuration number, or 31 bytes in hexadecimal that begin with 55534243.").format(
            methods=", ".join(METHODS)
        ),
    )


def _announce(device: UsbDevice, how: Switch | None, *, as_json: bool) -> None:
    from dongle_cli.modem.learn import questions

    switch = how or _known_switch(device)
    method, commands = switch.method if switch else None, questions()
    if as_json:
        output.emit({"port": device.port, "usb": device.usb, "switch": method, "commands": list(commands)})
        return
    output.answer(_("{port}: {usb}, switch: {method}").format(port=device.port, usb=device.usb, method=method or "-"))
    for command in commands:
        output.answer(f"AT{command}")


def _known_switch(device: UsbDevice | None) -> Switch | None:
    from dongle_cli.models import loader

    return loader.switch_for(device) if device is not None else None


def _switch(session: Session, how: Switch | None) -> UsbDevice | None:
    """Make it a modem, and return its storage face as it was; None where it needed no switch."""
    from dongle_cli.models import loader
    from dongle_cli.provision.session import RETURN_TIMEOUT
    from dongle_cli.usb import switch

    before = session.device
    if how is None:
        if not session.in_storage_mode:
            return None
        session.switch()
        return before
    session.device = switch.to_modem(before, session.model, how, timeout=RETURN_TIMEOUT, notice=session.notice)
    session.model = loader.find(session.device)
    return before


def _interview(session: Session) -> tuple[list[Interface], Answers]:
    """The interfaces that answer AT, best first, and the first one's answers to every question."""
    from dongle_cli.models import loader
    from dongle_cli.modem.engine import AtEngine
    from dongle_cli.modem.learn import ask, questions
    from dongle_cli.transport.open import open_port, port_name

    answered: list[Interface] = []
    answers: Answers = {}
    # What the model names comes first, but a port that it does not name may answer too.
    candidates = loader.at_interfaces(session.model, session.device)
    candidates += [i for i in loader.at_interfaces(loader.generic(), session.device) if i not in candidates]
    for interface in candidates:
        transport = session.recorder.wrap(open_port(session.device, interface))
        try:
            engine = AtEngine(transport)
            talks = engine.synchronise(tries=1 if answered else 3)
            output.say(
                (_("{port} answers.") if talks else _("{port} is silent.")).format(
                    port=port_name(session.device, interface)
                )
            )
            if talks:
                answered.append(interface)
                answers = answers or ask(engine, questions())
        finally:
            transport.close()
    return answered, answers


def _seen(
    modem: UsbDevice, storage: UsbDevice | None, switch: Switch | None, answered: list[Interface], answers: Answers
) -> Seen:
    from dongle_cli.models.draft import Seen
    from dongle_cli.modem import parse
    from dongle_cli.modem.learn import dialect

    def said(command: str) -> str | None:
        reply = answers.get(command)
        return parse.text(reply.lines) if reply is not None and reply.ok else None

    return Seen(
        day=date.today().isoformat(),
        modem=modem,
        storage=storage,
        switch=switch,
        manufacturer=said("+CGMI"),
        model=said("+CGMM"),
        dialect=dialect(answers) if answers else None,
        # A CDC-ACM port is found by its class; naming the number would only hide that.
        at_interfaces=tuple(i.number for i in answered if i.class_ == 0xFF),
    )


def _files(out: Path, modem: UsbDevice) -> list[Path]:
    """The draft and the transcript of `modem`."""
    stem = modem.usb.replace(":", "-")
    return [out / f"{stem}.toml", out / f"{stem}.transcript"]


def _unwritable(path: Path, why: str, *, code: str) -> DongleError:
    return DongleError(
        _("{path} cannot be written: {reason}.").format(path=path, reason=why),
        code=code,
        hint=_("Name another folder with --out."),
    )


def _save(out: Path, files: Mapping[Path, str]) -> None:
    """All of `files` or none: what is left of half of them would be in the way of the next try."""
    path, written = out, list[Path]()
    try:
        out.mkdir(parents=True, exist_ok=True)
        for path, text in files.items():
            atomic.write(path, text.encode(), mode=0o666, new=True)
            written.append(path)
    except OSError as error:
        for other in written:
            other.unlink(missing_ok=True)
        raise _unwritable(path, reason(error), code="learn.unwritable") from None


def _write(out: Path, seen: Seen, transcript: str, answers: Answers, *, as_json: bool) -> None:
    from dongle_cli.models.draft import draft
    from dongle_cli.modem.learn import without_identity

    files = {path: draft(seen) if path.suffix == ".toml" else without_identity(transcript, answers)
             for path in _files(out, seen.modem)}  # fmt: skip
    _save(out, files)
    understood = sum(reply is not None and reply.ok for reply in answers.values())
    toml, recorded = files
    if as_json:
        counts = {"asked": len(answers), "understood": understood, "at_interfaces": list(seen.at_interfaces)}
        where = {"port": seen.modem.port, "usb": seen.modem.usb, "draft": str(toml), "transcript": str(recorded)}
        output.emit(where | counts)
        return
    output.answer(_("Draft: {path}").format(path=toml))
    output.answer(_("Transcript: {path}").format(path=recorded))
    if answers:
        output.say(_("Read the transcript before you pass it on: it holds the APNs that are stored in the stick."))
    output.say(_("{asked} commands asked, {understood} understood.").format(asked=len(answers), understood=understood))
    if not answers:
        output.say(_("No port answered AT: the draft holds only what the stick shows on USB."))
