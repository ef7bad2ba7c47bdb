"""`dongle-cli revoke` and `unbind`: the end of a binding."""

from __future__ import annotations

from collections.abc import Sequence
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
from dongle_cli.i18n import _, ngettext

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
    json = format_ == "json"
    if reason == "removeFromCRL":
        from dongle_cli.cli.found import release

        return release(
            imei, asset, serial, out, folder, passphrase_file, dry_run=dry_run, yes=yes, json=json,
            more={"reason": reason, "effect": None},
        )  # fmt: skip
    tried = effect.trial(verify_effect, gateway, secret, gateway_name, gateway_ca, within, probe_certificate, probe_key)
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
) -> int:
    json = format_ == "json"
    return end(
        "cessationOfOperation", imei, asset, serial, out, folder, passphrase_file,
        dry_run=dry_run, yes=yes, json=json,
    )  # fmt: skip


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
        settings, unlocked = work.settings_if_any(folder), pair.unlock(passphrase_file)
        if dry_run:
            lists = settings is not None and any(one.authority == "local" for one in ending or found)
            return _planned(ending, reason, lists)
        if ending:
            output.insist(_("Revoke these ({reason})?").format(reason=reason), yes=yes)
        if tried is not None:
            tried.before(register, settings, unlocked)
        ended = work.end(register, ending, reason)
        # Also where nothing was left to end: a run that was cut off may have ended it and not published it.
        made, trouble = published(register, ended or found, folder, out, unlocked)
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
        output.emit(
            {
                "result": outcome(bool(ended), trouble),
                "code": trouble.code if trouble else None,
                "reason": reason,
                "bindings": [pair.told(one) for one in ended or found],
                "crl_number": made.number if made else None,
                "effect": effect.told(measured),
            }
        )
    elif measured is not None:
        effect.say(measured)
    if trouble is not None:
        raise trouble
    return effect.exit_code([measured])


def outcome(changed: bool, trouble: DongleError | None) -> str:
    """The word for `result`: what the register has and no gateway will hear of is not "ok"."""
    return "failed" if trouble else "ok" if changed else "already"


def _planned(ending: list[Binding], reason: str, lists: bool) -> int:
    count = len(ending)
    ended = ngettext(
        "{count} certificate would be revoked ({reason}).", "{count} certificates would be revoked ({reason}).", count
    ).format(count=count, reason=reason)
    plan = [*([ended] if ending else []), *([_("A new CRL would be signed.")] if lists else [])]
    output.planned({"reason": reason, "bindings": [pair.told(one) for one in ending]}, *plan)
    return 0


def _say_ended(ended: list[Binding]) -> None:
    for one in ended:
        output.answer(
            _("{asset}: certificate {serial} is {state} in the register.").format(
                asset=one.asset_no, serial=one.serial or "-", state=_(pair.STATES[one.state])
            )
        )


def published(
    register: Register,
    bound: Sequence[Binding],
    folder: Path | None,
    out: Path | None,
    unlocked: Unlock,
    *,
    good_again: bool = False,
) -> tuple[Crl | None, DongleError | None]:
    """The new CRL, or what kept it from being signed: the caller still answers, and then raises it.

    What the register has holds nowhere until the list is out. Neither, where another authority issued all that is
    `bound`: a list of this bench does not name it.
    """
    from dongle_cli.binding import revoke as work

    foreign = [one for one in bound if one.authority != "local"]
    for one in foreign:
        output.say(
            _("The certificate of {asset} is from {authority}: they have to be told, no CRL of this bench names it.")
            .format(asset=one.asset_no, authority=one.authority)
        )  # fmt: skip
    if foreign and len(foreign) == len(bound):
        return None, None
    settings = work.settings_if_any(folder)
    if settings is None:
        output.say(_("Whoever issued the certificate has to revoke it too: this bench has no authority of its own."))
        return None, None
    try:
        made = work.write_crl(register, settings, unlocked, out)
    except DongleError as error:
        return None, DongleError(
            _("The register has it, but the CRL is not renewed: {message}").format(message=error.message),
            code=error.code,
            hint=_("Gateways know nothing yet. Run: dongle-cli ca crl --passphrase-file FILE"),
        )
    refused = _("CRL number {number} is signed. Gateways refuse the certificate when they have read it.")
    accepted = _("CRL number {number} is signed. Gateways let the certificate in again when they have read it.")
    output.say((accepted if good_again else refused).format(number=made.number))
    return made, None
