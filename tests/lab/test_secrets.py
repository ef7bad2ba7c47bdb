"""Planted PINs and passwords: nowhere but in the SIM list, whatever happens."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Lab = Any
SECRETS = ("Kanarie-7Qx!pw", "80416273", "59302718")  # password, PIN, new PIN: eight digits occur nowhere by chance
CASES = [
    *((model, faults) for model in ("quectel-ec25", "huawei-e3372", "simcom-7600", "sierra-mc7455")
      for faults in ([], ["swapped-auth"])),
    *(("quectel-ec25", faults) for faults in (
        ["truncate"], ["half=20"], ["drop=20"], ["refuse=+CGAUTH"], ["noise", "pieces"], ["reject=7"], ["forget"])),
]  # fmt: skip


def planted(path: Path, source: Path) -> Path:
    """The SIM list `source` with the planted secrets in every row."""
    with source.open(newline="") as file:
        rows = [
            {**row, "password": SECRETS[0], "pin": SECRETS[1], "new_pin": SECRETS[2]} for row in csv.DictReader(file)
        ]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def leaks(bench: Lab, outputs: list[str], allowed: set[Path]) -> Iterator[str]:
    """Where a secret stands that should not: in what was said, or in any file under the home."""
    for number, text in enumerate(outputs):
        yield from (f"output {number}" for secret in SECRETS if secret in text)
    for path in bench.home.rglob("*"):
        if path.is_file() and path not in allowed:
            yield from (str(path) for secret in SECRETS if secret.encode() in path.read_bytes())


@pytest.mark.parametrize(
    ("model", "faults"), CASES, ids=lambda value: value if isinstance(value, str) else "+".join(value)
)
def test_a_secret_is_nowhere(lab: Callable[..., Lab], tmp_path: Path, faults: list[str], model: str) -> None:
    sims = planted(tmp_path / "sims.csv", lab(count=1, models=[model], seed=7).sims)
    bench = lab(count=1, models=[model], pin=True, faults=faults, sims=sims, seed=7)
    record = bench.home / "dialogue.txt"
    outputs = []
    for arguments in (
        ["-vv", "provision", bench.profile, "--sims", sims, "--all", "--yes", "--record", record, "--replug"],
        ["provision", bench.profile, "--sims", sims, "--all", "--yes", "--format", "json"],
        ["provision", bench.profile, "--sims", sims, "--all", "--dry-run"],
        ["show", "--format", "json"],
        ["-vv", "at", "+CGAUTH?", "+CGDCONT?"],
        ["profile", "check", bench.profile, "--sims", sims],
        ["register", "runs"],
        ["lab", "status", "--format", "json"],
    ):
        done = bench.run(*arguments)
        outputs += [done.stdout, done.stderr]
    assert any("AT+CPIN=" in text for text in outputs), "the PIN was sent, and its command was shown"
    allowed = {sims, bench.sims}
    assert list(leaks(bench, outputs, allowed)) == []


def test_a_secret_is_in_no_process_list(lab: Callable[..., Lab], tmp_path: Path) -> None:
    sims = planted(tmp_path / "sims.csv", lab(count=4, models=["quectel-ec25"], seed=9).sims)
    bench = lab(count=4, models=["quectel-ec25"], pin=True, sims=sims, seed=9, delay=0.05)
    command = ["provision", str(bench.profile), "--sims", str(sims), "--all", "--yes"]
    program = subprocess.Popen(
        [sys.executable, "-m", "dongle_cli", *command],
        env=bench.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    seen = 0
    while program.poll() is None:
        for pid in (program.pid, bench.pid):
            for name in ("cmdline", "environ"):
                content = process_file(pid, name)
                seen += len(content) > 0
                assert not any(secret.encode() in content for secret in SECRETS), (pid, name)
    assert program.stdout is not None
    assert program.returncode == 0, program.stdout.read()
    assert seen >= 4  # both processes, both files, at least once


def process_file(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def test_a_crash_report_holds_no_secret(lab: Callable[..., Lab], tmp_path: Path) -> None:
    sims = planted(tmp_path / "sims.csv", lab(count=1, models=["quectel-ec25"], seed=5).sims)
    bench = lab(count=1, models=["quectel-ec25"], pin=True, sims=sims, seed=5)
    # The evidence folder is a file: writing the record fails after every secret has been in use.
    (bench.home / "data").mkdir(exist_ok=True)
    (bench.home / "data" / "evidence").write_text("")
    done = bench.run("-vv", "provision", bench.profile, "--sims", sims, "--all", "--yes")
    assert done.returncode != 0
    assert list(leaks(bench, [done.stdout, done.stderr], {sims, bench.sims})) == []
