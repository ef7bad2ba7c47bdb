"""What `--record` wrote replays: the same code, fed with the transcript, comes to the same answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dongle_cli.cli.show import read
from dongle_cli.models import loader
from dongle_cli.modem.engine import AtEngine
from dongle_cli.modem.identity import read_maker
from dongle_cli.modem.modem import Modem
from dongle_cli.transport.transcript import TranscriptTransport

Lab = Any
MODELS = [
    "huawei-e3372",
    "quectel-ec25",
    "cdc-acm",
    "simcom-7600",
    "telit-le910",
    "sierra-mc7455",
    "fs040u",
    "zte-1428",
]


def replayed(path: Path, model_id: str) -> dict[str, Any]:
    """What `show` says when the transcript is the dongle."""
    transport = TranscriptTransport.open(path)
    engine = AtEngine(transport)
    assert engine.synchronise()
    modem = Modem(engine, next(model for model in loader.load() if model.id == model_id))
    modem.start()
    answer = read(SimpleNamespace(modem=modem, maker=read_maker(modem)), unmask=False)  # type: ignore[arg-type]
    assert transport.finished
    return json.loads(json.dumps(answer))


@pytest.mark.parametrize("model", MODELS)
def test_a_recorded_show_replays(lab: Callable[..., Lab], tmp_path: Path, model: str) -> None:
    bench = lab(count=1, models=[model], pin=True, faults=["noise", "pieces"])
    done = bench.run("provision", bench.profile, "--sims", bench.sims, "--yes", "--format", "json")
    (outcome,) = (json.loads(line) for line in done.stdout.splitlines())
    path = tmp_path / "show.transcript"
    done = bench.run("show", "--record", path, "--format", "json")
    shown = json.loads(done.stdout)
    assert path.stat().st_mode & 0o077 == 0
    again = replayed(path, outcome["model"])
    assert again == {key: shown[key] for key in again} | {"imsi": None, "contexts": again["contexts"]}
    hidden = {"user": "****"}  # where user and password stand side by side a recording keeps neither
    for before, after in zip(shown["contexts"], again["contexts"], strict=True):
        assert after in (before, before | hidden, before | {"user": None})
