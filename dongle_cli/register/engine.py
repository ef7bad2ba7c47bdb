"""Opening the register: the connection, SQLite's durability, and the schema brought up to date when it is not."""

from __future__ import annotations

import os
import sqlite3
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _, reason

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine, TextClause
    from sqlalchemy.pool import ConnectionPoolEntry

HEAD = "0002"  # the newest migration: what `alembic_version` holds where nothing is left to do
BUSY = 30.0  # seconds to wait for another writer
_ADVISORY_LOCK = 0x444F4E47  # any number, the same in every process

# SQLite's write-ahead log needs memory that all processes share; file systems of other machines do not give it.
_NO_WAL = {"9p", "nfs", "nfs4", "cifs", "smb3", "smbfs", "virtiofs", "vboxsf", "fuse.sshfs", "afs", "ceph"}


def open_engine(url: str) -> Engine:
    """An engine for `url` whose tables are up to date; DongleError `register.*` otherwise."""
    import sqlalchemy as sa

    try:
        parsed = sa.make_url(url)
        sqlite_file = parsed.database if parsed.get_backend_name() == "sqlite" else None
        if sqlite_file and sqlite_file != ":memory:":
            _prepare_file(Path(sqlite_file))
        engine = _engine(parsed)
    except (sa.exc.ArgumentError, ImportError) as error:
        raise DongleError(
            _("The register cannot be opened: {reason}.").format(reason=_reason(error)),
            code="register.url",
            hint=_("Set DONGLE_REGISTER to an SQLAlchemy URL such as sqlite:////path/register.db, or leave it unset."),
        ) from None
    except OSError as error:
        raise unusable(url, error) from None
    try:
        _bring_up_to_date(engine)
    except sa.exc.SQLAlchemyError as error:
        raise unusable(url, error) from None
    return engine


def unusable(url: str, error: Exception) -> DongleError:
    """What a person is told when the database does not answer as it should; the URL's password is not repeated."""
    import sqlalchemy as sa

    return DongleError(
        _("The register {url} cannot be used: {reason}.").format(
            url=sa.make_url(url).render_as_string(hide_password=True), reason=_reason(error)
        ),
        code="register.busy" if "database is locked" in _reason(error) else "register.unusable",
        hint=_("See that its disk has room and that you may write there, then run the same command again.")
        + "\n"
        + _("Nothing is sent to a SIM while PIN attempts cannot be written down."),
    )


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return reason(error)
    # Not str(error) of SQLAlchemy's own classes: it repeats the statement with its values.
    return str(getattr(error, "orig", None) or error).strip().rstrip(".")


def _engine(url: URL) -> Engine:
    import sqlalchemy as sa

    if url.get_backend_name() != "sqlite":
        return sa.create_engine(url, pool_pre_ping=True)
    # Every dongle's thread may be in the register at the same time; a transaction takes milliseconds.
    pool: dict[str, Any] = {} if url.database in (None, "", ":memory:") else {"pool_size": 8, "max_overflow": 64}
    engine = sa.create_engine(url, connect_args={"timeout": BUSY, "check_same_thread": False}, **pool)

    def connected(connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves: Python's sqlite3 would leave DDL outside
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        record.info["synchronous"] = "FULL"
        record.info["wal"] = connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)

    def begun(connection: Connection) -> None:
        # IMMEDIATE: a reader that becomes a writer half-way could only be refused.
        options = connection.get_execution_options()
        level = "NORMAL" if options.get("repeatable") else "FULL"
        # With a write-ahead log NORMAL leaves the file whole; only the last transactions may be missing.
        if connection.info["wal"] and not options.get("reading") and connection.info["synchronous"] != level:
            connection.info["synchronous"] = level
            connection.connection.execute(f"PRAGMA synchronous={level}")
        connection.exec_driver_sql("BEGIN" if options.get("reading") else "BEGIN IMMEDIATE")

    sa.event.listen(engine, "connect", connected)
    sa.event.listen(engine, "begin", begun)
    return engine


def _prepare_file(path: Path) -> None:
    if path.exists():
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    if _filesystem(path) in _NO_WAL:
        return
    connection = sqlite3.connect(path, timeout=BUSY)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
    except sqlite3.OperationalError:
        pass  # another process is doing the same, or SQLite knows better: the rollback journal is as safe, only slower
    finally:
        connection.close()


def _filesystem(path: Path) -> str:
    """The type of the file system that holds `path`, by the longest mount point above it; "" without /proc."""
    try:
        lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    target = str(path.resolve())
    best, kind = -1, ""
    for line in lines:
        left, _dash, right = line.partition(" - ")
        mount = left.split(" ")[4].replace("\\040", " ")
        inside = target == mount or target.startswith(mount.rstrip("/") + "/")
        if inside and len(mount) >= best:
            best, kind = len(mount), right.split(" ")[0]
    return kind


@cache
def sql(statement: str) -> TextClause:
    """`statement` prepared once: for what runs for every dongle, building SQLAlchemy's expressions costs the most."""
    import sqlalchemy as sa

    return sa.text(statement)


def lock_writers(connection: Connection) -> None:
    """Let nobody else write until this transaction ends; in SQLite BEGIN IMMEDIATE has done so."""
    if connection.dialect.name == "postgresql":
        if connection.get_execution_options().get("repeatable"):
            connection.exec_driver_sql("SET LOCAL synchronous_commit TO OFF")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")


def _version(connection: Connection) -> str | None:
    import sqlalchemy as sa

    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()


def _bring_up_to_date(engine: Engine) -> None:
    with engine.connect().execution_options(reading=True) as connection:
        if _version(connection) == HEAD:
            return
    with engine.begin() as connection:
        lock_writers(connection)
        if _version(connection) != HEAD:  # nobody was faster while we waited
            _upgrade(connection)


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError:
        raise DongleError(
            _("The register was written by a newer version of dongle-cli."),
            code="register.newer",
            hint=_("Install the newer version on this bench too; the register is left as it is."),
        ) from None
