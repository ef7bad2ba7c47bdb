"""`dongle-cli verify`: do this certificate, dongle and laptop belong together? Also an external check for gateways."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dongle_cli.cli import output, pair
from dongle_cli.cli.options import Format, explained
from dongle_cli.errors import ExitCode
from dongle_cli.i18n import _

Device = Annotated[
    str | None,
    typer.Option(
        "--device",
        "-d",
        metavar=_("DONGLE"),
        help=_("USB port path, tty, IMEI or USB serial number of the dongle."),
        show_default=False,
    ),
]


@explained(
    _("Compare a certificate with the register, and with the plugged dongle and the laptop where they are named."),
    example="dongle-cli verify --pem lt0001.pem --device 1-1.4",
)
def verify(
    pem: Annotated[Path, typer.Option("--pem", metavar=_("FILE"), help=_("The certificate."))],
    device: Device = None,
    laptop: Annotated[
        Path | None,
        typer.Option("--laptop", metavar=_("FILE"), help=_("The laptop's description in JSON."), show_default=False),
    ] = None,
    format_: Format = "text",
) -> int:
    from dongle_cli.binding import publish
    from dongle_cli.binding import verify as work
    from dongle_cli.register.register import Register

    leaf = work.load(publish.read(pem), str(pem))
    with Register.open() as register:
        checks, found = work.certificate(register, leaf)
    if found is not None and device is not None:
        checks += work.dongle(found, pair.identity(pair.choose(device)))
    if found is not None and laptop is not None:
        from dongle_cli.binding.laptop import from_file

        checks += work.laptop(found, from_file(laptop))
    results = {check.result for check in checks}
    code = ExitCode.FINDINGS if "bad" in results else ExitCode.INCOMPLETE if "unknown" in results else ExitCode.DONE
    if format_ == "json":
        word = {ExitCode.DONE: "ok", ExitCode.FINDINGS: "mismatch", ExitCode.INCOMPLETE: "incomplete"}[code]
        output.emit({"result": word, "checks": [c.__dict__ for c in checks], "binding": found and pair.told(found)})
        return code
    columns = [_("What"), _("Result"), _("Expected"), _("Found")]
    output.table(columns, [[c.what, _(work.RESULTS[c.result]), c.expected, c.found] for c in checks])
    sentences = {
        ExitCode.DONE: _("They belong together."),
        ExitCode.FINDINGS: _("They do not belong together: do not hand this out, and ask the bench."),
        ExitCode.INCOMPLETE: _("What could be read belongs together; the rest could not be read. Look again."),
    }
    output.answer(sentences[code])
    return code
