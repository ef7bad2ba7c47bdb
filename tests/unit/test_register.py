"""The register: what it remembers, from many threads and processes, after a kill, and whether anybody changed it."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from dongle_cli import paths
from dongle_cli.errors import DongleError
from dongle_cli.evidence.canonical import digest
from dongle_cli.provision.outcome import Outcome
from dongle_cli.register.register import Register
from dongle_cli.secrets import Secret

ICCID = "8981030000012620008"
IMEI = "861234567890101"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A register of its own for every test."""
    monkeypatch.setenv("DONGLE_HOME", str(tmp_path))
    monkeypatch.delenv("DONGLE_REGISTER", raising=False)
    return tmp_path


def database(home: Path) -> Path:
    return home / "data" / "register.db"


def python(code: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_a_new_register_is_made_for_its_owner_alone_and_opened_again(home: Path) -> None:
    with Register.open() as register:
        register.note_pin_attempt(ICCID, 3)
    assert database(home).stat().st_mode & 0o077 == 0
    with Register.open() as register:
        assert register.pin_attempt(ICCID)


def test_alembic_is_loaded_only_where_the_schema_is_not_the_newest() -> None:
    Register.open().close()
    code = (
        "import sys; from dongle_cli.register.register import Register; Register.open().close();"
        "print([name for name in ('alembic', 'sqlalchemy.orm') if name in sys.modules])"
    )
    out, err = python(code).communicate(timeout=60)
    assert (out.strip(), err) == ("[]", "")


def test_the_migrations_lead_to_the_tables() -> None:
    import sqlalchemy as sa
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    import dongle_cli.register
    from dongle_cli.register.engine import HEAD
    from dongle_cli.register.tables import metadata

    Register.open().close()
    with sa.create_engine(paths.register_url()).connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    script = ScriptDirectory(str(Path(dongle_cli.register.__file__).with_name("migrations")))
    assert script.get_current_head() == HEAD


def test_pin_attempts_are_remembered_per_sim() -> None:
    with Register.open() as register:
        assert register.pin_attempt(ICCID) is None
        first = register.note_pin_attempt(ICCID, 3, register.fingerprint(Secret("0457")))
        attempt = register.pin_attempt(ICCID)
        assert attempt
        assert (attempt.id, attempt.state, attempt.retries_before) == (first, "attempted", 3)
        register.settle_pin_attempt(first, accepted=False)
        assert [a.state for a in (register.pin_attempt(ICCID),) if a] == ["refused"]
        second = register.note_pin_attempt(ICCID, None)
        register.settle_pin_attempt(second, accepted=True)
        attempt = register.pin_attempt(ICCID)
        assert attempt
        assert (attempt.id, attempt.state, attempt.retries_before) == (second, "accepted", None)
        assert register.pin_attempt(ICCID[:-1] + "9") is None


def test_a_fingerprint_knows_its_pin_again_and_is_worth_nothing_without_the_bench_s_key(home: Path) -> None:
    with Register.open() as register:
        mark = register.fingerprint(Secret("0457"))
        register.note_pin_attempt(ICCID, 3, mark)
        assert mark == register.fingerprint(Secret("0457"))
        assert mark != register.fingerprint(Secret("0458"))
    key = home / "data" / "register.key"
    assert key.stat().st_mode & 0o077 == 0
    stored = b"".join(file.read_bytes() for file in database(home).parent.glob("register.db*"))
    assert key.read_bytes() not in stored
    assert all(digest(f"{pin:04d}".encode()).encode() not in stored for pin in range(10_000))
    key.unlink()
    with Register.open() as register:
        assert register.fingerprint(Secret("0457")) != mark


def test_an_attempt_is_on_the_disk_before_anything_is_sent() -> None:
    """The process is killed at the very moment that it would write to the modem."""
    child = python(
        "import os, signal\n"
        "from dongle_cli.register.register import Register\n"
        "register = Register.open(); register.begin_run()\n"
        f"register.note_pin_attempt('{ICCID}', 3)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    child.communicate(timeout=60)
    assert child.returncode == -signal.SIGKILL
    with Register.open() as register:
        attempt = register.pin_attempt(ICCID)
        assert attempt
        assert (attempt.state, attempt.retries_before) == ("attempted", 3)
        assert [run["finished"] for run in register.rows("runs")] == [None]
        assert register.history_break() is None


def test_who_is_at_a_port_is_known_and_unfinished_until_it_ends() -> None:
    with Register.open() as register:
        run = register.begin_run()
        register.seen(IMEI, None, "m", "1-1")
        register.seen(IMEI, ICCID, "m", "1-2", "A-1")
        (known,) = register.rows("dongles")
        assert (known["asset_no"], known["port"], known["iccid"]) == ("A-1", "1-2", ICCID)
        rows = {row["port"]: row["result"] for row in register.rows("run_dongles")}
        assert rows == {"1-1": None, "1-2": None}
        register.finish(run, Outcome(port="1-2", imei=IMEI, result="ok"))
        assert {row["port"]: row["result"] for row in register.rows("run_dongles")} == {"1-1": None, "1-2": "ok"}


def test_a_run_ends_with_what_became_of_each_dongle(tmp_path: Path) -> None:
    evidence = tmp_path / "record.json"
    evidence.write_bytes(b"{}")
    with Register.open() as register:
        run = register.begin_run(profile="p", operator="t")
        register.seen(IMEI, ICCID, "m", "1-1")
        register.finish(run, Outcome(port="1-1", imei=IMEI, result="ok", seconds=1.23456, evidence=str(evidence)))
        register.finish(run, Outcome(port="1-2", result="failed", code="sim.absent"))
        register.end_run(run)
        assert register.results([run]) == {run: {"ok": 1, "failed": 1}}
        rows = {row["port"]: row for row in register.rows("run_dongles", run_id=run)}
        assert rows["1-1"]["evidence_sha256"] == digest(b"{}")
        assert (rows["1-2"]["result"], rows["1-2"]["code"]) == ("failed", "sim.absent")
        assert [(row["imei"], row["port"], row["iccid"]) for row in register.rows("dongles")] == [(IMEI, "1-1", ICCID)]
        with pytest.raises(DongleError) as caught:
            register.finish(run, Outcome(port="1-1", evidence=str(tmp_path / "gone")))
        assert caught.value.code == "evidence.unreadable"


@pytest.mark.parametrize(
    ("change", "seq"),
    [
        ("UPDATE history SET body = replace(body, 'ok', 'xx') WHERE seq = 3", 3),
        ("UPDATE history SET at = 'yesterday' WHERE seq = 1", 1),
        ("DELETE FROM history WHERE seq = 2", 2),
        ("UPDATE history SET digest = 'g' || substr(digest, 2) WHERE seq = 5", 5),
        ("UPDATE history SET seq = 9 WHERE seq = 4", 4),
        ("DELETE FROM history WHERE seq = 1", 1),
    ],
)
def test_a_changed_history_shows_where(home: Path, change: str, seq: int) -> None:
    with Register.open() as register:
        run = register.begin_run()
        for number in range(4):
            register.finish(run, Outcome(port=f"1-{number}", result="ok"))
        assert register.history_break() is None
        connection = sqlite3.connect(database(home))
        with pytest.raises(sqlite3.IntegrityError, match="rows of history are kept"):
            connection.execute(change)
        for verb in ("update", "delete"):  # somebody who owns the file takes the guard away first
            connection.execute(f"DROP TRIGGER history_kept_{verb}")
        assert connection.execute(change).rowcount == 1
        connection.commit()
        assert register.history_break() == seq


def test_32_threads_and_two_processes_at_once_lose_nothing() -> None:
    code = (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from dongle_cli.provision.outcome import Outcome\n"
        "from dongle_cli.register.register import Register\n"
        "import sys\n"
        "sys.stdin.readline()\n"
        "def one(number):\n"
        "    iccid = f'89810300000126{number:05d}'\n"
        "    register.seen(f'8612345678{number:05d}', iccid, 'm', f'1-{number}')\n"
        "    register.settle_pin_attempt(register.note_pin_attempt(iccid, 3), True)\n"
        "    register.finish(run, Outcome(port=f'1-{number}', result='ok'))\n"
        "with Register.open() as register:\n"
        "    run = register.begin_run()\n"
        "    with ThreadPoolExecutor(32) as pool: list(pool.map(one, range(32)))\n"
        "    register.end_run(run)\n"
    )
    children = [python(code) for _ in range(2)]  # neither finds a register yet: one of them makes it
    for child in children:
        assert child.stdin
        child.stdin.write("go\n")
        child.stdin.flush()
    for child in children:
        _out, err = child.communicate(timeout=100)
        assert (child.returncode, err) == (0, "")
    with Register.open() as register:
        assert register.history_break() is None
        last = register.last_link()
        assert last
        assert last.seq == 2 * (32 + 2)
        results = register.results([run["id"] for run in register.rows("runs")])
        assert list(results.values()) == [{"ok": 32}, {"ok": 32}]
        assert len(register.rows("dongles")) == 32


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("nonsense", "register.url"),
        ("nosuchdb://x/y", "register.url"),
        ("sqlite:////proc/nowhere/register.db", "register.unusable"),
    ],
)
def test_a_register_that_cannot_be_opened_says_so(url: str, code: str) -> None:
    with pytest.raises(DongleError) as caught:
        Register.open(url)
    assert caught.value.code == code


def test_a_file_that_is_no_register_and_one_from_the_future_are_left_alone(home: Path) -> None:
    other = home / "other.db"
    other.write_bytes(b"no database at all, but long enough to look at" * 10)
    with pytest.raises(DongleError) as caught:
        Register.open(f"sqlite:///{other}")
    assert caught.value.code == "register.unusable"
    Register.open().close()
    connection = sqlite3.connect(database(home))
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    before = database(home).read_bytes()
    with pytest.raises(DongleError) as caught:
        Register.open()
    assert caught.value.code == "register.newer"
    assert database(home).read_bytes() == before


def test_a_reader_without_rights_is_told(home: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    Register.open().close()
    database(home).chmod(0o400)
    with Register.open() as register, pytest.raises(DongleError) as caught:
        register.begin_run()
    assert caught.value.code == "register.unusable"
