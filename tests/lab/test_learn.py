"""`learn` on virtual sticks: what it writes down loads, fits what was seen, and holds nobody's numbers."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dongle_cli.errors import ExitCode
from dongle_cli.models import loader
from dongle_cli.models.parse import parse
from dongle_cli.modem.allowlist import reading
from dongle_cli.modem.engine import AtEngine
from dongle_cli.modem.learn import ask, dialect
from dongle_cli.transport.transcript import TranscriptTransport

# Sent by the engine to find out whether a port answers at all.
PROBE = "AT"


def learned(bench: Any, port: str, out: Path, *more: str) -> dict[str, Any]:
    result = bench.run("learn", "--device", port, "--out", str(out), "--format", "json", *more)
    assert result.returncode == ExitCode.DONE, result.stderr
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def commands(transcript: str) -> list[str]:
    return [line[2:] for line in transcript.splitlines() if line.startswith("> ")]


def test_a_draft_says_what_the_models_say(lab: Callable[..., Any], tmp_path: Path) -> None:
    bench = lab(3, models=["huawei-e3372", "quectel-ec25", "cdc-acm"])
    for port, model_id in (("1-1", "huawei-e3372"), ("1-2", "quectel-ec25"), ("1-3", "generic")):
        answer = learned(bench, port, tmp_path)
        draft = parse(Path(answer["draft"]).read_text(encoding="utf-8"), file=answer["draft"])
        known = next(model for model in loader.load() if model.id == model_id)
        assert answer["usb"] in {f"{u.vid:04x}:{u.pid:04x}" for u in draft.usb}
        assert draft.switch.method == known.switch.method
        assert draft.dialect.iccid[0] in (*known.dialect.iccid, "+CRSM")
        assert draft.dialect.pin_retries[0] == known.dialect.pin_retries[0]
        assert set(draft.dialect.auth) <= set(known.dialect.auth)
        assert answer["understood"] > 20
    assert (tmp_path / "12d1-1506.toml").read_text("utf-8").count("[[usb]]") == 2, "both faces"


def test_only_reading_commands_are_sent_and_nobodys_numbers_are_kept(lab: Callable[..., Any], tmp_path: Path) -> None:
    bench = lab(2, models=["quectel-ec25", "huawei-e3372"])
    before = [{key: value for key, value in d.items() if key != "mode"} for d in bench.status()]
    for dongle in bench.summary["dongles"]:
        answer = learned(bench, dongle["port"], tmp_path)
        transcript = Path(answer["transcript"]).read_text(encoding="utf-8")
        sent = commands(transcript)
        assert len(sent) > 50
        assert [command for command in sent if command != PROBE and not reading(command)] == []
        swapped = "".join(b + a for a, b in zip(dongle["iccid"][::2], dongle["iccid"][1::2], strict=False))
        for own in (dongle["imei"][:14], dongle["iccid"], swapped[:18]):
            assert own not in transcript
        assert "490154203237518" in transcript, "the standard's example stands for the IMEI"
        assert "< 440100000000000" in transcript, "of the IMSI the network code alone"
    after = [{key: value for key, value in d.items() if key != "mode"} for d in bench.status()]
    assert [d["contexts"] for d in after] == [d["contexts"] for d in before]


def test_the_transcript_replays_into_the_same_dialect(lab: Callable[..., Any], tmp_path: Path) -> None:
    answer = learned(lab(1, models=["quectel-ec25"]), "1-1", tmp_path)
    transcript = Path(answer["transcript"]).read_text(encoding="utf-8")
    first = transcript.split("\n# 1-1:")[1]  # the port that answered; what follows are the others
    replay = TranscriptTransport("# 1-1:" + first)
    engine = AtEngine(replay)
    assert engine.synchronise()
    answers = ask(engine, [command.removeprefix("AT") for command in commands(first)[1:]])
    draft = parse(Path(answer["draft"]).read_text(encoding="utf-8"), file="draft.toml")
    assert dialect(answers) == draft.dialect
    assert replay.finished


def test_a_dry_run_names_what_would_be_asked(lab: Callable[..., Any], tmp_path: Path) -> None:
    bench = lab(1, models=["huawei-e3372"])
    answer = learned(bench, "1-1", tmp_path / "new", "-n")
    assert answer["switch"] == "huawei-new"
    assert all(reading(command) for command in answer["commands"])
    assert not (tmp_path / "new").exists()
    assert bench.status()[0]["mode"] == "storage"


def test_a_switch_that_the_operator_names_needs_a_yes(lab: Callable[..., Any], tmp_path: Path) -> None:
    bench = lab(1, models=["huawei-e3372"])
    asked = bench.run("learn", "-d", "1-1", "--switch", "huawei-alternative", "--out", str(tmp_path))
    assert asked.returncode == ExitCode.USAGE
    assert "usage.confirm" in asked.stderr
    assert bench.status()[0]["mode"] == "storage"
    answer = learned(bench, "1-1", tmp_path, "--switch", "huawei-alternative", "--yes")
    assert parse(Path(answer["draft"]).read_text("utf-8"), file="d.toml").switch.method == "huawei-alternative"


@pytest.mark.parametrize("how", ["hit-it", "5553424300", "300"])
def test_a_switch_nobody_understands_is_refused(how: str, lab: Callable[..., Any], tmp_path: Path) -> None:
    result = lab(1, models=["quectel-ec25"]).run("learn", "--switch", how, "--out", str(tmp_path), "-y")
    assert result.returncode == ExitCode.USAGE
    assert "usage.switch" in result.stderr


def test_a_stick_without_an_at_port_is_drafted_all_the_same(lab: Callable[..., Any], tmp_path: Path) -> None:
    result = lab(1, models=["huawei-hilink"]).run("learn", "--out", str(tmp_path), "--format", "json")
    assert result.returncode == ExitCode.INCOMPLETE, result.stderr
    answer = json.loads(result.stdout)
    assert (answer["asked"], answer["at_interfaces"]) == (0, [])
    draft = parse(Path(answer["draft"]).read_text(encoding="utf-8"), file="draft.toml")
    assert draft.control == "http"
    assert draft.switch.method == "huawei-new"


def test_nothing_is_overwritten(lab: Callable[..., Any], tmp_path: Path) -> None:
    bench = lab(1, models=["cdc-acm"])
    draft = Path(learned(bench, "1-1", tmp_path)["draft"])
    before = draft.read_bytes()
    again = bench.run("learn", "--out", str(tmp_path))
    assert again.returncode == ExitCode.USAGE
    assert str(draft) in again.stderr
    assert draft.read_bytes() == before


def test_a_full_disk_is_named_with_its_file_and_leaves_nothing_behind(lab: Callable[..., Any], tmp_path: Path) -> None:
    bench = lab(1, models=["quectel-ec25"])
    done = subprocess.run(
        # -B: before 3.12.8 Python keeps the part of a .pyc that fits, and whoever imports it next breaks over it.
        ["bash", "-c", 'ulimit -f 3; "$@"', "bash", sys.executable, "-B", "-m", "dongle_cli",
         "learn", "--out", str(tmp_path), "--format", "json"],
        env=bench.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    error = json.loads(done.stderr)["error"]
    assert (done.returncode, error["code"]) == (ExitCode.FAILED, "learn.unwritable")
    assert f"{tmp_path}/2c7c-0125.transcript" in error["message"]
    assert list(tmp_path.iterdir()) == []
    learned(bench, "1-1", tmp_path)
    again = bench.run("learn", "--out", str(tmp_path), "--format", "json")
    assert (again.returncode, json.loads(again.stderr)["error"]["code"]) == (ExitCode.USAGE, "usage.out")
