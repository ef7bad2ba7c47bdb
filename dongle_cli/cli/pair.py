"""What the commands of binding share: their options, unlocking, and reading who the plugged dongle is."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dongle_cli.cli import output, state
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _
from dongle_cli.register.words import STATES as STATES

if TYPE_CHECKING:
    from dongle_cli.binding.signing import Signer
    from dongle_cli.binding.unlock import Unlock
    from dongle_cli.identity import DongleIdentity
    from dongle_cli.register.bindings import Binding
    from dongle_cli.register.register import Register
    from dongle_cli.secrets import Secret
    from dongle_cli.usb.device import UsbDevice

PassphraseFile = Annotated[
    str | None,
    typer.Option(
        "--passphrase-file",
        metavar=_("FILE"),
        help=_("File (mode 0600) whose first line unlocks the keys, where there is no keyring."),
        show_default=False,
    ),
]
Folder = Annotated[
    Path | None,
    typer.Option("--dir", metavar=_("DIR"), help=_("Folder of the authority."), show_default=False),
]
Imei = Annotated[str | None, typer.Option("--imei", metavar="IMEI", help=_("IMEI of the dongle."), show_default=False)]
Asset = Annotated[
    str | None, typer.Option("--asset", metavar=_("NUMBER"), help=_("Asset number of the pair."), show_default=False)
]
Serial = Annotated[
    str | None,
    typer.Option("--serial", metavar="HEX", help=_("Serial number of the certificate."), show_default=False),
]
Out = Annotated[Path | None, typer.Option("--out", metavar=_("FILE"), help=_("Write it here."), show_default=False)]


def unlock(passphrase_file: str | None) -> Unlock:
    """How keys are opened: by the file, the keyring, or at a terminal by asking."""
    from dongle_cli.binding.unlock import Unlock

    interactive = not state.json and sys.stdin.isatty() and sys.stderr.isatty()
    return Unlock(passphrase_file, _ask if interactive else None)


def _ask(what: str) -> Secret:
    from getpass import getpass

    from dongle_cli.secrets import Secret

    return Secret(getpass(f"{what}: ", stream=sys.stderr))


def spare(out: Path | None, *read: Path | None) -> None:
    """DongleError `usage.out` where the answer would be written over one of the files that are `read`."""
    for path in read:
        if out is not None and path is not None and out.exists() and path.exists() and out.samefile(path):
            raise DongleError(
                _("{path} is read: the answer would be written over it.").format(path=path),
                code="usage.out",
                hint=_("Name another file with --out."),
            )


def choose(device: str | None) -> UsbDevice:
    """The one dongle that is meant."""
    from dongle_cli.cli.select import choose as named
    from dongle_cli.provision.session import imei_of

    return named(device, imei_of=imei_of)[0]


def identity(chosen: UsbDevice) -> DongleIdentity:
    """Who the dongle says it is; a stick that shows its CD-ROM is made a modem first. `modem.no-imei` if it is mute."""
    from dongle_cli.errors import DongleError
    from dongle_cli.modem.identity import read_identity
    from dongle_cli.provision.session import Session

    with Session(chosen, notice=output.say) as session:
        session.refuse_unmanaged()
        if session.in_storage_mode:
            session.switch()
        found = read_identity(session.modem)
    if found.imei is None:
        raise DongleError(
            _("{port}: the dongle does not say its IMEI, or says one that is none.").format(port=chosen.port),
            code="modem.no-imei",
            hint=_("Unplug it, wait ten seconds, plug it in. If it stays so, put the dongle aside."),
        )
    return found


def told(binding: Binding, **more: object) -> dict[str, object]:
    """A binding as JSON; the contract's keys first."""
    return {
        "asset": binding.asset_no,
        "imei": binding.imei,
        "laptop_uuid": binding.laptop_uuid,
        "serial": binding.serial,
        "not_after": binding.not_after,
        "fingerprint_sha256": binding.fingerprint_sha256,
        "state": binding.state,
        "iccid": binding.iccid,
        "laptop_serial": binding.laptop_serial,
        "laptop_host": binding.laptop_host,
        "profile": binding.profile,
        "reason": binding.reason,
        "revoked": binding.revoked,
        **more,
    }


def show(found: Sequence[Binding]) -> None:
    """Bindings as a table for people."""
    columns = [_("Asset number"), _("State"), "IMEI", _("Laptop"), _("Serial number"), _("Until"), _("Reason")]
    rows = [
        [b.asset_no, _(STATES[b.state]), b.imei, b.laptop_host or b.laptop_serial or b.laptop_uuid, b.serial,
         (b.not_after or "")[:10], b.reason]
        for b in found
    ]  # fmt: skip
    output.table(columns, rows)


@dataclass
class Records:
    """Keeps what a command does, signed where this bench has an evidence key; that is opened once, at the first record.

    Where it cannot be opened the records stand unsigned, and that is said.
    """

    register: Register
    folder: Path | None
    unlock: Unlock
    _signer: Signer | DongleError | None = None

    def keep(self, kind: str, name: str, body: Mapping[str, object]) -> Path:
        """Keep the record of what was done to `name` (an asset number); and the day's head of the history."""
        from dongle_cli.binding import ca, signing

        path = signing.record(self.register, kind, name, body)
        if not ca.exists(self.folder):
            return path
        try:
            signer = self._opened()
            signer.sign(path)
            signing.daily(self.register, signer)
        except DongleError as error:
            output.say(_("The record {name} is not signed: {message}").format(name=path.name, message=error.message))
            output.say(_("Sign it later with: {command}").format(command="dongle-cli evidence sign --all"))
        return path

    def _opened(self) -> Signer:
        from dongle_cli.cli.evidence import open_signer

        if self._signer is None:
            try:
                self._signer = open_signer(self.folder, self.unlock)
            except DongleError as error:
                self._signer = error  # nobody is asked for the same passphrase at every record
        if isinstance(self._signer, DongleError):
            raise self._signer
        return self._signer
