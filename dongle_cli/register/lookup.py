"""Questions to an SQLite register without SQLAlchemy, whose import alone takes longer than a gateway should wait.

The file is opened for reading; what is asked here is asked of every other register through `bindings.find`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from dongle_cli import paths
from dongle_cli.register.bindings import NAMES, Binding
from dongle_cli.register.engine import BUSY, HEAD

_COLUMNS = ", ".join(NAMES)
_ASKED = ("serial", "imei14", "laptop_uuid")


class Lookup:
    """Bindings and issuing certificates of one SQLite register."""

    as_of = None

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def issuers(self) -> list[str]:
        """The issuing certificates of our own authority, in PEM, the newest first."""
        query = "SELECT certificate FROM authority_certificates WHERE purpose = 'issuing' ORDER BY added DESC"
        return [row[0] for row in self._connection.execute(query)]

    def bindings(self, **equal: str) -> list[Binding]:
        """Those of one `serial`, one `imei14` or one `laptop_uuid`, the newest first."""
        ((name, value),) = equal.items()
        if name not in _ASKED:
            raise ValueError(name)
        query = f"SELECT {_COLUMNS} FROM bindings WHERE {name} = ? ORDER BY id DESC"  # noqa: S608 - names of ours
        return [Binding(*row) for row in self._connection.execute(query, (value,))]

    def empty(self) -> bool:
        """Whether nothing was ever bound."""
        return not self.issuers() and self._connection.execute("SELECT 1 FROM bindings LIMIT 1").fetchone() is None


@contextmanager
def lookup(url: str | None = None) -> Iterator[Lookup | None]:
    """The register at `url`, or None where it is no SQLite file of this version: then SQLAlchemy has to do it."""
    file = _file(url or paths.register_url())
    if file is None:
        yield None
        return
    try:
        opened = sqlite3.connect(f"file:{quote(str(file))}?mode=ro", uri=True, timeout=BUSY)
    except sqlite3.Error:
        yield None
        return
    with closing(opened) as connection:
        yield Lookup(connection) if _current(connection) else None


def _file(url: str) -> Path | None:
    scheme, _colon, place = url.partition(":///")
    return Path(place) if scheme == "sqlite" and place and "?" not in place and Path(place).is_file() else None


def _current(connection: sqlite3.Connection) -> bool:
    try:
        return bool(connection.execute("SELECT version_num FROM alembic_version").fetchone() == (HEAD,))
    except sqlite3.Error:
        return False
