"""Killed with SIGKILL at every step of bind, change and revoke: nothing lost, nothing double, finished by a rerun."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from binding_bench import Bench, csr_file, make
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from dongle_cli.register import bindings
from dongle_cli.register.register import Register

Lab = Any


class Driver:
    """A warm Python that forks, runs and kills."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def run(self, *argv: str | Path, **when: float) -> dict[str, Any]:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps({"argv": [str(word) for word in argv], **when}) + "\n")
        self.process.stdin.flush()
        done: dict[str, Any] = json.loads(self.process.stdout.readline())
        return done


@contextmanager
def driver(environment: dict[str, str]) -> Iterator[Driver]:
    """Start it, wait until it is warm, and end it."""
    program = Path(__file__).with_name("step_driver.py")
    with subprocess.Popen(
        [sys.executable, str(program)], env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout and process.stdin
        assert process.stdout.readline() == "ready\n"
        yield Driver(process)
        process.stdin.close()


class Home:
    """The bench's data, put back as they were before each kill."""

    def __init__(self, bench: Bench, name: str) -> None:
        self.bench, self.data, self.kept = bench, bench.home / "data", bench.folder / name
        shutil.copytree(self.data, self.kept)

    def put_back(self) -> None:
        shutil.rmtree(self.data)
        shutil.copytree(self.kept, self.data)
        for path in self.bench.folder.glob("out*"):
            path.unlink()

    def certificates(self) -> set[str]:
        """The fingerprints of every certificate that went out."""
        found = set()
        for path in self.bench.folder.glob("out*"):
            text = path.read_text()
            pem = json.loads(text)["certificate"] if text.startswith("{") else text
            found.add(x509.load_pem_x509_certificate(pem.encode()).fingerprint(hashes.SHA256()).hex())
        return found

    def holds(self) -> list[bindings.Binding]:
        """What must be so at every moment; returns what is in force."""
        with Register.open(self.bench.register_url) as register:
            assert register.history_break() is None
            rows = bindings.find(register, states=())
        known = {row.fingerprint_sha256 for row in rows if row.state in ("signed", "active", "held", "superseded")}
        assert self.certificates() <= known, "a certificate without a row"
        live = [row for row in rows if row.live]
        for name in ("imei14", "iccid", "laptop_uuid", "asset_no"):
            values = [getattr(row, name) for row in live]
            assert len(values) == len(set(values)), f"two bindings for one {name}"
        for row in rows:
            assert row.serial, "a number is reserved before anything is signed"
            assert (row.state in ("active", "signed", "pending")) or row.revoked
        return live


@pytest.fixture
def bench(lab: Callable[..., Lab], tmp_path: Path) -> Bench:
    """A bench with an authority and two dongles."""
    made = make(lab(count=2, models=["quectel-ec25"]), tmp_path)
    csr_file(tmp_path, "lt1")
    return made


def every_step(
    run: Driver, home: Home, argv: Sequence[str | Path], finished: Callable[[list[bindings.Binding]], None]
) -> int:
    """Kill `argv` at each of its steps, look, run it again to its end, look again; how often it was killed."""
    home.put_back()
    whole = run.run(*argv)
    assert whole["code"] == 0, whole["said"]
    finished(home.holds())
    for step in range(1, 200):  # until one ends by itself: how many steps there are differs by one or two
        home.put_back()
        killed = run.run(*argv, kill=step)
        home.holds()
        if killed["code"] == 0:
            return step - 1
        assert killed["code"] == -9, (step, killed["said"])
        again = run.run(*argv)
        assert again["code"] == 0, (step, again["said"])
        finished(home.holds())
    raise AssertionError("it never ended")


def by_the_clock(
    run: Driver, home: Home, argv: Sequence[str | Path], finished: Callable[[list[bindings.Binding]], None], times: int
) -> int:
    """Kill `argv` at moments spread over its length: also between AT commands, and inside of a commit."""
    home.put_back()
    length = run.run(*argv)["seconds"]
    kills = 0
    for number in range(times):
        home.put_back()
        kills += run.run(*argv, after=length * (number + 0.5) / times)["code"] == -9
        home.holds()
        again = run.run(*argv)
        assert again["code"] == 0, (number, again["said"])
        finished(home.holds())
    return kills


@pytest.mark.timeout(1800)
def test_killed_at_every_step_and_run_again(bench: Bench, tmp_path: Path) -> None:
    first, second = (dongle["imei"] for dongle in bench.lab.status())
    bind = [*bench.bind("1-1", 1)]
    bind[bind.index("--out") + 1] = tmp_path / "out.pem"
    revoke = ("revoke", "--asset", "PF0000001", "--reason", "keyCompromise", "--yes", *bench.unlock)
    change = ("change", "dongle", "--asset", "PF0000001", "-d", "1-2", "--out", tmp_path / "out.answer", "--yes",
              *bench.unlock)  # fmt: skip
    home = Home(bench, "nobody-is-bound")

    def bound(imei: str) -> Callable[[list[bindings.Binding]], None]:
        def check(live: list[bindings.Binding]) -> None:
            assert [(one.imei, one.state) for one in live] == [(imei, "active")]
            assert home.certificates() == {live[0].fingerprint_sha256}

        return check

    def revoked(live: list[bindings.Binding]) -> None:
        assert not live
        crl = x509.load_pem_x509_crl((home.data / "ca" / "crl.pem").read_bytes())
        with Register.open(bench.register_url) as register:
            (row,) = bindings.find(register, states=("revoked",))
        assert crl.get_revoked_certificate_by_serial_number(int(row.serial or "", 16)) is not None

    with driver(bench.lab.environment) as run:
        kills = every_step(run, home, bind, bound(first))
        kills += by_the_clock(run, home, bind, bound(first), 25)
        home.put_back()
        assert run.run(*bind)["code"] == 0
        (tmp_path / "out.pem").unlink()
        home = Home(bench, "one-is-bound")
        kills += every_step(run, home, change, bound(second))
        kills += every_step(run, home, revoke, revoked)
    assert kills >= 100
