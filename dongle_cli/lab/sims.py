"""The SIM list and the profile that fit the virtual SIMs: made up, or taken from a list that exists."""

from __future__ import annotations

import csv
import io
import random
from dataclasses import dataclass
from pathlib import Path

from dongle_cli import atomic
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _, reason
from dongle_cli.identity import luhn_valid

COLUMNS = ("iccid", "user", "password", "pin", "imei", "asset_no", "msisdn")
DOMAIN = "pref.example"
APN = f"closed.{DOMAIN}"
_LETTERS = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"


@dataclass(frozen=True)
class VirtualSim:
    """One row of the list, and what the carrier knows beside it."""

    iccid: str
    imsi: str
    msisdn: str
    user: str
    password: str
    pin: str
    puk: str
    imei: str
    asset_no: str

    def __repr__(self) -> str:
        return f"VirtualSim({self.iccid})"  # never the secrets


def make(count: int, seed: int | None = None) -> list[VirtualSim]:
    """`count` SIMs of a Japanese carrier; the same `seed` makes the same ones."""
    chance = random.Random(seed) if seed is not None else random.SystemRandom()  # noqa: S311 - practice values
    return [_make(chance, number) for number in range(1, count + 1)]


def _make(chance: random.Random, number: int) -> VirtualSim:
    return VirtualSim(
        iccid=_checked(f"898110{chance.randrange(10**8):08d}{number:04d}"),
        imsi=f"44010{chance.randrange(10**6):06d}{number:04d}",
        msisdn=f"0200{chance.randrange(10**3):03d}{number:04d}",
        user=f"user{number:04d}@{DOMAIN}",
        password="".join(chance.choice(_LETTERS) for _index in range(14)),
        pin=f"{chance.randrange(10**4):04d}",
        puk=f"{chance.randrange(10**8):08d}",
        imei=_checked(f"3549160{chance.randrange(10**3):03d}{number:04d}"),
        asset_no=f"PC-{number:04d}",
    )


def _checked(digits: str) -> str:
    return digits + next(digit for digit in "0123456789" if luhn_valid(digits + digit))


def load(path: Path, count: int) -> list[VirtualSim]:
    """The first `count` SIMs of a CSV list; what it leaves out is made up from the ICCID. DongleError `usage.sims`."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        why = reason(error) if isinstance(error, OSError) else _("it is no CSV text in UTF-8")
        raise DongleError(
            _("The SIM list {path} cannot be read: {reason}.").format(path=path, reason=why), code="usage.sims"
        ) from None
    if len(rows) < count:
        raise DongleError(
            _("The SIM list {path} has too few SIMs for {count} dongles: {rows}.").format(
                path=path, rows=len(rows), count=count
            ),
            code="usage.sims",
            hint=_("Plug in fewer dongles with --count N."),
        )
    sims = []
    for number, row in enumerate(rows[:count], 1):
        iccid = (row.get("iccid") or "").strip()
        if not iccid:
            raise DongleError(
                _("The SIM list {path} has no ICCID in row {row}.").format(path=path, row=number + 1), code="usage.sims"
            )
        own = _make(random.Random(iccid), number)  # noqa: S311 - practice values, the same for the same card
        given = {name: (row.get(name) or "").strip() or getattr(own, name) for name in COLUMNS if name != "iccid"}
        sims.append(VirtualSim(iccid=iccid, imsi=own.imsi, puk=own.puk, **given))
    return sims


def write(folder: Path, sims: list[VirtualSim], *, own: bool, read: Path | None) -> tuple[Path, Path]:
    """Write profile and SIM list into `folder`; only the owner may read the list. Returns their paths.

    `own`: nobody but the lab keeps files there; `read`: the list that the SIMs came from. Errors: `usage.exists` where
    a file stands that is no lab's, `lab.unwritable`.
    """
    profile, table = folder / "pref-closed.toml", folder / "sims.csv"
    files = {profile: (PROFILE.encode(), 0o666), table: (_table(sims), 0o600)}
    path = folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, (data, _mode) in files.items() if not own else ():
            _refuse_others(path, data, read)
        for path, (data, mode) in files.items():
            atomic.write(path, data, mode=mode, durable=False)
    except OSError as error:
        raise DongleError(
            _("{path} cannot be written: {reason}.").format(path=path, reason=reason(error)),
            code="lab.unwritable",
            hint=_("Make room, or name another folder with --out."),
        ) from None
    return profile, table


def _table(sims: list[VirtualSim]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows([getattr(sim, name) for name in COLUMNS] for sim in sims)
    return text.getvalue().encode()


def _refuse_others(path: Path, data: bytes, read: Path | None) -> None:
    """A bench's own profile and SIM list may bear the same names; a lab's name a domain that nobody has (RFC 2606)."""
    if not path.exists():
        return
    there = path.read_bytes()
    practice = DOMAIN.encode() in there and not (read is not None and path.samefile(read))
    if not (practice or there in (b"", data)):
        raise DongleError(
            _("{path} is there already and is not overwritten.").format(path=path),
            code="usage.exists",
            hint=_("Name another folder with --out."),
        )


PROFILE = f"""\
schema = 1
name = "pref-closed"
version = "2026.11"

[context]
cid = 1
apn = "{APN}"
type = "IP"
auth = "chap"
user = "{{user}}"
password = "{{password}}"
only = true

[sim]
iccid = ["8981*"]
pin = "keep"

[verify]
register = true
timeout = 60

[models]
allow = ["*"]
"""
