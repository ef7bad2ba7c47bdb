"""`dongle-cli bind request` and `bind accept`: what the laptop does before and after the bench."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dongle_cli.cli import output, pair
from dongle_cli.cli.options import DryRun, Force, Format, Yes
from dongle_cli.cli.pair import PassphraseFile
from dongle_cli.i18n import _

if TYPE_CHECKING:
    from cryptography import x509

    from dongle_cli.binding.accept import Checked
    from dongle_cli.identity import Laptop
    from dongle_cli.secrets import Secret

KeystoreOption = Annotated[
    str | None,
    typer.Option(
        "--keystore",
        metavar=_("KEYSTORE"),
        help=_("Where the key lives: pem, pkcs12, pkcs11:..., tpm2, tpm2-unattended or windows (not yet run there)."),
        show_default=False,
    ),
]


def add(app: typer.Typer) -> None:
    """Hang the laptop's two commands below `bind`."""
    examples = {
        "request": "dongle-cli bind request --out lt0001.request",
        "accept": "dongle-cli bind accept lt0001.answer",
    }
    epilog = {name: _("Example: {command}").format(command=command) for name, command in examples.items()}
    app.command(
        "request",
        short_help=_("On the laptop: make a key and a request."),
        help=_("On the laptop: make a key and a request for the bench. Run it again and the same key is used."),
        epilog=epilog["request"],
    )(request)
    app.command(
        "accept",
        short_help=_("On the laptop: install the certificate."),
        help=_("On the laptop: check the bench's answer and install the certificate."),
        epilog=epilog["accept"],
    )(accept)


def request(
    out: Annotated[Path, typer.Option("--out", metavar=_("FILE"), help=_("Write the request here."))],
    keystore: KeystoreOption = None,
    asset: Annotated[
        str | None,
        typer.Option("--asset", metavar=_("NUMBER"), help=_("Asset number of the pair, if it is known here."),
                     show_default=False),
    ] = None,
    laptop: Annotated[
        Path | None,
        typer.Option("--laptop", metavar=_("FILE"), help=_("Describe the laptop by this JSON file."),
                     show_default=False),
    ] = None,
    algorithm: Annotated[
        Literal["p256", "rsa2048"], typer.Option("--algorithm", help=_("Kind of key; rsa2048 for old gateways."))
    ] = "p256",
    imei: Annotated[
        str | None,
        typer.Option("--imei", metavar="IMEI", show_default=False,
                     help=_("IMEI of the dongle, where somebody else's authority will sign: it copies the request.")),
    ] = None,
    challenge: Annotated[
        str | None,
        typer.Option("--challenge", metavar=_("REFERENCE"), show_default=False,
                     help=_("The one-time password of a SCEP server (file:PATH).")),
    ] = None,
    legacy_3des: Annotated[
        bool,
        typer.Option("--legacy-3des",
                     help=_("With pkcs12: triple DES, for Windows Server 2016 and older, which open nothing newer.")),
    ] = False,
    new_key: Annotated[
        bool, typer.Option("--new-key", help=_("Make another key, for example after a key was compromised."))
    ] = False,
    passphrase_file: PassphraseFile = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    format_: Format = "text",
) -> None:  # fmt: skip
    from dongle_cli.binding import mine, profile, publish
    from dongle_cli.binding import request as work
    from dongle_cli.binding.checks import fingerprint
    from dongle_cli.identity import Imei

    pair.spare(out, laptop)
    keystore = _legacy(keystore) if legacy_3des else keystore
    described = _described(laptop)
    number = None if asset is None else profile.asset_number(asset)
    dongle = None if imei is None else Imei.parse(imei)
    password = None if challenge is None else _password(challenge)
    if dry_run:
        where = mine.chosen(keystore)
        plan = _("A request for laptop {laptop} would be made with a key in {keystore}.").format(
            laptop=described.serial or described.uuid, keystore=where.keystore
        )
        output.planned({"out": str(out), "keystore": where.keystore}, plan)
        return
    where, key = mine.key(keystore, pair.unlock(passphrase_file), algorithm, new=new_key)
    publish.write(out, work.write(key, described, number, imei=dongle, challenge=password))
    facts = {
        "out": str(out), "keystore": where.keystore, "label": where.label, "asset": number,
        "laptop_uuid": described.uuid, "laptop_serial": described.serial, "laptop_host": described.host,
        "laptop_ek": described.ek_sha256, "key_sha256": fingerprint(key.public_key()),
    }  # fmt: skip
    if format_ == "json":
        output.emit(facts)
        return
    output.answer(_("The request is in {path}.").format(path=out))
    output.say(_("Take it to the bench: dongle-cli bind --request {path}. The key stays here, in {keystore}.").format(
        path=out.name, keystore=where.keystore))  # fmt: skip


def accept(
    file: Annotated[Path, typer.Argument(metavar=_("FILE"), help=_("The file that the bench answered with."))],
    keystore: KeystoreOption = None,
    laptop: Annotated[
        Path | None,
        typer.Option("--laptop", metavar=_("FILE"), help=_("Describe the laptop by this JSON file."),
                     show_default=False),
    ] = None,
    trust: Annotated[
        Path | None,
        typer.Option("--trust", metavar=_("FILE"), help=_("Accept only what leads to a root in this file."),
                     show_default=False),
    ] = None,
    passphrase_file: PassphraseFile = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    force: Force = False,
    format_: Format = "text",
) -> None:  # fmt: skip
    from dongle_cli.binding import accept as work
    from dongle_cli.binding import publish
    from dongle_cli.binding import request as files

    answer = files.read_answer(publish.read(file), str(file))
    checked = work.check(
        answer, pair.unlock(passphrase_file), keystore=keystore, seen=_seen(laptop), trusted=_roots(trust), force=force
    )
    _show(checked)
    if dry_run:
        output.planned({"asset": answer.asset_no, "imei": answer.imei, "keystore": checked.mine.keystore})
        return
    output.insist(_("Install this certificate?"), yes=yes)
    checked.install()
    certificate = answer.certificate
    from dongle_cli.binding import profile

    facts = {
        "asset": answer.asset_no, "imei": answer.imei, "laptop_uuid": answer.laptop_uuid,
        "serial": profile.hexadecimal(certificate.serial_number),
        "not_after": certificate.not_valid_after_utc.isoformat(),
        "fingerprint_sha256": work.digest(certificate).replace(":", "").lower(),
        "state": "installed", "result": "already" if checked.installed else "ok",
        "keystore": checked.mine.keystore, "label": checked.mine.label,
    }  # fmt: skip
    if format_ == "json":
        output.emit(facts)
        return
    output.answer(_("The certificate of {asset} is installed in {keystore}.").format(
        asset=answer.asset_no, keystore=checked.mine.keystore))  # fmt: skip


def _described(file: Path | None) -> Laptop:
    from dongle_cli.binding import laptop
    from dongle_cli.binding.keystores.tpm2_tools import endorsement

    return laptop.from_file(file) if file is not None else laptop.this_laptop(ek=endorsement).required()


def _legacy(keystore: str | None) -> str:
    """The keystore that writes PKCS#12 the old way."""
    from dongle_cli.errors import DongleError

    kind, colon, place = (keystore or "").partition(":")
    if kind not in ("pkcs12", "pkcs12-legacy-3des"):
        raise DongleError(_("--legacy-3des goes with --keystore pkcs12."), code="usage.keystore")
    return f"pkcs12-legacy-3des{colon}{place}"


def _password(where: str) -> Secret:
    from dongle_cli.errors import DongleError
    from dongle_cli.secrets import SecretRef

    reference = SecretRef.parse(where)
    if reference is None:
        raise DongleError(
            _("--challenge names where the password is: file:PATH, credential:NAME or keyring:SERVICE/USER."),
            code="usage.challenge",
        )
    return reference.load()


def _seen(file: Path | None) -> Laptop | None:
    """This laptop; None, and said, where it cannot be told which one it is: the key is proof enough."""
    from dongle_cli.binding import laptop
    from dongle_cli.binding.keystores.tpm2_tools import endorsement

    if file is not None:
        return laptop.from_file(file)
    reading = laptop.this_laptop(ek=endorsement)
    if reading.laptop is None:
        output.say(_("The laptop's own number could not be read, so it is not compared: {reason}").format(
            reason=reading.unread["uuid"]))  # fmt: skip
    return reading.laptop


def _roots(file: Path | None) -> list[x509.Certificate]:
    from cryptography import x509

    from dongle_cli.binding import publish, verify

    if file is None:
        return []
    data = publish.read(file)
    verify.load(data, str(file))
    return list(x509.load_pem_x509_certificates(data))


def _show(checked: Checked) -> None:
    from dongle_cli.binding.accept import digest

    answer = checked.answer
    lines = [
        (_("Asset number"), answer.asset_no), ("IMEI", answer.imei), (_("Laptop UUID"), answer.laptop_uuid),
        (_("Valid until"), answer.certificate.not_valid_after_utc.isoformat()),
        (_("Root"), checked.root.subject.rfc4514_string()), ("SHA-256", digest(checked.root)),
    ]  # fmt: skip
    output.say("\n".join(f"{name}: {value}" for name, value in lines))
