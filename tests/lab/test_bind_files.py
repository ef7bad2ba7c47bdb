"""The way of two files: a request from the laptop, an answer from the bench, and what must not be installed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from binding_bench import Bench, forged, laptop_file, make

Lab = Any


@pytest.fixture
def bench(lab: Callable[..., Lab], tmp_path: Path) -> Bench:
    """A bench with an authority and two dongles."""
    return make(lab(count=2, models=["quectel-ec25"]), tmp_path)


def test_request_bind_accept_and_again(bench: Bench, tmp_path: Path) -> None:
    laptop = laptop_file(tmp_path, 1)
    asked = bench.json(
        "bind", "request", "--out", tmp_path / "r", "--laptop", laptop, "--asset", "ＰＦ１", *bench.unlock
    )
    assert asked["asset"] == "PF1" and asked["keystore"] == "pem"
    again = bench.json("bind", "request", "--out", tmp_path / "r", "--laptop", laptop, "--asset", "PF1", *bench.unlock)
    assert again["key_sha256"] == asked["key_sha256"], "the same key is used again"
    bound = bench.json(
        "bind", "-d", "1-1", "--request", tmp_path / "r", "--out", tmp_path / "a", "--yes", *bench.unlock
    )
    assert (bound["asset"], bound["state"]) == ("PF1", "active")
    assert not bench.keys_in(tmp_path / "a") and not bench.keys_in(tmp_path / "r")

    accept = ("bind", "accept", tmp_path / "a", "--laptop", laptop, "--yes", *bench.unlock)
    assert bench.run(*accept, "--dry-run").returncode == 0
    first, second = bench.json(*accept), bench.json(*accept)
    assert (first["result"], second["result"]) == ("ok", "already")
    assert first["fingerprint_sha256"] == bound["fingerprint_sha256"]
    stored = bench.home / "data" / "keys" / "laptop.crt.pem"
    assert bench.run("verify", "--pem", stored, "-d", "1-1", "--laptop", laptop).returncode == 0
    other = (*accept[:3], "--laptop", laptop_file(tmp_path, 2), "--yes", *bench.unlock)
    bench.refused(5, "binding.other-laptop", *other)


def test_an_answer_that_was_changed_on_its_way_is_not_installed(bench: Bench, tmp_path: Path) -> None:
    laptop = laptop_file(tmp_path, 1)
    bench.json("bind", "request", "--out", tmp_path / "r", "--laptop", laptop, "--asset", "PF1", *bench.unlock)
    bench.json("bind", "-d", "1-1", "--request", tmp_path / "r", "--out", tmp_path / "a", "--yes", *bench.unlock)
    answer = json.loads((tmp_path / "a").read_text())

    def refused(code: str, **changed: object) -> dict[str, Any]:
        (tmp_path / "b").write_text(json.dumps({**answer, **changed}))
        accept = ("bind", "accept", tmp_path / "b", "--laptop", laptop, "--yes", *bench.unlock)
        return bench.refused(5 if code.startswith("binding") else 1, code, *accept)

    wrong = refused("binding.wrong-answer", imei="490154203237518")
    assert [one["what"] for one in wrong["differences"]] == ["names"]
    assert refused("binding.wrong-answer", asset="PF2")
    refused("request.unreadable", chain="")
    refused("request.unreadable", certificate=answer["certificate"][:-60])
    refused("request.unreadable", schema=2)
    # The same names, the same key, and an authority of somebody else's.
    chain, certificate = forged(answer["certificate"], answer["chain"])
    refused("binding.wrong-answer", chain=chain)
    refused("binding.wrong-answer", certificate=certificate)
    bench.json("bind", "accept", tmp_path / "a", "--laptop", laptop, "--yes", *bench.unlock)
    refused("binding.other-root", chain=chain, certificate=certificate)
    early = forged(answer["certificate"], answer["chain"], begin=timedelta(days=1))
    late = forged(answer["certificate"], answer["chain"], begin=timedelta(days=-30), end=timedelta(days=-1))
    for chain, certificate in (early, late):
        wrong = refused("binding.wrong-answer", chain=chain, certificate=certificate)
        assert [one["what"] for one in wrong["differences"]] == ["validity"]


def test_an_answer_for_another_key_is_not_installed(bench: Bench, tmp_path: Path) -> None:
    laptop = laptop_file(tmp_path, 1)
    bench.json("bind", "request", "--out", tmp_path / "r", "--laptop", laptop, "--asset", "PF1", *bench.unlock)
    bench.json("bind", "-d", "1-1", "--request", tmp_path / "r", "--out", tmp_path / "a", "--yes", *bench.unlock)
    (bench.home / "data" / "keys" / "laptop.key.pem").unlink()
    bench.json("bind", "request", "--out", tmp_path / "r", "--laptop", laptop, "--asset", "PF1", *bench.unlock)
    accept = ("bind", "accept", tmp_path / "a", "--laptop", laptop, "--yes", *bench.unlock)
    bench.refused(5, "binding.other-key", *accept)


def test_a_request_that_was_changed_is_not_bound(bench: Bench, tmp_path: Path) -> None:
    laptop = laptop_file(tmp_path, 1)
    bench.json("bind", "request", "--out", tmp_path / "r", "--laptop", laptop, "--asset", "PF1", *bench.unlock)
    whole = json.loads((tmp_path / "r").read_text())
    whole["body"]["laptop"]["uuid"] = json.loads(laptop_file(tmp_path, 2).read_text())["uuid"]
    (tmp_path / "r").write_text(json.dumps(whole))
    bind = ("bind", "-d", "1-1", "--request", tmp_path / "r", "--out", tmp_path / "a", "--yes", *bench.unlock)
    bench.refused(1, "request.signature", *bind)
