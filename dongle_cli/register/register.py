"""The register: which dongles and SIMs were seen, which PINs were tried, which runs did what."""

from __future__ import annotations

import hmac
import secrets as random
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from dongle_cli import __version__, paths
from dongle_cli.errors import DongleError
from dongle_cli.evidence.canonical import digest
from dongle_cli.evidence.chain import Link, first_break, linked
from dongle_cli.i18n import _, reason
from dongle_cli.register.bench_key import bench_key
from dongle_cli.register.engine import lock_writers, open_engine, sql, unusable
from dongle_cli.secrets import Secret

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, Table

_LAST = "SELECT seq, at, kind, body, previous, digest FROM history ORDER BY seq DESC LIMIT 1"
_ADD = (
    "INSERT INTO history (seq, at, kind, body, previous, digest) VALUES (:seq, :at, :kind, :body, :previous, :digest)"
)

AttemptState = Literal["attempted", "accepted", "refused"]


@dataclass(frozen=True)
class PinAttempt:
    """The last time a PIN was sent to a SIM, or was about to be."""

    id: int
    iccid: str
    fingerprint: str | None  # of the PIN, see `Register.fingerprint`
    retries_before: int | None  # as read just before
    state: AttemptState  # "attempted" for ever where the program died before it knew
    at: str
    run_id: str | None


class Finished(Protocol):
    """What the register keeps of an outcome."""

    @property
    def port(self) -> str: ...
    @property
    def imei(self) -> str | None: ...
    @property
    def iccid(self) -> str | None: ...
    @property
    def asset_no(self) -> str | None: ...
    @property
    def model(self) -> str | None: ...
    @property
    def result(self) -> str: ...
    @property
    def code(self) -> str | None: ...
    @property
    def seconds(self) -> float: ...
    @property
    def evidence(self) -> str | None: ...


class Register:
    """One open register; its methods may be called from any thread, each is one short transaction."""

    def __init__(self, engine: Engine, url: str) -> None:
        self._engine = engine
        self._url = url
        self._turn = threading.Lock()  # SQLite makes writers wait by sleeping ever longer; threads can wait better
        self.run_id: str | None = None  # of the last `begin_run`

    @classmethod
    def open(cls, url: str | None = None) -> Register:
        """The register at `url` (None: `paths.register_url()`), created or brought up to date; else DongleError."""
        url = url or paths.register_url()
        return cls(open_engine(url), url)

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def __enter__(self) -> Register:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    @contextmanager
    def writing(self, *, repeatable: bool = False) -> Iterator[Connection]:
        """A transaction that is on the disk when the block ends.

        `repeatable`: the same command would do it again, so that a power cut may take it back (whole, and never one
        that came before another that stays); the kernel has it, and a killed process loses nothing.
        """
        import sqlalchemy as sa

        try:
            with self._turn, self._engine.connect() as connection:
                connection.execution_options(repeatable=repeatable)
                with connection.begin():
                    yield connection
        except sa.exc.SQLAlchemyError as error:
            raise unusable(self._url, error) from None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only looks; writers do not wait for it."""
        import sqlalchemy as sa

        try:
            with self._engine.connect().execution_options(reading=True) as connection:
                yield connection
        except sa.exc.SQLAlchemyError as error:
            raise unusable(self._url, error) from None

    # PIN attempts

    def fingerprint(self, pin: Secret) -> str:
        """A keyed digest by which the same PIN is known again; without the key of this bench it says nothing."""
        return hmac.new(bench_key(), pin.reveal().encode(), "sha256").hexdigest()

    def pin_attempt(self, iccid: str) -> PinAttempt | None:
        """The last attempt on this SIM, or None."""
        from dongle_cli.register.tables import pin_attempts as table

        query = table.select().where(table.c.iccid == iccid).order_by(table.c.id.desc()).limit(1)
        with self.reading() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        return PinAttempt(row.id, row.iccid, row.fingerprint, row.retries_before, row.state, row.at, row.run_id)

    def note_pin_attempt(self, iccid: str, retries: int | None, fingerprint: str | None = None) -> int:
        """Write down that a PIN is about to be sent, and the retries just read; it is on the disk when this returns."""
        from dongle_cli.register.tables import pin_attempts as table

        values = {"iccid": iccid, "retries_before": retries, "fingerprint": fingerprint}
        with self.writing() as connection:
            result = connection.execute(
                table.insert().values(state="attempted", at=now(), run_id=self.run_id, **values)
            )
            return int(result.inserted_primary_key[0])  # type: ignore[index]

    def settle_pin_attempt(self, attempt_id: int, accepted: bool) -> None:
        """Write down what the SIM answered."""
        from dongle_cli.register.tables import pin_attempts as table

        state = "accepted" if accepted else "refused"
        with self.writing() as connection:
            connection.execute(table.update().where(table.c.id == attempt_id).values(state=state, settled_at=now()))

    # What a dongle and a SIM are known to be

    def credentials(self, imei: str) -> str | None:
        """The fingerprint of the credentials that this dongle was written with and read back, None where not known."""
        import sqlalchemy as sa

        from dongle_cli.register.tables import dongles

        with self.reading() as connection:
            return connection.execute(sa.select(dongles.c.credentials).where(dongles.c.imei == imei)).scalar()

    def note_credentials(self, imei: str, fingerprint: str | None) -> None:
        """Write down what this dongle holds now; None before it is written, so that a cut-off run leaves no claim."""
        from dongle_cli.register.tables import dongles

        with self.writing() as connection:
            at = now()
            _put(connection, dongles, {"imei": imei}, {"credentials": fingerprint, "last_seen": at}, {"first_seen": at})

    def was_attached(self, iccid: str) -> bool:
        """Whether a run of ours attached this SIM before."""
        import sqlalchemy as sa

        from dongle_cli.register.tables import sims

        with self.reading() as connection:
            return connection.execute(sa.select(sims.c.attached).where(sims.c.iccid == iccid)).scalar() is not None

    def note_attached(self, iccid: str) -> None:
        """Write down that this SIM's line is open."""
        from dongle_cli.register.tables import sims

        with self.writing() as connection:
            at = now()
            _put(connection, sims, {"iccid": iccid}, {"attached": at, "last_seen": at}, {"first_seen": at})

    # Runs

    def begin_run(
        self,
        *,
        kind: str | None = None,
        profile: str | None = None,
        profile_version: str | None = None,
        profile_digest: str | None = None,
        sims_digest: str | None = None,
        operator: str | None = None,
        checker: str | None = None,
        bench: str | None = None,
    ) -> str:
        """Open a run and return its id, which sorts by time: "20261123-093501-3fa2c1"."""
        from dongle_cli.register.tables import runs

        run_id = f"{datetime.now():%Y%m%d-%H%M%S}-{random.token_hex(3)}"
        values = {
            "kind": kind,
            "profile": profile,
            "profile_version": profile_version,
            "profile_digest": profile_digest,
            "sims_digest": sims_digest,
            "operator": operator,
            "checker": checker,
            "bench": bench,
        }
        with self.writing() as connection:
            connection.execute(runs.insert().values(id=run_id, started=now(), tool_version=__version__, **values))
            self.append(connection, "run-begun", {"run_id": run_id, **values})
        self.run_id = run_id
        return run_id

    def end_run(self, run_id: str) -> None:
        """Close a run; one that was killed stays open, and can be seen by that."""
        from dongle_cli.register.tables import runs

        with self.writing() as connection:
            connection.execute(runs.update().where(runs.c.id == run_id).values(finished=now()))
            self.append(connection, "run-ended", {"run_id": run_id})

    def seen(
        self,
        imei: str | None,
        iccid: str | None,
        model: str | None,
        port: str,
        asset_no: str | None = None,
        *,
        serial: str | None = None,
        run_id: str | None = None,
    ) -> None:
        """Note who is at `port` in this run, before anything is done to it: a killed run shows it unfinished."""
        from dongle_cli.register.tables import run_dongles

        run_id = run_id or self.run_id
        at = now()
        with self.writing() as connection:
            if run_id:
                values = {"imei": imei, "iccid": iccid, "model": model, "asset_no": asset_no, "at": at}
                _put(connection, run_dongles, {"run_id": run_id, "port": port}, values)
            _meet(connection, imei, iccid, at, model=model, serial=serial, asset_no=asset_no, port=port)

    def finish(self, run_id: str, outcome: Finished) -> None:
        """Write down how one dongle's part of a run ended, with the digest of its evidence file, and chain it."""
        from dongle_cli.register.tables import run_dongles

        values: dict[str, Any] = {
            "imei": outcome.imei,
            "iccid": outcome.iccid,
            "asset_no": outcome.asset_no,
            "model": outcome.model,
            "result": outcome.result,
            "code": outcome.code,
            "seconds": round(outcome.seconds, 3),
            "evidence": outcome.evidence,
            "evidence_sha256": _file_digest(outcome.evidence) if outcome.evidence else None,
        }
        known = {"model": outcome.model, "asset_no": outcome.asset_no, "port": outcome.port}
        at = now()
        with self.writing() as connection:
            _put(connection, run_dongles, {"run_id": run_id, "port": outcome.port}, {**values, "at": at})
            _meet(connection, outcome.imei, outcome.iccid, at, **known)
            self.append(connection, "dongle", {"run_id": run_id, "port": outcome.port, **values})

    # History

    def append(self, connection: Connection, kind: str, body: Mapping[str, object]) -> None:
        """Chain one entry to the history, in the transaction that changes what it tells of."""
        lock_writers(connection)
        row = connection.execute(sql(_LAST)).one_or_none()
        link = linked(Link(*row) if row else None, at=now(), kind=kind, body=body)
        connection.execute(sql(_ADD), link.__dict__)

    def history_break(self) -> int | None:
        """Where the hash chain of the history does not hold (its number), or None where all of it does."""
        from dongle_cli.register.tables import history

        with self.reading() as connection:
            return first_break(Link(**row._mapping) for row in connection.execute(history.select().order_by("seq")))

    def last_link(self) -> Link | None:
        """The last entry of the history; its digest stands for all of it."""
        with self.reading() as connection:
            row = connection.execute(sql(_LAST)).one_or_none()
        return Link(*row) if row else None

    def results(self, run_ids: list[str]) -> dict[str, dict[str, int]]:
        """How many dongles of each run ended how; "unfinished" where the run was cut off."""
        import sqlalchemy as sa

        from dongle_cli.register.tables import run_dongles as table

        found: dict[str, dict[str, int]] = {}
        query = sa.select(table.c.run_id, table.c.result, sa.func.count()).group_by(table.c.run_id, table.c.result)
        with self.reading() as connection:
            for run_id, result, count in connection.execute(query.where(table.c.run_id.in_(run_ids))):
                found.setdefault(run_id, {})[result or "unfinished"] = count
        return found

    def rows(
        self, name: Literal["runs", "run_dongles", "dongles", "sims"], limit: int = 1000, **equal: str
    ) -> list[dict[str, Any]]:
        """The newest rows of a table, as the columns are named; `equal`: only those where a column is so."""
        from dongle_cli.register import tables

        table: Table = tables.metadata.tables[name]
        newest = {"runs": "started", "run_dongles": "at"}.get(name, "last_seen")
        with self.reading() as connection:
            query = table.select().where(*(table.c[column] == value for column, value in equal.items()))
            result = connection.execute(query.order_by(table.c[newest].desc()).limit(limit))
            return [dict(row._mapping) for row in result]


def now() -> str:
    """This moment in UTC: rows are sorted by it as text, and benches stand in several zones."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _meet(connection: Connection, imei: str | None, iccid: str | None, at: str, **known: str | None) -> None:
    """Note that this dongle and this SIM were here, together."""
    from dongle_cli.register.tables import dongles, sims

    if imei:
        values = {**_given({"iccid": iccid, **known}), "last_seen": at}
        _put(connection, dongles, {"imei": imei}, values, {"first_seen": at})
    if iccid:
        _put(connection, sims, {"iccid": iccid}, {**_given({"imei": imei}), "last_seen": at}, {"first_seen": at})


def _given(values: dict[str, Any]) -> dict[str, Any]:
    """Without what was not read this time: it must not wipe out what was read before."""
    return {name: value for name, value in values.items() if value is not None}


def _put(
    connection: Connection,
    table: Table,
    key: dict[str, Any],
    values: dict[str, Any],
    new: dict[str, Any] | None = None,
) -> None:
    """Update the row with this key, or insert it (then with `new` as well)."""
    where = [table.c[name] == value for name, value in key.items()]
    if connection.execute(table.update().where(*where).values(**values)).rowcount == 0:
        connection.execute(table.insert().values(**key, **values, **(new or {})))


def _file_digest(path: str) -> str:
    try:
        return digest(Path(path).read_bytes())
    except OSError as error:
        raise DongleError(
            _("The evidence {path} cannot be read back: {reason}.").format(path=path, reason=reason(error)),
            code="evidence.unreadable",
        ) from None
