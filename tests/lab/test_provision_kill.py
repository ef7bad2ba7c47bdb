"""Killed with SIGKILL after each AT command of a run, and run again: the right state, and every PIN counter full."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

AT_ONCE = 15  # dongles of one round, each held at a command of its own
Lab = Any


def provision(lab: Lab) -> list[str]:
    return ["provision", str(lab.profile), "--sims", str(lab.sims), "--all", "--yes", "--format", "json"]


def outcomes(lab: Lab) -> list[dict[str, Any]]:
    done = lab.run(*provision(lab))
    assert done.returncode == 0, done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def commands_of_a_run(lab: Callable[..., Lab], model: str) -> int:
    quiet = lab(count=1, models=[model], pin=True)
    assert [o["result"] for o in outcomes(quiet)] == ["ok"]
    return int(quiet.status()[0]["commands"])


def rounds(total: int) -> Iterator[range]:
    for first in range(1, total + 1, AT_ONCE):
        yield range(first, min(first + AT_ONCE, total + 1))


@pytest.mark.parametrize("model", ["quectel-ec25", "huawei-e3372"])
@pytest.mark.timeout(1800)
def test_killed_anywhere_and_run_again(lab: Callable[..., Lab], model: str) -> None:
    total = commands_of_a_run(lab, model)
    assert total > 25
    for held in rounds(total):
        bench = lab(
            count=len(held), models=[model], pin=True, faults=[f"hold={n}@{i}" for i, n in enumerate(held, start=1)]
        )
        kill_when_held(bench, held)
        assert all(o["result"] in ("ok", "already") for o in outcomes(bench))
        for number, dongle in zip(held, bench.status(), strict=True):
            assert dongle["contexts"][0]["password_right"], (number, dongle)
            assert dongle["attached"], (number, dongle)
            assert (dongle["pin_tries"], dongle["puk_tries"]) == (3, 10), (number, dongle)
        assert {o["result"] for o in outcomes(bench)} == {"already"}
        bench.stop()


def kill_when_held(bench: Lab, held: range) -> None:
    """Start a run, wait until every dongle has carried out its command and keeps the answer, and kill the run."""
    program = subprocess.Popen(
        [sys.executable, "-m", "dongle_cli", *provision(bench)],
        env=bench.environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    give_up = time.monotonic() + 60
    while not all(dongle["held"] for dongle in bench.status()):
        assert program.poll() is None, "the run ended by itself"
        assert time.monotonic() < give_up, bench.status()
        time.sleep(0.01)  # the lab has other things to do than to tell how it is
    assert [dongle["commands"] for dongle in bench.status()] == list(held)
    program.kill()
    assert program.wait(60) == -9
    bench.release()


def when_it_attaches(lab: Callable[..., Lab]) -> int:
    """Which command of a run attaches: the one that takes its time, and may be waited for more than a minute."""
    quiet = lab(count=1, models=["quectel-ec25"], pin=True)
    assert quiet.run(*provision(quiet), "--record", str(quiet.home / "dialogue.txt")).returncode == 0
    (record,) = quiet.home.glob("dialogue*.txt")
    sent = [line for line in record.read_text().splitlines() if line.startswith("> ")]
    return sent.index("> AT+CGATT=1") + 1


def test_killed_while_it_attaches(lab: Callable[..., Lab]) -> None:
    """The dongle has heard the command long before it is carried out."""
    number = when_it_attaches(lab)
    bench = lab(count=1, models=["quectel-ec25"], pin=True, faults=[f"hold={number}"])
    kill_when_held(bench, range(number, number + 1))
    assert bench.status()[0]["attached"]
    assert [o["result"] for o in outcomes(bench)] == ["already"]


def test_an_interrupt_ends_at_once_and_the_next_run_repairs(lab: Callable[..., Lab]) -> None:
    bench = lab(count=4, models=["quectel-ec25"], pin=True, faults=[f"hold={when_it_attaches(lab)}"])
    program = subprocess.Popen(
        [sys.executable, "-m", "dongle_cli", *provision(bench)],
        env=bench.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    give_up = time.monotonic() + 60
    while not all(dongle["held"] for dongle in bench.status()):
        assert program.poll() is None and time.monotonic() < give_up
        time.sleep(0.01)
    program.send_signal(signal.SIGINT)
    _out, err = program.communicate(timeout=60)  # the command alone may wait longer for its answer
    assert program.returncode == 130
    assert json.loads(err.splitlines()[-1])["error"]["code"] == "interrupted.user"
    bench.release()
    assert all(o["result"] in ("ok", "already") for o in outcomes(bench))
    assert all(d["contexts"][0]["password_right"] and d["pin_tries"] == 3 for d in bench.status())
