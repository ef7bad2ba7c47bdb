"""`dongle-cli found`: what was on hold is back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dongle_cli.cli import output, pair
from dongle_cli.cli.options import DryRun, Format, Yes, explained
from dongle_cli.cli.pair import Asset, Folder, Imei, Out, PassphraseFile, Serial
from dongle_cli.cli.revoke import outcome, published
from dongle_cli.i18n import _


@explained(
    _("What was put on hold is back: the certificate is good again with the next CRL. What was revoked stays revoked."),
    example="dongle-cli found --asset PF0000001",
)
def found(
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
    return release(imei, asset, serial, out, folder, passphrase_file, dry_run=dry_run, yes=yes, json=json, more={})


def release(
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
    more: Mapping[str, object],
) -> int:
    """Find, ask, take off hold, publish, answer (`more` joins the JSON): `found`, and revoke for removeFromCRL."""
    from dongle_cli.binding import change as work
    from dongle_cli.binding.revoke import Named
    from dongle_cli.register.register import Register

    with Register.open() as register:
        known = work.to_release(register, Named(imei, asset, serial))
        held = [one for one in known if one.state == "held"]
        if not json:
            pair.show(known)
        if not held:
            output.say(_("There is nothing to do: it is in force."))
        if dry_run:
            plan = [_("It would be taken off hold, and a new CRL signed.")] if held else []
            output.planned({"bindings": [pair.told(one) for one in held], **more}, *plan)
            return 0
        if held:
            output.insist(_("Is it really back, and has it been checked?"), yes=yes)
        known = work.release(register, held) or known
        unlocked = pair.unlock(passphrase_file)
        made, trouble = published(register, known, folder, out, unlocked, good_again=True)
        number = made.number if made else None
        records = pair.Records(register, folder, unlocked)
        for one in known if held else ():
            records.keep("found", one.asset_no, {"binding": pair.told(one), "crl_number": number})
    if json:
        told = {"result": outcome(bool(held), trouble), "code": trouble.code if trouble else None}
        output.emit({**told, "bindings": [pair.told(one) for one in known], "crl_number": number, **more})
    for one in known if not json else ():
        output.answer(_("{asset} is in force again.").format(asset=one.asset_no))
    if trouble is not None:
        raise trouble
    return 0
