"""The PIN rules, each with a test that tries to break it; what counts is the counter in the virtual card itself."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dongle_cli.register.register import Register

Lab = Any
MODEL = ["quectel-ec25"]


def provision(bench: Lab, *arguments: str, profile: Path | None = None) -> tuple[int, list[dict[str, Any]]]:
    done = bench.run(
        "provision", profile or bench.profile, "--sims", bench.sims, "--all", "--yes", "--format", "json", *arguments
    )
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def rewrite(path: Path, change: Callable[[dict[str, str]], dict[str, str]]) -> list[dict[str, str]]:
    """Change every row of a SIM list, and return the new rows."""
    with path.open(newline="") as file:
        rows = [change(dict(row)) for row in csv.DictReader(file)]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return rows


def wrong_pin(row: dict[str, str]) -> dict[str, str]:
    return {**row, "pin": "90817263" if row["pin"] != "90817263" else "90817264"}


def register(bench: Lab) -> Register:
    return Register.open(f"sqlite:///{bench.home / 'data' / 'register.db'}")


def tries(bench: Lab) -> list[int]:
    return [dongle["pin_tries"] for dongle in bench.status()]


def test_a_wrong_pin_is_sent_once_and_never_again(lab: Callable[..., Lab]) -> None:
    bench = lab(count=1, models=MODEL, pin=True)
    right = bench.sims.read_text()
    rewrite(bench.sims, wrong_pin)
    code, outcomes = provision(bench)
    assert (code, outcomes[0]["code"], tries(bench)) == (4, "sim.pin-refused", [2])
    code, outcomes = provision(bench)
    assert (code, outcomes[0]["code"], tries(bench)) == (4, "sim.pin-refused-before", [2])
    code, outcomes = provision(bench, "--force")
    assert (code, outcomes[0]["code"], tries(bench)) == (4, "sim.pin-refused-before", [2])
    bench.sims.write_text(right)
    code, outcomes = provision(bench)
    assert (code, outcomes[0]["result"], tries(bench)) == (0, "ok", [3])


def test_the_last_try_is_never_spent_not_even_by_force(lab: Callable[..., Lab]) -> None:
    bench = lab(count=1, models=MODEL, pin=True, faults=["pin-tries=1"])
    for arguments in ((), ("--force",)):
        code, outcomes = provision(bench, *arguments)
        assert (code, outcomes[0]["code"], tries(bench)) == (4, "sim.pin-last-try", [1])


def test_without_an_iccid_no_pin(lab: Callable[..., Lab]) -> None:
    hidden = [f"refuse={name}" for name in ("+QCCID", "+CCID", "+ICCID", "+CRSM", "+CSIM")]
    bench = lab(count=1, models=MODEL, pin=True, faults=hidden)
    code, outcomes = provision(bench, "--force")
    assert (code, outcomes[0]["code"], tries(bench)) == (4, "sim.no-iccid", [3])


def test_another_cards_pin_is_not_tried(lab: Callable[..., Lab]) -> None:
    bench = lab(count=2, models=MODEL, pin=True)
    first, _second = bench.sims.read_text().splitlines()[1:]
    bench.sims.write_text(bench.sims.read_text().replace(first + "\n", ""))
    code, outcomes = provision(bench)
    assert code == 4
    assert [o["code"] for o in outcomes] == ["sim.not-listed", None]
    assert [d["locked"] for d in bench.status()] == [True, False]
    assert tries(bench) == [3, 3]


def test_no_pin_in_the_list(lab: Callable[..., Lab]) -> None:
    bench = lab(count=1, models=MODEL, pin=True)
    rewrite(bench.sims, lambda row: {**row, "pin": ""})
    code, outcomes = provision(bench)
    assert (code, outcomes[0]["code"], tries(bench)) == (4, "sim.pin-missing", [3])


def test_unreadable_retries_hold_the_pin_back_until_force(lab: Callable[..., Lab]) -> None:
    hidden = [f"refuse={name}" for name in ("+QPINC", "+CPINR", "+CSIM")]
    bench = lab(count=1, models=MODEL, pin=True, faults=hidden)
    code, outcomes = provision(bench)
    assert (code, outcomes[0]["code"]) == (4, "sim.retries-unknown")
    assert bench.status()[0]["locked"]
    code, outcomes = provision(bench, "--force")
    assert (code, outcomes[0]["result"]) == (0, "ok")


def test_cut_off_before_sending_the_same_count_lets_it_be_sent(lab: Callable[..., Lab]) -> None:
    bench = lab(count=1, models=MODEL, pin=True)
    register(bench).note_pin_attempt(bench.status()[0]["iccid"], 3)
    code, outcomes = provision(bench)
    assert (code, outcomes[0]["result"], tries(bench)) == (0, "ok", [3])


@pytest.mark.parametrize("before", [3, None])
def test_cut_off_after_sending_a_lower_or_unknown_count_holds_it_back(
    lab: Callable[..., Lab], before: int | None
) -> None:
    bench = lab(count=1, models=MODEL, pin=True, faults=["pin-tries=2"])
    register(bench).note_pin_attempt(bench.status()[0]["iccid"], before)
    code, outcomes = provision(bench)
    assert (code, outcomes[0]["code"], tries(bench)) == (4, "sim.pin-attempted", [2])
    assert bench.status()[0]["locked"]


def test_killed_while_a_wrong_pin_is_on_its_way(lab: Callable[..., Lab]) -> None:
    sent = number_of_the_pin_command(lab(count=1, models=MODEL, pin=True))
    bench = lab(count=1, models=MODEL, pin=True, faults=[f"hold={sent}"])
    rewrite(bench.sims, wrong_pin)
    command = ["provision", bench.profile, "--sims", bench.sims, "--all", "--yes"]
    program = subprocess.Popen(
        [sys.executable, "-m", "dongle_cli", *map(str, command)],
        env=bench.environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    give_up = time.monotonic() + 60
    while not bench.status()[0]["held"]:
        assert time.monotonic() < give_up and program.poll() is None
        time.sleep(0.01)
    program.kill()
    program.wait(60)
    bench.release()
    assert tries(bench) == [2]
    code, outcomes = provision(bench)
    assert (code, outcomes[0]["code"], tries(bench)) == (4, "sim.pin-attempted", [2])


def number_of_the_pin_command(quiet: Lab) -> int:
    """The how-manieth command of a run carries the PIN, counted from 1 in a recording."""
    record = quiet.home / "dialogue.txt"
    provision(quiet, "--record", str(record))
    (recorded,) = quiet.home.glob("dialogue*.txt")
    sent = [line for line in recorded.read_text().splitlines() if line.startswith("> ")]
    return next(number for number, line in enumerate(sent, start=1) if "+CPIN=" in line)


def test_a_shared_wrong_pin_costs_one_try_in_the_whole_batch(lab: Callable[..., Lab]) -> None:
    bench = lab(count=6, models=MODEL, pin=True)
    rewrite(bench.sims, lambda row: {**row, "pin": "90817263"})
    code, outcomes = provision(bench)
    assert code == 4
    assert sorted(o["code"] for o in outcomes) == ["sim.pin-batch-stopped"] * 5 + ["sim.pin-refused"]
    assert sorted(tries(bench)) == [2, 3, 3, 3, 3, 3]


def test_a_shared_right_pin_opens_all(lab: Callable[..., Lab], tmp_path: Path) -> None:
    shared = tmp_path / "sims.csv"
    shared.write_text(lab(count=4, models=MODEL, pin=True).sims.read_text())
    rewrite(shared, lambda row: {**row, "pin": "55667788"})
    bench = lab(count=4, models=MODEL, pin=True, sims=shared)
    code, outcomes = provision(bench)
    assert (code, {o["result"] for o in outcomes}) == (0, {"ok"})
    assert tries(bench) == [3, 3, 3, 3]


def with_pin(bench: Lab, action: str) -> Path:
    """The lab's profile with another `pin` in its [sim]."""
    text = bench.profile.read_text()
    changed = bench.home / f"{action}.toml"
    lines = [line for line in text.splitlines() if not line.replace(" ", "").startswith("pin=")]
    if "[sim]" in lines:
        lines.insert(lines.index("[sim]") + 1, f'pin = "{action}"')
    else:
        lines += ["[sim]", f'pin = "{action}"']
    changed.write_text("\n".join(lines) + "\n")
    return changed


def test_disable(lab: Callable[..., Lab]) -> None:
    bench = lab(count=1, models=MODEL, pin=True)
    profile = with_pin(bench, "disable")
    code, outcomes = provision(bench, profile=profile)
    assert (code, outcomes[0]["result"]) == (0, "ok")
    assert not bench.status()[0]["pin_enabled"]
    bench.replug("1-1")
    code, outcomes = provision(bench, profile=profile)
    assert (code, outcomes[0]["result"], tries(bench)) == (0, "already", [3])


def test_change_and_use_the_new_one_from_then_on(lab: Callable[..., Lab]) -> None:
    bench = lab(count=1, models=MODEL, pin=True)
    rewrite(bench.sims, lambda row: {**row, "new_pin": "24681357"})
    profile = with_pin(bench, "change")
    code, outcomes = provision(bench, profile=profile)
    assert (code, outcomes[0]["result"], tries(bench)) == (0, "ok", [3])
    code, outcomes = provision(bench, profile=profile)
    assert (code, outcomes[0]["result"], tries(bench)) == (0, "already", [3])
    bench.replug("1-1")
    code, outcomes = provision(bench, profile=profile)
    assert (code, tries(bench)) == (0, [3]), outcomes
    assert not bench.status()[0]["locked"]


def test_replug_unlocks_again_with_the_pin_that_was_accepted(lab: Callable[..., Lab]) -> None:
    bench = lab(count=1, models=MODEL, pin=True)
    code, outcomes = provision(bench, "--replug")
    assert (code, outcomes[0]["result"], tries(bench)) == (0, "ok", [3])
    assert bench.status()[0]["boots"] == 2
