"""Every model of the lab on one bench: provisioned, right in its own memory, and left alone by the second run."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from dongle_cli.lab.families import FAMILIES

Lab = Any
HTTP_ONLY = {"huawei-hilink"}
ONLY_3G = {"huawei-ms2131", "emobile-d02hw", "fs01bu", "abit-ak020"}


def provision(bench: Lab, *arguments: str) -> list[dict[str, Any]]:
    done = bench.run("provision", bench.profile, "--sims", bench.sims, "--all", "--yes", "--format", "json", *arguments)
    return [json.loads(line) for line in done.stdout.splitlines()]


def after_power_on(bench: Lab) -> None:
    """Wait until the first dongle has made the attach that every stick makes by itself."""
    give_up = time.monotonic() + 60
    while bench.status()[0]["attach_count"] == 0:
        assert time.monotonic() < give_up
        time.sleep(0.01)


@pytest.mark.parametrize("pin", [False, True], ids=["open", "pin"])
def test_every_model(lab: Callable[..., Lab], pin: bool) -> None:
    models = list(FAMILIES)
    bench = lab(count=len(models), models=models, pin=pin)
    first = dict(zip(models, provision(bench), strict=True))
    for model, outcome in first.items():
        wanted = "failed" if model in HTTP_ONLY else "ok"
        assert outcome["result"] == wanted, (model, outcome)
    assert first["huawei-hilink"]["code"] == "modem.http-only"
    for dongle in bench.status():
        if dongle["model"] in HTTP_ONLY:
            assert dongle["mode"] == "storage", "not even switched"
            continue
        contexts = dongle["contexts"]
        assert [c["cid"] for c in contexts] == [1], dongle
        assert contexts[0]["apn"].lower() == "closed.pref.example"
        assert contexts[0]["auth"] == "chap" and contexts[0]["password_right"], dongle
        assert dongle["attached"], dongle
        assert (dongle["pin_tries"], dongle["puk_tries"]) == (3, 10)
    for model, outcome in zip(models, provision(bench), strict=True):
        assert outcome["result"] == ("failed" if model in HTTP_ONLY else "already"), (model, outcome)


def test_sticks_that_know_only_3g_are_named_as_such(lab: Callable[..., Lab]) -> None:
    models = sorted(ONLY_3G)
    bench = lab(count=len(models) + 1, models=[*models, "quectel-ec25"])
    for outcome in provision(bench):
        named = any("3G" in note for note in outcome["notes"])
        assert named == (outcome["model"] != "quectel-ec25"), outcome


def test_flash_writes_and_reads_back_only(lab: Callable[..., Lab]) -> None:
    bench = lab(count=2, models=["quectel-ec25", "huawei-e3372"])
    after_power_on(bench)
    done = bench.run("flash", bench.profile, "--sims", bench.sims, "--all", "--yes", "--format", "json")
    outcomes = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 4
    assert [(o["result"], o["code"]) for o in outcomes] == [("ok", None), ("failed", "usb.storage")]
    assert outcomes[0]["proven"]["password"] == "unproven"
    quectel, huawei = bench.status()
    assert quectel["contexts"][0]["password_right"] and quectel["attach_count"] == 1
    assert huawei["mode"] == "storage"


def test_dry_run_changes_nothing(lab: Callable[..., Lab]) -> None:
    bench = lab(count=2, models=["quectel-ec25", "huawei-e3372"], pin=True)
    before = [{**d, "commands": 0} for d in bench.status()]
    done = bench.run("provision", bench.profile, "--sims", bench.sims, "--all", "--dry-run", "--format", "json")
    assert done.returncode == 0, done.stderr
    outcomes = [json.loads(line) for line in done.stdout.splitlines()]
    assert [o["result"] for o in outcomes] == ["skipped", "skipped"]
    assert all(o["changes"] for o in outcomes)
    assert [{**d, "commands": 0} for d in bench.status()] == before
    assert not (bench.home / "data" / "evidence").exists()


def test_no_attach_leaves_the_line_alone(lab: Callable[..., Lab]) -> None:
    bench = lab(count=1, models=["quectel-ec25"])
    after_power_on(bench)
    (outcome,) = provision(bench, "--no-attach")
    assert (outcome["result"], outcome["proven"]) == ("ok", {"password": "unproven"})
    assert bench.status()[0]["attach_count"] == 1
    (outcome,) = provision(bench)
    assert (outcome["result"], outcome["proven"]["password"]) == ("already", "attach")
    (outcome,) = provision(bench)
    assert (outcome["result"], outcome["proven"]["password"]) == ("already", "recorded")
