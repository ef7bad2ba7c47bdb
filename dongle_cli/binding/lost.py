"""A lost dongle: who it is, what is claimed and what is measured, and the requests for what others must do."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dongle_cli.binding import publish
from dongle_cli.binding.profile import asset_number
from dongle_cli.binding.revoke import Named
from dongle_cli.errors import DongleError
from dongle_cli.i18n import N_, _
from dongle_cli.identity import Imei, mask_digits
from dongle_cli.register.bindings import Binding

if TYPE_CHECKING:
    from dongle_cli.register.register import Register

How = Literal["maybe", "lost", "stolen"]
LaptopState = Literal["with", "safe", "unknown"]
# A hold can be taken back; what is certainly gone is never trusted again.
REASONS: dict[str, str] = {"maybe": "certificateHold", "lost": "keyCompromise", "stolen": "keyCompromise"}
REQUESTS = {
    "carrier": N_("Suspend the line: send {path} to the carrier. Suspend, do not cancel."),
    "directory": N_("Disable the RADIUS login, the computer and the sessions: send {path} to the administrators."),
    "wipe": N_("Decide what goes first, wipe or line, with {path}: a line that is stopped stops the wipe too."),
    "police": N_("Report it to the police with {path}."),
    "csirt": N_("Report it to the CSIRT with {path}."),
}
# The documents are in both languages whatever the screen speaks: they go to people who read one or the other.
_HOW = {"maybe": ("紛失のおそれ", "perhaps lost"), "lost": ("紛失", "lost"), "stolen": ("盗難", "stolen")}
_LAPTOP = {
    "with": ("ドングルと一緒に失われた", "lost together with the dongle"),
    "safe": ("手元にある", "at hand"),
    "unknown": ("不明（確認してください）", "unknown (find out)"),
}
# What became of the certificate, and what the moment beside it is called; no letter calls a hold the end.
_ENDED = {
    "revoked": ("証明書は次の日時に失効させました", "The certificate was revoked"),
    "held": (
        "証明書は次の日時に一時停止にしました（見つかれば戻せます）",
        "The certificate was put on hold (it can be taken back)",
    ),
    "none": ("このドングルには証明書がありません", "This dongle has no certificate"),
}
_ENDED_AT = {True: ("証明書を一時停止", "certificate on hold"), False: ("証明書を失効", "certificate revoked")}
_DATA = Path(__file__).with_name("data") / "lost"
_NONE = "-"


@dataclass(frozen=True)
class Known:
    """What the register knows of the dongle; with no binding there is no certificate to end, but still a line."""

    asset_no: str
    imei: str
    iccid: str | None
    last_seen: str | None  # at a bench of ours
    bindings: tuple[Binding, ...] = ()

    @property
    def binding(self) -> Binding | None:
        """The newest, for the laptop's name."""
        return self.bindings[0] if self.bindings else None


@dataclass
class Case:
    """One report of a loss: what the caller says on one side, what records and clocks say on the other."""

    known: Known
    how: How
    laptop: LaptopState
    received: datetime
    claimed: datetime | None = None
    place: str | None = None
    user: str | None = None
    msisdn: str | None = None
    revoked: datetime | None = None
    held: bool = False  # what was measured at `revoked` is a hold, which can be taken back
    published: datetime | None = None
    refused: datetime | None = None
    requests: dict[str, Path] = field(default_factory=dict)

    def elapsed(self, since: datetime | None) -> timedelta | None:
        """From `since` to the revocation."""
        return self.revoked - since if self.revoked and since else None


def find(register: Register, imei: str | None, asset: str | None) -> Known:
    """The dongle of that name; DongleError `binding.unknown` where the register has neither binding nor dongle."""
    try:
        found = tuple(Named(imei, asset).find(register))
    except DongleError as error:
        if error.code != "binding.unknown":
            raise
        found = ()
    number = found[0].imei if found else None
    if number is None and imei is not None:
        number = str(Imei.parse(imei))
    equal = {"imei": number} if number else {"asset_no": asset_number(asset or "")}
    rows = register.rows("dongles", 1, **equal)
    if not found and not rows:
        raise DongleError(
            _("The register knows no dongle of {name}.").format(name=imei or asset),
            code="binding.unknown",
            hint=_("Compare it with the loan slip. Have the carrier suspend the line at once all the same."),
        )
    row = rows[0] if rows else {}
    return Known(
        found[0].asset_no if found else row.get("asset_no") or asset or _NONE,
        found[0].imei if found else row["imei"],
        (found[0].iccid if found else None) or row.get("iccid"),
        max([moment for moment in (row.get("last_seen"), *(one.created for one in found)) if moment], default=None),
        found,
    )


def claimed_time(text: str | None, now: datetime) -> datetime | None:
    """The time that the caller claims, by this machine's clock where it names no offset; DongleError `usage.time`."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text.strip().replace("/", "-")).astimezone()
    except ValueError:
        raise DongleError(
            _("{value} is no time.").format(value=ascii(text)),
            code="usage.time",
            hint=_("Write it as 2026-11-23T18:30; without an offset it is this machine's time."),
        ) from None
    if moment > now:
        raise DongleError(
            _("{value} is later than now, {now}.").format(value=text, now=now.isoformat(timespec="minutes")),
            code="usage.time",
            hint=_("Ask again when it was seen last."),
        )
    return moment


def write(case: Case, folder: Path) -> dict[str, Path]:
    """The requests, one file each (mode 0600: they hold telephone numbers and names), in Japanese and English."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        from dongle_cli.i18n import reason

        raise DongleError(
            _("{path} cannot be made: {reason}.").format(path=folder, reason=reason(error)), code="file.unwritable"
        ) from None
    fields = _fields(case)
    for number, name in enumerate(REQUESTS, 1):
        text = _Template((_DATA / f"{name}.txt").read_text(encoding="utf-8")).substitute(fields)
        path = folder / f"{number}-{name}.txt"
        publish.write(path, text.encode(), mode=0o600)
        case.requests[name] = path
    return case.requests


class _Template(string.Template):
    delimiter = "@"


def _fields(case: Case) -> Mapping[str, str]:
    known, binding = case.known, case.known.binding
    host = binding.laptop_host if binding else None
    serial = binding.laptop_serial if binding else None
    gone = case.laptop == "with"
    how, laptop = _HOW[case.how], _LAPTOP[case.laptop]
    ended_at = _ENDED_AT[case.held]
    ended = _ENDED["held" if case.held else "revoked" if case.revoked else "none"]
    values = {
        "asset": known.asset_no, "imei": known.imei, "iccid": known.iccid, "msisdn": case.msisdn,
        "iccid_masked": mask_digits(known.iccid, head=4) if known.iccid else None,
        "how_ja": how[0], "how_en": how[1], "laptop_ja": laptop[0], "laptop_en": laptop[1],
        "ended_ja": ended[0], "ended_en": ended[1], "ended_at_ja": ended_at[0], "ended_at_en": ended_at[1],
        "police_ja": "被害届" if case.how == "stolen" else "遺失届",
        "host": host, "laptop_serial": serial, "place": case.place,
        "with_laptop_ja": f"、ノートPC（{host or serial}）" if gone else "",
        "with_laptop_en": f", and a laptop ({host or serial})" if gone else "",
        "laptop_number": f" / PC {serial}" if gone and serial else "",
        "computer": _powershell("Disable-ADAccount -Identity '{}$'", host),
        "account": _powershell("Disable-ADAccount -Identity '{}'", case.user),
        "claimed": shown(case.claimed), "received": shown(case.received), "last_seen": shown(known.last_seen),
        "revoked": shown(case.revoked), "published": shown(case.published), "refused": shown(case.refused),
        "since_received": duration(case.elapsed(case.received)), "since_claimed": duration(case.elapsed(case.claimed)),
    }  # fmt: skip
    # What was typed or read from a register must not begin a line of its own in a letter. An empty text may be meant.
    return {name: _NONE if text is None else re.sub(r"[\x00-\x1f\x7f]+", " ", text) for name, text in values.items()}


def _powershell(command: str, name: str | None) -> str:
    """A line to copy, only for a name that cannot be anything else than a name."""
    if name is None or not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", name):
        return "     ____________________"
    return f"     {command.format(name)}"


def shown(moment: datetime | str | None) -> str | None:
    """A moment with its offset, to the second."""
    if moment is None:
        return None
    at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return at.astimezone().isoformat(" ", "seconds")


def duration(span: timedelta | None) -> str | None:
    """Hours, minutes and seconds, which both languages read."""
    if span is None:
        return None
    minutes, seconds = divmod(int(span.total_seconds()), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
