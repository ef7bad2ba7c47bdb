"""Bindings in the register: reserved before anything is signed, recorded before it is handed out, never deleted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from dongle_cli.errors import DongleError
from dongle_cli.evidence.operator import account
from dongle_cli.i18n import _
from dongle_cli.register.engine import lock_writers, sql
from dongle_cli.register.register import Register, now
from dongle_cli.register.words import STATES

if TYPE_CHECKING:
    from sqlalchemy import Connection, TextClause

LIVE, OPEN = ("active", "held"), ("pending", "signed")
# What a person calls each of the things that may be bound once.
ONCE = ("imei14", "iccid", "laptop_uuid", "laptop_serial", "laptop_ek", "asset_no", "spki_sha256")


@dataclass(frozen=True)
class Pair:
    """What is bound together: one dongle, one laptop, one public key, under one asset number."""

    asset_no: str
    imei: str  # 15 digits
    iccid: str | None
    laptop_uuid: str
    laptop_serial: str | None
    laptop_host: str | None
    laptop_ek: str | None
    profile: str
    authority: str
    spki_sha256: str

    @property
    def imei14(self) -> str:
        """The digits by which dongles are compared (3GPP TS 23.003 clause 6.2.1)."""
        return self.imei[:14]


@dataclass(frozen=True)
class Binding(Pair):
    """One row: a pair and the one certificate that was made for it."""

    id: int
    state: str  # pending, signed; active, held; revoked, superseded, abandoned
    issuer: str | None  # key identifier of the issuing certificate
    serial: str | None  # lower-case hexadecimal, even length
    fingerprint_sha256: str | None
    not_before: str | None
    not_after: str | None
    certificate: str | None  # PEM
    replaces: int | None
    created: str
    changed: str
    revoked: str | None
    reason: str | None  # of RFC 5280 clause 5.3.1
    invalid_from: str | None

    @property
    def live(self) -> bool:
        """Whether the pair is bound now; one on hold is."""
        return self.state in LIVE


NAMES = tuple(field.name for field in fields(Binding))
# Written out and prepared once: building these with SQLAlchemy's expressions costs more than the database takes.
_SELECT = f"SELECT {', '.join(NAMES)} FROM bindings"  # noqa: S608 - names of ours
_SEEN = (
    "SELECT id FROM bindings WHERE issuer = :issuer AND serial = :serial AND id <> :id "
    "UNION SELECT 0 FROM authority_certificates WHERE issuer = :issuer AND serial = :serial"
)
_IN = {states: f"state IN {states}" for states in (LIVE, OPEN)}


@cache
def _prepared(columns: tuple[str, ...], states: tuple[str, ...]) -> TextClause:
    if not set(columns) <= {*NAMES, "imei14"}:
        raise ValueError(columns)
    where = [f"{name} = :{name}" for name in columns]
    if states:
        where.append(f"state IN ({', '.join(repr(state) for state in states)})")
    return sql(" ".join([_SELECT, "WHERE" if where else "", " AND ".join(where), "ORDER BY id DESC"]))


@cache
def _holders(columns: tuple[str, ...]) -> TextClause:
    """Who holds one of these values among what is in force or in the making.

    The states stand there as they stand in the partial indexes, and each column is asked for by itself: so they answer.
    """
    each = [f"SELECT id FROM bindings WHERE {name} = :{name} AND {some}" for name in columns for some in _IN.values()]  # noqa: S608
    return sql(f"{_SELECT} WHERE id IN ({' UNION '.join(each)}) ORDER BY id")


def find(register: Register, *, states: tuple[str, ...] = (), **equal: object) -> list[Binding]:
    """The bindings whose columns are `equal`, the newest first; `states` narrows it."""
    with register.reading() as connection:
        return [Binding(*row) for row in connection.execute(_prepared(tuple(equal), states), equal)]


def get(register: Register, binding_id: int) -> Binding:
    """The binding with this number."""
    (found,) = find(register, id=binding_id)
    return found


def none(register: Register) -> bool:
    """Whether nothing was ever bound."""
    import sqlalchemy as sa

    from dongle_cli.register.tables import bindings as table

    with register.reading() as connection:
        return connection.execute(sa.select(table.c.id).limit(1)).first() is None


def conflicts(register: Register, pair: Pair, *, replaces: int | None = None) -> list[tuple[str, Binding]]:
    """What is bound already: the column and the binding in force or in the making that holds it."""
    with register.reading() as connection:
        return _conflicts(connection, pair, replaces)


def _conflicts(connection: Connection, pair: Pair, replaces: int | None) -> list[tuple[str, Binding]]:
    values = {name: value for name in ONCE if (value := getattr(pair, name)) is not None}
    rows = connection.execute(_holders(tuple(values)), values)
    found = [other for row in rows if (other := Binding(*row)).id != replaces]
    return [(name, other) for other in found for name in values if getattr(other, name) == values[name]]


def reserve(
    register: Register, pair: Pair, *, serial: str | None, issuer: str | None, replaces: int | None = None
) -> int:
    """Write down that a certificate for `pair` is about to be asked for; DongleError `binding.taken` if it is bound.

    Where the authority lets us choose the serial number it stands here before anything is signed with it.
    """
    # Where the number is our own, a row that a power cut takes back was for a certificate that no one ever had.
    with register.writing(repeatable=serial is not None) as connection:
        lock_writers(connection)
        if taken := _conflicts(connection, pair, replaces):
            raise taken_error(taken)
        at = now()
        values = {**asdict(pair), "imei14": pair.imei14, "state": "pending", "created": at, "changed": at}
        values |= {"serial": serial, "issuer": issuer, "replaces": replaces}
        columns = ", ".join(values)
        marks = ", ".join(f":{name}" for name in values)
        insert = f"INSERT INTO bindings ({columns}) VALUES ({marks}) RETURNING id"  # noqa: S608 - names of ours
        number = int(connection.execute(sql(insert), values).scalar_one())
        register.append(connection, "binding-pending", {"binding": number, "operator": account(), **_told(values)})
        return number


def _told(values: Mapping[str, object]) -> dict[str, object]:
    """What history says of a binding: all but the certificate itself, whose digest is there."""
    return {name: value for name, value in values.items() if name not in ("certificate", "state", "created", "changed")}


def taken_error(taken: list[tuple[str, Binding]]) -> DongleError:
    """The error that names what is bound already, and to what."""
    names = {
        "imei14": "IMEI", "iccid": "ICCID", "laptop_uuid": _("laptop UUID"), "laptop_serial": _("laptop serial number"),
        "laptop_ek": _("laptop TPM"), "asset_no": _("asset number"), "spki_sha256": _("public key"),
    }  # fmt: skip
    column, other = taken[0]
    shown = other.imei if column == "imei14" else getattr(other, column)
    return DongleError(
        _("{what} {value} is bound already: {asset}, IMEI {imei}, laptop {laptop} ({state}).").format(
            what=names[column], value=shown, asset=other.asset_no, imei=other.imei,
            laptop=other.laptop_serial or other.laptop_uuid, state=_(STATES[other.state]),
        ),
        code="binding.taken",
        hint=_("End that binding first: dongle-cli unbind --asset {asset}").format(asset=other.asset_no),
        conflicts=[{"what": name, "asset": o.asset_no, "imei": o.imei, "state": o.state} for name, o in taken],
    )  # fmt: skip


def record_signed(register: Register, number: int, *, issuer: str, serial: str, **certificate: str) -> Binding:
    """The binding with its certificate, written down; DongleError `binding.serial-seen` where its number was there."""
    with register.writing() as connection:
        lock_writers(connection)
        if connection.execute(sql(_SEEN), {"issuer": issuer, "serial": serial, "id": number}).first():
            raise DongleError(
                _("The authority answered with serial number {serial}, which it gave before.").format(serial=serial),
                code="binding.serial-seen",
                hint=_("Nothing was bound. Tell those who run the authority: two certificates cannot share a number."),
            )
        values = {"issuer": issuer, "serial": serial, **certificate}
        return _move(connection, register, number, ("pending",), "signed", values)


def activate(register: Register, number: int, *, revoke_old: bool = True) -> Binding:
    """Put the signed binding in force; the one that it replaces ends in the same moment, superseded.

    `revoke_old` False: its certificate stays good until it ends by itself, because the laptop still uses it.
    """
    with register.writing(repeatable=True) as connection:
        lock_writers(connection)
        row = _row(connection, number)
        if row.state == "active":
            return row  # another process finished it
        if row.replaces is not None:
            ended = {"revoked": now(), "reason": "superseded"} if revoke_old else {}
            _move(connection, register, row.replaces, LIVE, "superseded", ended)
        return _move(connection, register, number, ("signed",), "active", {})


def abandon(register: Register, number: int) -> None:
    """Give up a binding that was begun; a certificate that was or may have been made for it counts as revoked."""
    with register.writing() as connection:
        lock_writers(connection)
        values = {"revoked": now(), "reason": "superseded"}
        _move(connection, register, number, OPEN, "abandoned", values)


def revoke(register: Register, number: int, *, reason: str, invalid_from: str | None = None) -> None:
    """End a binding and revoke its certificate; `certificateHold` keeps the pair bound."""
    values = {"revoked": now(), "reason": reason, "invalid_from": invalid_from}
    state = "held" if reason == "certificateHold" else "revoked"
    with register.writing() as connection:
        lock_writers(connection)
        _move(connection, register, number, (*OPEN, *LIVE, "superseded"), state, values)


def release(register: Register, number: int) -> None:
    """Take a binding off hold; its certificate is good again with the next CRL."""
    with register.writing() as connection:
        lock_writers(connection)
        values = {"revoked": None, "reason": None, "invalid_from": None}
        _move(connection, register, number, ("held",), "active", values)


def change(register: Register, number: int, why: str, **values: str | None) -> None:
    """Change what the certificate does not carry (the SIM, the laptop's board behind an opaque certificate)."""
    with register.writing() as connection:
        lock_writers(connection)
        _move(connection, register, number, LIVE, None, values, kind=f"binding-{why}")


def _row(connection: Connection, number: int) -> Binding:
    return Binding(*connection.execute(_prepared(("id",), ()), {"id": number}).one())


def _move(
    connection: Connection,
    register: Register,
    number: int,
    before: tuple[str, ...],
    after: str | None,
    values: Mapping[str, object],
    kind: str | None = None,
) -> Binding:
    import sqlalchemy as sa

    row = _row(connection, number)
    if row.state not in before:
        raise DongleError(
            _("The binding of {asset} is {state} meanwhile; nothing was changed.").format(
                asset=row.asset_no, state=_(STATES[row.state])
            ),
            code="binding.state",
            hint=_("Run the same command again."),
        )
    told: dict[str, object] = {name: value for name, value in values.items() if name != "certificate"}
    if kind is not None:  # what is written over here stands nowhere else
        told["before"] = {name: getattr(row, name) for name in values}
    written = {**values, **({"state": after} if after else {}), "changed": now()}
    update = f"UPDATE bindings SET {', '.join(f'{name} = :{name}' for name in written)} WHERE id = :id"  # noqa: S608
    try:
        connection.execute(sql(update), {**written, "id": number})
    except sa.exc.IntegrityError:
        raise DongleError(
            _("Part of what {asset} is bound to is bound elsewhere meanwhile; nothing was changed.").format(
                asset=row.asset_no
            ),
            code="binding.taken",
        ) from None
    who = {"binding": number, "asset_no": row.asset_no, "operator": account()}
    register.append(connection, kind or f"binding-{after}", {**who, **told})
    changes: dict[str, Any] = {name: value for name, value in written.items() if name in NAMES}
    return replace(row, **changes)
