"""Eight processes bind at once, on SQLite and on PostgreSQL; and the register goes away half-way."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from binding_bench import Bench, csr_file, make
from postgres import Postgres, postgres

from dongle_cli.register import bindings
from dongle_cli.register.engine import lock_writers
from dongle_cli.register.register import Register

Lab = Any
PROCESSES, OWN, SHARED = 8, 8, 3
# Eight starts of Python and hundreds of commits that wait for one another: a busy machine takes its time.
SECONDS = 300


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """A PostgreSQL server for this file."""
    with postgres() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def bench(request: pytest.FixtureRequest, lab: Callable[..., Lab], tmp_path: Path) -> Bench:
    """A bench with a register of each kind."""
    made = lab(count=8, models=["quectel-ec25"])
    if request.param == "sqlite":
        return make(made, tmp_path)
    server: Postgres = request.getfixturevalue("server")
    return make(made, tmp_path, register=server.database(f"bench{made.pid}"))


def start(bench: Bench, *words: str | Path) -> subprocess.Popen[str]:
    environment = bench.lab.environment | bench.environment
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([sys.executable, *map(str, words)], env=environment, text=True, **pipes)


def test_eight_processes_at_once_lose_nothing_and_double_nothing(bench: Bench) -> None:
    program = Path(__file__).with_name("bind_many.py")
    numbers = [str(OWN), str(SHARED), bench.unlock[1]]
    children = [start(bench, program, str(me), *numbers) for me in range(PROCESSES)]
    for child in children:
        assert child.stdout and child.stdout.readline() == "ready\n", child.stderr and child.stderr.read()
    delivered: list[str] = []
    refused: Counter[str] = Counter()
    for child in children:
        assert child.stdin
        child.stdin.write("go\n")
        child.stdin.flush()
    for child in children:
        out, err = child.communicate(timeout=SECONDS)
        assert child.returncode == 0, err
        said = json.loads(out)
        delivered += said["delivered"]
        refused.update(said["refused"])
    with Register.open(bench.register_url) as register:
        assert register.history_break() is None
        rows = bindings.find(register, states=())
    known = {row.fingerprint_sha256: row for row in rows}
    assert set(delivered) <= set(known), "a certificate without a row"
    live = [row for row in rows if row.live]
    assert len(live) == PROCESSES * OWN + SHARED
    assert len({row.imei14 for row in live}) == len({row.serial for row in rows if row.serial}) - len(rows) + len(live)
    assert all(row.revoked for row in rows if not row.live)
    # Of those that all wanted, each went to one; who came too late was told.
    assert set(refused) <= {"binding.taken", "binding.state"}
    assert sum(refused.values()) == (PROCESSES - 1) * SHARED


def test_eight_commands_at_once_for_eight_dongles(bench: Bench, tmp_path: Path) -> None:
    children = []
    for number in range(1, 9):
        words = [*bench.bind(f"1-{number}", number)]
        children.append(start(bench, "-m", "dongle_cli", *words, "-F", "json"))
    answers = []
    for child in children:
        out, err = child.communicate(timeout=SECONDS)
        assert child.returncode == 0, err
        answers.append(json.loads(out))
    assert {answer["asset"] for answer in answers} == {f"PF{number:07}" for number in range(1, 9)}
    assert {answer["imei"] for answer in answers} == {dongle["imei"] for dongle in bench.lab.status()}
    with Register.open(bench.register_url) as register:
        assert register.history_break() is None


def test_a_register_that_goes_away_half_way(server: Postgres, lab: Callable[..., Lab], tmp_path: Path) -> None:
    bench = make(lab(count=1, models=["quectel-ec25"]), tmp_path, register=server.database("half_way"))
    csr_file(tmp_path, "lt1")
    bind = bench.bind("1-1", 71)
    engine = sa.create_engine(bench.register_url)
    with engine.connect() as writer, engine.connect() as look:
        lock_writers(writer)
        child = start(bench, "-m", "dongle_cli", *bind, "-F", "json")
        give_up = time.monotonic() + 60
        # It has read the dongle, found the pair free, and waits for its turn to write.
        while not look.exec_driver_sql("SELECT count(*) FROM pg_locks WHERE NOT granted").scalar():
            assert child.poll() is None and time.monotonic() < give_up
            time.sleep(0.01)
        server.stop()
        writer.invalidate()
        look.invalidate()
    _out, err = child.communicate(timeout=SECONDS)
    assert child.returncode == 1
    assert json.loads(err)["error"]["code"] == "register.unusable"
    bench.refused(1, "register.unusable", *bind)  # nor does it begin without
    assert not (tmp_path / "lt71.pem").exists()
    server.start()
    assert bench.json(*bind)["state"] == "active"
