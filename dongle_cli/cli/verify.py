"""`dongle-cli verify`: do this certificate, dongle and laptop belong together? Also an external check for gateways."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dongle_cli.cli import output, pair
from dongle_cli.cli.options import Format, explained
from dongle_cli.cli.pair import PassphraseFile
from dongle_cli.errors import DongleError, ExitCode
from dongle_cli.i18n import _

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cryptography import x509

    from dongle_cli.binding.known import Known
    from dongle_cli.binding.verify import Seen
    from dongle_cli.identity import DongleIdentity, Laptop

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
_CODES = {"ok": ExitCode.DONE, "mismatch": ExitCode.FINDINGS, "incomplete": ExitCode.INCOMPLETE}


@explained(
    _(
        "Do the plugged dongle, this laptop and its certificate belong together? With --pem, that certificate is "
        "compared with the register, and with a dongle and a laptop only where they are named. Nothing is changed. "
        "Exit code 0: all belongs together; 5: something does not; 7: something could not be read."
    ),
    example="dongle-cli verify --pem lt0001.pem --device 1-1.4",
)
def verify(
    pem: Annotated[
        Path | None,
        typer.Option("--pem", metavar=_("FILE"), help=_("A certificate; default: the one in this laptop's keystore."),
                     show_default=False),
    ] = None,
    device: Device = None,
    laptop: Annotated[
        Path | None,
        typer.Option("--laptop", metavar=_("FILE"), help=_("The laptop's description in JSON."), show_default=False),
    ] = None,
    keystore: Annotated[
        str | None,
        typer.Option("--keystore", metavar=_("KEYSTORE"), help=_("The keystore of this laptop."), show_default=False),
    ] = None,
    extract: Annotated[
        Path | None,
        typer.Option("--extract", metavar=_("FILE"), show_default=False,
                     help=_("A signed extract of the register, where the register cannot be reached.")),
    ] = None,
    chain: Annotated[
        Path | None,
        typer.Option("--chain", metavar=_("FILE"), show_default=False,
                     help=_("Certificates of the authority that signed the extract (ca chain).")),
    ] = None,
    passphrase_file: PassphraseFile = None,
    format_: Format = "text",
) -> int:  # fmt: skip
    from dongle_cli.binding import advice
    from dongle_cli.binding import verify as work

    leaf = _certificate(pem, keystore, passphrase_file)
    seen = _named(device, laptop) if pem is not None else _at_hand(device, laptop)
    with _known(extract, chain) as known:
        verdict = work.verify(known, leaf, seen)
        as_of = known.as_of
    told = advice.of(verdict, leaf)
    code = _CODES[verdict.word]
    if format_ == "json":
        about = {"code": told.code, "message": told.sentence, "hint": told.next, "as_of": as_of}
        bound = verdict.binding and pair.told(verdict.binding)
        output.emit({"result": verdict.word, **about, "checks": [c.__dict__ for c in verdict.checks], "binding": bound})
        return code
    columns = [_("What"), _("Result"), _("Expected"), _("Found")]
    rows = [
        [_(work.WHAT[c.what]), _mark(c.result) + _(work.RESULTS[c.result]), _shown(c.expected), _shown(c.found)]
        for c in verdict.checks
    ]
    output.table(columns, rows)
    if as_of is not None:
        output.say(_("Compared with an extract of the register of {moment}.").format(moment=as_of))
    output.answer(told.sentence)
    output.answer(_("Next: {step}").format(step=told.next))
    return code


def _shown(value: str | None) -> str | None:
    """A binding's state in words; everything else as it is."""
    return _(pair.STATES[value]) if value in pair.STATES else value


def _mark(result: str) -> str:
    """A sign beside the word, for those who do not tell red from green."""
    return {"ok": "○ ", "bad": "× "}.get(result, "△ ")


@contextmanager
def _known(extract: Path | None, chain: Path | None) -> Iterator[Known]:
    if extract is not None:
        yield _extract(extract, chain)
        return
    from dongle_cli.register.lookup import lookup

    with lookup() as quick:
        if quick is not None:
            yield quick
            return
    from dongle_cli.binding.known import RegisterKnown
    from dongle_cli.register.register import Register

    with Register.open() as register:
        yield RegisterKnown(register)


def _extract(extract: Path, chain: Path | None) -> Known:
    """The extract, believed for the certificates of `chain`, or else for those of this machine's own register."""
    from dongle_cli.binding import signing
    from dongle_cli.binding.extract import ExtractKnown
    from dongle_cli.cli.evidence import open_register
    from dongle_cli.evidence.trust import Anchors

    if chain is not None:
        return ExtractKnown(extract, Anchors(signing.load_pem(chain)[0]))
    register = open_register()
    if register is None:
        raise DongleError(
            _("Whose extract {path} is cannot be checked here.").format(path=extract),
            code="usage.chain",
            hint=_("Name the authority's certificates with --chain FILE; the bench writes them with ca chain."),
        )
    with register:
        return ExtractKnown(extract, signing.anchors(register))


def _certificate(pem: Path | None, keystore: str | None, passphrase_file: str | None) -> x509.Certificate:
    from dongle_cli.binding import publish
    from dongle_cli.binding import verify as work

    if pem is not None:
        return work.load(publish.read(pem), str(pem))
    from dongle_cli.binding import mine

    found = mine.credential(keystore, pair.unlock(passphrase_file))
    if found is None:
        raise DongleError(
            _("There is no certificate of this laptop in {keystore}.").format(keystore=mine.chosen(keystore).keystore),
            code="binding.none-here",
            hint=_("Install one with dongle-cli bind accept FILE, or name a certificate with --pem FILE."),
        )
    return found.certificate


def _named(device: str | None, laptop: Path | None) -> Seen:
    """What the caller named, and nothing else: a gateway's check must not look for dongles."""
    from dongle_cli.binding.verify import Seen

    who = pair.identity(pair.choose(device)) if device is not None else None
    described = None
    if laptop is not None:
        from dongle_cli.binding.laptop import from_file

        described = from_file(laptop)
    return Seen(who, described, dongle_asked=device is not None, laptop_asked=laptop is not None)


def _at_hand(device: str | None, laptop: Path | None) -> Seen:
    """The plugged dongle and this laptop; what cannot be read is said, and left open."""
    from dongle_cli.binding.verify import Seen

    return Seen(_dongle(device), _laptop(laptop), dongle_asked=True, laptop_asked=True)


def _dongle(device: str | None) -> DongleIdentity | None:
    try:
        return pair.identity(pair.choose(device))
    except DongleError as error:
        if device is not None or error.code == "device.several":
            raise
        output.say(error.message)
        return None


def _laptop(file: Path | None) -> Laptop | None:
    from dongle_cli.binding import laptop
    from dongle_cli.binding.keystores.tpm2_tools import endorsement

    if file is not None:
        return laptop.from_file(file)
    reading = laptop.this_laptop(ek=endorsement)
    for name, why in reading.unread.items():
        if name != "ek_sha256":  # the table says that it was not compared; most laptops were bound without
            output.say(why)
    return reading.laptop
