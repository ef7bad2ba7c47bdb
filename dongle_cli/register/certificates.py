"""What the register knows of certificates by number: the authority's own, who is revoked, and the CRL's counter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from dongle_cli.register.engine import lock_writers
from dongle_cli.register.register import Register, now


@dataclass(frozen=True)
class Status:
    """What is true of one serial number of one issuer."""

    state: Literal["good", "revoked", "unknown"]
    revoked: str | None = None  # ISO 8601
    reason: str | None = None  # of RFC 5280 clause 5.3.1
    invalid_from: str | None = None


def status(register: Register, issuer: str, serial: str) -> Status:
    """Whether the certificate with this number is good; "unknown" where this issuer never gave the number out.

    One that is reserved and not signed yet is unknown too: nobody can hold it.
    """
    from dongle_cli.register.tables import authority_certificates, bindings

    with register.reading() as connection:
        table: Any
        for table in (bindings, authority_certificates):
            row = connection.execute(
                table.select().where(table.c.issuer == issuer, table.c.serial == serial)
            ).one_or_none()
            if row is None:
                continue
            if row.revoked:
                return Status("revoked", row.revoked, row.reason, getattr(row, "invalid_from", None))
            return Status("unknown" if getattr(row, "state", "") == "pending" else "good")
    return Status("unknown")


Revoked = tuple[str, str, str | None, str | None]  # serial number, time, reason, "invalid from"


def for_crl(register: Register, issuer: str) -> tuple[int, list[Revoked]]:
    """The next CRLNumber of this issuer (RFC 5280 clause 5.2.3), and every certificate that is revoked or on hold.

    Both in one transaction: of two lists that are made at once, the one with the higher number knows at least as much.
    A number that is not used then is no harm; they only rise.
    """
    import sqlalchemy as sa

    from dongle_cli.register.tables import authority_certificates, bindings, counters

    b, a, c = bindings.c, authority_certificates.c, counters.c
    clients = sa.select(b.serial, b.revoked, b.reason, b.invalid_from)
    clients = clients.where(b.issuer == issuer, b.serial.is_not(None), b.revoked.is_not(None))
    own = sa.select(a.serial, a.revoked, a.reason, sa.null()).where(a.issuer == issuer, a.revoked.is_not(None))
    counter = c.name == f"crl:{issuer}"
    with register.writing() as connection:
        lock_writers(connection)
        number = connection.execute(
            counters.update().where(counter).values(value=c.value + 1).returning(c.value)
        ).scalar()
        if number is None:
            number = 1
            connection.execute(counters.insert().values(name=f"crl:{issuer}", value=number))
        rows = [tuple(row) for query in (clients, own) for row in connection.execute(query)]
    return int(number), sorted(rows)


def note_authority(register: Register, values: dict[str, str]) -> None:
    """Write down a certificate of the authority's own (root, issuing, ocsp, evidence); again is harmless."""
    from dongle_cli.register.tables import authority_certificates as table

    with register.writing() as connection:
        lock_writers(connection)
        known = table.c.fingerprint_sha256 == values["fingerprint_sha256"]
        if connection.execute(table.select().where(known)).first():
            return
        connection.execute(table.insert().values(**values, added=now()))
        told = {name: value for name, value in values.items() if name != "certificate"}
        register.append(connection, "authority-certificate", told)


def authority_certificates(register: Register, *purposes: str) -> list[dict[str, Any]]:
    """The authority's own certificates, the newest first; all of them, or those of these purposes."""
    from dongle_cli.register.tables import authority_certificates as table

    query = table.select().order_by(table.c.added.desc())
    if purposes:
        query = query.where(table.c.purpose.in_(purposes))
    with register.reading() as connection:
        return [dict(row._mapping) for row in connection.execute(query)]


def note_crl(register: Register, issuer: str, number: int, entries: int, sha256: str, next_update: str) -> None:
    """Chain to the history that this CRL was made."""
    body = {"issuer": issuer, "number": number, "entries": entries, "sha256": sha256, "next_update": next_update}
    with register.writing() as connection:
        lock_writers(connection)
        register.append(connection, "crl", body)


def skip_crl_numbers(register: Register, issuer: str, count: int) -> None:
    """Leave out `count` numbers: after a restore lists with the next ones may be out (RFC 5280 clause 5.2.3)."""
    from dongle_cli.register.tables import counters

    counter = counters.c.name == f"crl:{issuer}"
    with register.writing() as connection:
        lock_writers(connection)
        done = connection.execute(counters.update().where(counter).values(value=counters.c.value + count))
        if done.rowcount == 0:
            connection.execute(counters.insert().values(name=f"crl:{issuer}", value=count))
        register.append(connection, "restored", {"issuer": issuer, "crl_numbers_skipped": count})
