"""What the register knows of files of evidence: the digest that each had when it was written."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dongle_cli.register.engine import lock_writers

if TYPE_CHECKING:
    from dongle_cli.evidence.chain import Link
    from dongle_cli.register.register import Register

KIND = "evidence"  # of the history's entries for files
SIGNED = "signed"  # what somebody else wrote and this bench signed


@dataclass(frozen=True)
class Kept:
    """One file as it was written."""

    name: str  # without its folder: evidence is moved and copied
    sha256: str
    ours: bool = True  # written into the evidence folder; a file that was only signed lies where its owner has it


def note(register: Register, kind: str, name: str, sha256: str) -> None:
    """Chain the digest of a file that was just written to the history."""
    with register.writing() as connection:
        lock_writers(connection)
        register.append(connection, KIND, {"kind": kind, "file": name, "sha256": sha256})


def files(register: Register) -> dict[str, Kept]:
    """Every file that the register has a digest of, by name."""
    import sqlalchemy as sa

    from dongle_cli.register.tables import history, run_dongles

    found: dict[str, Kept] = {}
    with register.reading() as connection:
        columns = sa.select(run_dongles.c.evidence, run_dongles.c.evidence_sha256)
        for path, sha256 in connection.execute(columns.where(run_dongles.c.evidence_sha256.is_not(None))):
            name = str(path).replace("\\", "/").rpartition("/")[2]
            found[name] = Kept(name, sha256)
        for (body,) in connection.execute(sa.select(history.c.body).where(history.c.kind == KIND)):
            entry = json.loads(body)
            found[entry["file"]] = Kept(entry["file"], entry["sha256"], entry["kind"] != SIGNED)
    return found


def link(register: Register, seq: int) -> Link | None:
    """The history's entry with this number."""
    from dongle_cli.evidence.chain import Link
    from dongle_cli.register.tables import history

    with register.reading() as connection:
        row = connection.execute(history.select().where(history.c.seq == seq)).one_or_none()
    return Link(**row._mapping) if row else None
