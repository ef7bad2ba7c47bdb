"""`profile diff`: what a dongle holds against the profile, and nothing changed by asking."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

Lab = Any


def test_diff_before_and_after(lab: Callable[..., Lab]) -> None:
    bench = lab(count=2, models=["quectel-ec25"], pin=True, faults=["no-sim@2"])
    question = ["profile", "diff", bench.profile, "--sims", bench.sims, "--all", "--format", "json"]
    asked = bench.run(*question)
    first, second = (json.loads(line) for line in asked.stdout.splitlines())
    assert asked.returncode == 4
    assert {change["what"] for change in first["changes"]} >= {"context.1.apn", "context.1.auth", "context.1.user"}
    assert second["code"] == "sim.absent"
    assert bench.status()[0]["locked"], "asking sends no PIN"
    bench.run("provision", bench.profile, "--sims", bench.sims, "--device", "1-1", "--yes")
    asked = bench.run("profile", "diff", bench.profile, "--sims", bench.sims, "--device", "1-1")
    assert (asked.returncode, asked.stdout) == (0, "1-1  as in the profile\n")
