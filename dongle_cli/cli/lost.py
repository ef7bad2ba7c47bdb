"""`dongle-cli lost`: a dongle is gone; what software can do at once, and letters for what others must do."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from dongle_cli.cli import effect, output, pair
from dongle_cli.cli.effect import GatewayCa, GatewayName, GatewayOption, GatewaySecret, VerifyEffect, Within
from dongle_cli.cli.options import DryRun, Format, Yes, explained
from dongle_cli.cli.pair import Asset, Folder, Imei, PassphraseFile
from dongle_cli.cli.revoke import outcome, published
from dongle_cli.i18n import _

if TYPE_CHECKING:
    from dongle_cli.binding.lost import Case
    from dongle_cli.register.bindings import Binding


@explained(
    _("A dongle was lost: revoke its certificate, publish the CRL, and write the requests for carrier, AD and police."),
    example="dongle-cli lost --asset PF0000001 --how stolen --claimed-time 2026-11-23T18:30",
)
def lost(
    imei: Imei = None,
    asset: Asset = None,
    how: Annotated[
        Literal["maybe", "lost", "stolen"],
        typer.Option("--how", help=_("maybe: on hold, can be taken back with found; lost, stolen: for good.")),
    ] = "lost",
    claimed: Annotated[
        str | None,
        typer.Option("--claimed-time", metavar=_("TIME"), show_default=False,
                     help=_("When it was lost, as the caller says (2026-11-23T18:30); measured times stay apart.")),
    ] = None,
    laptop: Annotated[
        Literal["with", "safe", "unknown"], typer.Option("--laptop", help=_("Is the laptop gone with it?"))
    ] = "unknown",
    place: Annotated[
        str | None, typer.Option("--place", metavar=_("TEXT"), help=_("Where, as the caller says."), show_default=False)
    ] = None,
    user: Annotated[
        str | None, typer.Option("--user", metavar=_("ACCOUNT"), help=_("The borrower's account."), show_default=False)
    ] = None,
    sims: Annotated[
        Path | None,
        typer.Option("--sims", metavar=_("FILE"), show_default=False,
                     help=_("SIM list that has the telephone number, for the carrier.")),
    ] = None,
    letters: Annotated[
        Path | None,
        typer.Option("--requests", metavar=_("DIR"), help=_("Folder for the requests."), show_default=False),
    ] = None,
    out: pair.Out = None,
    folder: Folder = None,
    passphrase_file: PassphraseFile = None,
    verify_effect: VerifyEffect = False,
    gateway: GatewayOption = None,
    secret: GatewaySecret = None,
    gateway_name: GatewayName = None,
    gateway_ca: GatewayCa = None,
    within: Within = 600,
    dry_run: DryRun = False,
    yes: Yes = False,
    format_: Format = "text",
) -> int:  # fmt: skip
    from dongle_cli.binding import lost as work
    from dongle_cli.binding import revoke
    from dongle_cli.register.register import Register

    received, json = datetime.now().astimezone(), format_ == "json"
    tried = effect.trial(verify_effect, gateway, secret, gateway_name, gateway_ca, within, None, None)
    moment = work.claimed_time(claimed, received)
    with Register.open() as register:
        known = work.find(register, imei, asset)
        case = work.Case(known, how, laptop, received, moment, place, user)
        case.msisdn = _msisdn(sims, known.iccid)
        ending = revoke.to_end(known.bindings, work.REASONS[how])
        settings, unlocked = revoke.settings_if_any(folder), pair.unlock(passphrase_file)
        if not json:
            _introduce(case, ending)
        if dry_run:
            return _planned(case, ending, settings is not None)
        output.insist(_("Cut this dongle off?"), yes=yes)
        since = moment.astimezone(UTC).isoformat() if moment and how != "maybe" else None
        ended = revoke.end(register, ending, work.REASONS[how], since)
        case.revoked = _first_end(ended or list(known.bindings))
        case.held = any(one.state == "held" for one in ended or known.bindings)
        # The letters must be written whatever happens to the list.
        bound = ended or known.bindings
        made, trouble = published(register, bound, folder, out, unlocked) if bound else (None, None)
        if made is not None:
            case.published = datetime.now().astimezone()
        # The letters first: measuring may take minutes, and the carrier must not wait for it.
        at = letters or _letters(case)
        work.write(case, at)
        number = made.number if made else None
        shown = [pair.told(one) for one in ended or known.bindings]
        body = {**_facts(case), "crl_number": number, "bindings": shown}
        records = pair.Records(register, folder, unlocked)
        records.keep("lost", known.asset_no, body)
        if not json:
            _report(case, ended)
            _left(case)
        measured = tried.after(register, settings, unlocked, out, published=made is not None) if tried else None
        if measured is not None:
            case.refused = datetime.fromisoformat(measured.first_refused) if measured.first_refused else None
            work.write(case, at)
            told = {"asset": known.asset_no, "effect": effect.told(measured)}
            records.keep("lost-effect", known.asset_no, told)
    if json:
        told = {"result": outcome(bool(ended), trouble), "code": trouble.code if trouble else None}
        output.emit({**told, **body, **_facts(case), "effect": effect.told(measured)})
    elif measured is not None:
        effect.say(measured)
    if trouble is not None:
        raise trouble
    return effect.exit_code([measured])


def _msisdn(sims: Path | None, iccid: str | None) -> str | None:
    if sims is None or iccid is None:
        return None
    from dongle_cli.identity import Iccid
    from dongle_cli.provision.sims import load_sims

    row = load_sims(sims).by_iccid(Iccid.parse(iccid))
    return row.msisdn if row else None


def _letters(case: Case) -> Path:
    from dongle_cli import paths
    from dongle_cli.binding.exports.client import file_name

    return paths.data_dir() / "lost" / f"{file_name(case.known.asset_no)}-{case.received:%Y%m%d-%H%M%S}"


def _first_end(bound: list[Binding]) -> datetime | None:
    moments = [datetime.fromisoformat(one.revoked) for one in bound if one.revoked]
    return max(moments).astimezone() if moments else None


def _facts(case: Case) -> dict[str, Any]:
    from dongle_cli.identity import mask_digits

    def seconds(since: datetime | None) -> float | None:
        span = case.elapsed(since)
        return round(span.total_seconds(), 1) if span is not None else None

    def iso(moment: datetime | None) -> str | None:
        return moment.isoformat(timespec="milliseconds") if moment else None

    known = case.known
    return {
        "asset": known.asset_no, "imei": known.imei, "iccid": known.iccid, "how": case.how, "laptop": case.laptop,
        "msisdn": mask_digits(case.msisdn) if case.msisdn else None,
        "claimed": {"lost": iso(case.claimed), "place": case.place},
        "measured": {
            "last_seen": known.last_seen, "received": iso(case.received), "revoked": iso(case.revoked),
            "crl_published": iso(case.published), "gateway_refused": iso(case.refused),
        },
        "elapsed": {
            "received_to_revoked": seconds(case.received), "claimed_to_revoked": seconds(case.claimed),
        },
        "requests": [{"for": name, "path": str(path)} for name, path in case.requests.items()],
    }  # fmt: skip


def _planned(case: Case, ending: list[Binding], lists: bool) -> int:
    held = _("Its certificate would be put on hold.") if case.how == "maybe" else _("Its certificate would be revoked.")
    plan = [*([held] if ending else []), *([_("A new CRL would be signed.")] if case.known.bindings and lists else [])]
    facts = {**_facts(case), "bindings": [pair.told(one) for one in ending]}
    output.planned(facts, *plan, _("The requests would be written."))
    return 0


def _introduce(case: Case, ending: list[Binding]) -> None:
    pair.show(case.known.bindings)
    if not case.known.bindings:
        output.say(_("{asset} is bound to no laptop: there is no certificate to revoke, but a line.").format(
            asset=case.known.asset_no))  # fmt: skip
    elif not ending:
        output.say(_("Its certificate is revoked already; the requests are written again."))


def _report(case: Case, ended: list[Binding]) -> None:
    from dongle_cli.binding import lost as work

    for one in ended:
        output.answer(
            _("{asset}: certificate {serial} is {state} in the register.").format(
                asset=one.asset_no, serial=one.serial or "-", state=_(pair.STATES[one.state])
            )
        )
    rows = [
        [_("Claimed: lost"), work.shown(case.claimed)],
        [_("Measured: last seen at the bench"), work.shown(case.known.last_seen)],
        [_("Measured: report received"), work.shown(case.received)],
        [
            _("Measured: certificate put on hold") if case.held else _("Measured: certificate revoked"),
            work.shown(case.revoked),
        ],
        [_("Measured: CRL published"), work.shown(case.published)],
        [_("Measured: gateway refuses"), work.shown(case.refused)],
        [_("From the claimed time to the revocation"), work.duration(case.elapsed(case.claimed))],
    ]
    output.table([_("What"), _("When")], [[name, value or "-"] for name, value in rows])


def _left(case: Case) -> None:
    from dongle_cli.binding import lost as work

    output.answer(_("Still to be done by people:"))
    for number, (name, text) in enumerate(work.REQUESTS.items(), 1):
        output.answer(f"{number}. " + _(text).format(path=case.requests[name]))
    if case.held:
        output.answer(
            _("When it turns up: {command}").format(command=f"dongle-cli found --asset {case.known.asset_no}")
        )
