"""A PostgreSQL server of the test's own, on loopback, as a user that is not root."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from ports import free_port


def programs() -> Path:
    """Where Debian keeps initdb and pg_ctl; without them the test fails on CI and is skipped elsewhere."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    if not found:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("pg_ctl is missing: the Debian package postgresql")
    return found[-1].parent


class Postgres:
    """One cluster that can be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self.bin, self.data = programs(), folder / "data"
        self.user: dict[str, Any] = {}
        if os.geteuid() == 0:  # initdb refuses root
            owner = next(name for name in ("postgres", "nobody") if name in {entry.pw_name for entry in pwd.getpwall()})
            self.user = {"user": owner}
            shutil.chown(folder, owner)
        self.port = free_port()
        self._run("initdb", "-D", self.data, "-U", "dongle", "-A", "trust", "-E", "UTF8", "--no-sync")

    def database(self, name: str) -> str:
        """A new, empty database: what DONGLE_REGISTER is set to."""
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "dongle", name)
        return f"postgresql+psycopg://dongle@127.0.0.1:{self.port}/{name}"

    def _run(self, program: str, *arguments: str | Path) -> None:
        words = [str(self.bin / program), *map(str, arguments)]
        done = subprocess.run(words, capture_output=True, text=True, timeout=60, cwd="/", **self.user)
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
        log = self.data / "log"
        self._run("pg_ctl", "-D", self.data, "-l", log, "-w", "-o", options, "start")

    def stop(self) -> None:
        """Stop it at once, as a crash would."""
        self._run("pg_ctl", "-D", self.data, "-m", "immediate", "-w", "stop")


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A running server, ended with the block."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        server = Postgres(folder)
        server.start()
        try:
            yield server
        finally:
            if (server.data / "postmaster.pid").exists():
                server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
