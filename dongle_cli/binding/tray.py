"""A tray of dongles and a list of laptops: which row each plugged dongle belongs to, by its own numbers alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dongle_cli.binding import ask, issue, publish
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _

if TYPE_CHECKING:
    from dongle_cli.binding.ask import Asked
    from dongle_cli.binding.authorities import Authority
    from dongle_cli.identity import DongleIdentity, Iccid, Imei, Laptop
    from dongle_cli.register.bindings import Binding
    from dongle_cli.register.register import Register


@dataclass(frozen=True)
class Row:
    """One laptop of the list, and the dongle or the SIM that it is to be bound to."""

    row: int  # of the sheet, from 1
    asset_no: str
    imei: Imei | None = None
    iccid: Iccid | None = None
    request: Path | None = None
    csr: Path | None = None
    described: Path | Laptop | None = None

    def asked(self) -> Asked:
        """The laptop's request, read and checked."""
        if self.request is not None:
            return ask.read(request=self.request, asset=self.asset_no)
        if self.csr is None or self.described is None:
            raise ValueError("a row has a request, or a CSR and a laptop")
        return ask.loose(publish.read(self.csr), self.described, self.asset_no)


@dataclass(frozen=True)
class Outcome:
    """What became of one dongle."""

    port: str
    result: Literal["ok", "already", "failed", "skipped"]
    who: DongleIdentity | None = None
    row: Row | None = None
    binding: Binding | None = None
    out: str | None = None
    error: DongleError | None = None


def match(rows: Sequence[Row], who: DongleIdentity) -> Row:
    """The row of this dongle; DongleError `binding.unlisted`, or `binding.list-differs` where it is contradicted."""
    if who.imei is None:
        raise DongleError(_("The dongle does not say its IMEI."), code="modem.no-imei")
    significant = who.imei.significant
    by_imei = next((row for row in rows if row.imei is not None and row.imei.significant == significant), None)
    by_iccid = next((row for row in rows if row.iccid is not None and _same_card(row.iccid, who.iccid)), None)
    found = by_imei or by_iccid
    if found is None:
        raise DongleError(
            _("Neither IMEI {imei} nor ICCID {iccid} is in the list.").format(imei=who.imei, iccid=who.iccid or "-"),
            code="binding.unlisted",
            hint=_("Put the dongle aside, or add it to the list."),
        )
    others = [
        (
            _("row {row} has IMEI {imei}").format(row=found.row, imei=found.imei),
            found.imei is not None and by_imei is None,
        ),
        (
            _("row {row} has ICCID {iccid}").format(row=found.row, iccid=found.iccid),
            found.iccid is not None and who.iccid is not None and by_iccid is not found,
        ),
        (
            _("row {row} has this SIM").format(row=by_iccid.row if by_iccid else 0),
            by_iccid is not None and by_iccid is not found,
        ),
    ]
    if wrong := [text for text, differs in others if differs]:
        raise DongleError(
            _("The dongle has IMEI {imei} and ICCID {iccid}, but {what}.").format(
                imei=who.imei, iccid=who.iccid or "-", what=", ".join(wrong)
            ),
            code="binding.list-differs",
            hint=_("Was the SIM put into another dongle? Put it right, or correct the list."),
        )
    return found


def _same_card(listed: Iccid, seen: Iccid | None) -> bool:
    """Firmwares and lists may leave the check digit out."""
    return seen is not None and (
        listed == seen or seen.digits[:-1] == listed.digits or listed.digits[:-1] == seen.digits
    )


def refuse_twins(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Two dongles that say the same IMEI are both refused: one of them is a copy, and nobody can tell which."""
    seen: dict[str, list[str]] = {}
    for one in outcomes:
        if one.who is not None and one.who.imei is not None:
            seen.setdefault(one.who.imei.significant, []).append(one.port)
    return [_twin(one, seen[one.who.imei.significant]) if one.who and one.who.imei else one for one in outcomes]


def _twin(one: Outcome, ports: list[str]) -> Outcome:
    if len(ports) < 2:
        return one
    error = DongleError(
        _("The dongles at {ports} say the same IMEI.").format(ports=", ".join(ports)),
        code="modem.twin-imei",
        hint=_("Put them aside and ask the supplier: an IMEI exists once."),
    )
    return Outcome(one.port, "failed", one.who, error=error)


def bind(
    register: Register,
    signer: Authority,
    one: Outcome,
    folder: Path,
    *,
    opaque: bool = False,
    days: int | None = None,
    dry_run: bool = False,
    force: bool = False,
) -> Outcome:
    """Bind the dongle of `one` to the laptop of its row; the answer goes to a file of its own in `folder`."""
    if one.who is None or one.row is None:
        return one
    from urllib.parse import quote

    asked = one.row.asked()
    wanted = ask.pair(asked, one.who, authority=signer.name, opaque=opaque)
    ask.check_names(asked, wanted, one.who)
    out = folder / f"{quote(asked.asset_no, safe=' ')}.{'answer' if asked.whole else 'pem'}"
    before = issue.earlier(register, wanted)
    if before is None or before.state not in ("active", "signed"):
        issue.check_free(register, wanted)
    already = before is not None and before.state == "active"
    if dry_run:
        return Outcome(one.port, "already" if already else "skipped", one.who, one.row, before, str(out))

    def deliver(binding: Binding) -> None:
        publish.write(out, ask.answer(asked, binding, signer.chain), repeatable=True)

    bound = issue.issue(
        register, signer, wanted, asked.public_key, deliver, request=asked.csr, days=days, force=force
    )  # fmt: skip
    return Outcome(one.port, "already" if already else "ok", one.who, one.row, bound, str(out))
