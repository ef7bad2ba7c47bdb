"""`dongle-cli revoke` and `unbind`: the end of a binding."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dongle_cli.cli import effect, output, pair
from dongle_cli.cli.effect import (
    GatewayCa,
    GatewayName,
    GatewayOption,
    GatewaySecret,
    ProbeCertificate,
    ProbeKey,
    VerifyEffect,
    Within,
)
from dongle_cli.cli.options import DryRun, Format, Yes, explained
from dongle_cli.cli.pair import Asset, Folder, Imei, Out, PassphraseFile, Serial
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _

if TYPE_CHECKING:
    from dongle_cli.binding.crl import Crl
    from dongle_cli.binding.unlock import Unlock
    from dongle_cli.register.bindings import Binding
    from dongle_cli.register.register import Register

Reason = Annotated[
    Literal[
        "unspecified", "keyCompromise", "cACompromise", "affiliationChanged", "superseded", "cessationOfOperation",
        "certificateHold", "removeFromCRL", "privilegeWithdrawn", "aACompromise",
    ],
    typer.Option(
        "--reason",
        metavar=_("REASON"),  # ten long words do not fit a page
        help=_(
            "Why, in the words of RFC 5280: keyCompromise (lost or stolen), superseded (exchanged), "
            "cessationOfOperation (returned), certificateHold (can be taken back), "
            "privilegeWithdrawn, affiliationChanged, unspecified…"
        ),
    ),
]  # fmt: skip


@explained(
    _("Revoke the certificates of a dongle, and sign a new CRL. A gateway refuses them when it has read the CRL."),
    example="dongle-cli revoke --imei 490154203237518 --reason keyCompromise",
)
def revoke(
    reason: Reason,
    imei: Imei = None,
    asset: Asset = None,
    serial: Serial = None,
    out: Out = None,
    folder: Folder = None,
    passphrase_file: PassphraseFile = None,
    verify_effect: VerifyEffect = False,
    gateway: GatewayOption = None,
    secret: GatewaySecret = None,
    gateway_name: GatewayName = None,
    gateway_ca: GatewayCa = None,
    within: Within = 600,
    probe_certificate: ProbeCertificate = None,
    probe_key: ProbeKey = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    format_: Format = "text",
) -> int:
    if verify_effect and reason == "removeFromCRL":
        raise DongleError(_("What is taken off hold is let in again: nothing is refused."), code="usage.reason")
    tried = effect.trial(verify_effect, gateway, secret, gateway_name, gateway_ca, within, probe_certificate, probe_key)
    json = format_ == "json"
    return end(
        reason, imei, asset, serial, out, folder, passphrase_file, dry_run=dry_run, yes=yes, json=json, tried=tried
    )


@explained(
    _("End a binding because dongle or laptop came back; the certificate is revoked."),
    example="dongle-cli unbind --asset PF0000001",
)
def unbind(
    imei: Imei = None,
    asset: Asset = None,
    serial: Serial = None,
    out: Out = None,
    folder: Folder = None,
    passphrase_file: PassphraseFile = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    format_: Format = "text",
) -> None:
    json = format_ == "json"
    end("cessationOfOperation", imei, asset, serial, out, folder, passphrase_file, dry_run=dry_run, yes=yes, json=json)


def end(
    reason: str,
    imei: str | None,
    asset: str | None,
    serial: str | None,
    out: Path | None,
    folder: Path | None,
    passphrase_file: str | None,
    *,
    dry_run: bool,
    yes: bool,
    json: bool,
    tried: effect.Trial | None = None,
) -> int:
    """Find, ask, revoke, publish, measure, answer; the exit code."""
    from dongle_cli.binding import revoke as work
    from dongle_cli.register.register import Register

    with Register.open() as register:
        found = work.Named(imei, asset, serial).find(register)
        ending = work.to_end(found, reason)
        if not json:
            pair.show(ending or found)
        if not ending:
            output.say(_("There is nothing to do: no certificate of these is left to end."))
        if dry_run:
            if json:
                output.emit({"result": "planned", "reason": reason, "bindings": [pair.told(one) for one in ending]})
            return 0
        if ending and not output.confirm(_("Revoke these ({reason})?").format(reason=reason), yes=yes):
            return 0
        settings, unlocked = work.settings_if_any(folder), pair.unlock(passphrase_file)
        if tried is not None:
            tried.before(register, settings, unlocked)
        ended = work.end(register, ending, reason)
        # Also where nothing was left to end: a run that was cut off may have ended it and not published it.
        made = published(register, folder, passphrase_file, out, unlocked)
        records = pair.Records(register, folder, unlocked)
        for one in ended:
            body = {"reason": reason, "binding": pair.told(one), "crl_number": made.number if made else None}
            records.keep("revoke", one.asset_no, body)
        if not json:  # measuring may take minutes
            _say_ended(ended)
        measured = tried.after(register, settings, unlocked, out, published=made is not None) if tried else None
        if measured is not None:
            names = [one.asset_no for one in ended or found]
            told = {"assets": names, "effect": effect.told(measured)}
            records.keep("revoke-effect", names[0], told)
    if json:
        result = "ok" if ended else "already"
        shown = [pair.told(one) for one in ended or found]
        number = made.number if made else None
        output.emit(
            {
                "result": result,
                "reason": reason,
                "bindings": shown,
                "crl_number": number,
                "effect": effect.told(measured),
            }
        )
        return effect.exit_code([measured])
    if measured is not None:
        effect.say(measured)
    return effect.exit_code([measured])


def _say_ended(ended: list[Binding]) -> None:
    for one in ended:
        output.answer(
            _("{asset}: certificate {serial} is {state} in the register.").format(
                asset=one.asset_no, serial=one.serial or "-", state=_(pair.STATES[one.state])
            )
        )


def published(
    register: Register,
    folder: Path | None,
    passphrase_file: str | None,
    out: Path | None,
    unlocked: Unlock | None = None,
    *,
    good_again: bool = False,
) -> Crl | None:
    """Sign a new CRL where the key can be opened; where it cannot, say that gateways know nothing yet."""
    from dongle_cli.binding import revoke as work

    settings = work.settings_if_any(folder)
    if settings is None:
        output.say(_("Whoever issued the certificate has to revoke it too: this bench has no authority of its own."))
        return None
    try:
        made = work.write_crl(register, settings, unlocked or pair.unlock(passphrase_file), out)
    except DongleError as error:
        if error.code in ("secret.missing", "secret.no-keyring") and passphrase_file is None and out is None:
            output.say(_("The CRL is not renewed: {message}").format(message=error.message))
            output.say(_("Gateways know nothing yet. Run: dongle-cli ca crl --passphrase-file FILE"))
            return None
        raise DongleError(
            _("The register has it, but the CRL is not renewed: {message}").format(message=error.message),
            code=error.code,
            hint=_("Gateways know nothing yet. Run: dongle-cli ca crl --passphrase-file FILE"),
        ) from None
    refused = _("CRL number {number} is signed. Gateways refuse the certificate when they have read it.")
    accepted = _("CRL number {number} is signed. Gateways let the certificate in again when they have read it.")
    output.say((accepted if good_again else refused).format(number=made.number))
    return made
