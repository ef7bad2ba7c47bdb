"""A signed extract at the help desk, and the signed records that bind and revoke leave behind."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from binding_bench import Bench, history, laptop_file, make

Lab = Any


@pytest.fixture
def bench(lab: Callable[..., Lab], tmp_path: Path) -> Bench:
    """A bench with an authority and two dongles, the first of which is bound to laptop 1."""
    made = make(lab(count=2, models=["quectel-ec25"]), tmp_path)
    made.json(*made.bind("1-1", 1))
    return made


def test_a_help_desk_without_the_register_sees_what_the_bench_sees(bench: Bench, tmp_path: Path) -> None:
    pem, laptop, out = tmp_path / "lt1.pem", laptop_file(tmp_path, 1), tmp_path / "bindings.jsonl"
    bench.chain()
    assert bench.json("register", "extract", "--out", out, *bench.unlock)["bindings"] == 1
    assert "BEGIN CERTIFICATE" not in out.read_text().splitlines()[1]
    bench.environment["DONGLE_HOME"] = str(tmp_path / "desk")
    asked = ("verify", "--pem", pem, "--laptop", laptop, "--extract", out)
    assert bench.refused(2, "usage.chain", *asked)
    offline = (*asked, "--chain", tmp_path / "chain.pem")
    answer = bench.json(*offline, "-d", "1-1")
    assert answer["result"] == "ok" and answer["binding"]["asset"] == "PF0000001" and answer["as_of"]
    assert bench.run(*offline, "-d", "1-2").returncode == 5
    assert not (tmp_path / "desk" / "data").exists()
    whole = out.read_bytes()
    out.write_bytes(whole.replace(b'"active"', b'"held",1', 1) if b'"active"' in whole else whole[:-2])
    bench.refused(5, "evidence.extract", *offline)
    out.write_bytes(whole)
    out.with_name("bindings.jsonl.p7s").unlink()
    bench.refused(5, "evidence.extract", *offline)


def test_a_revoked_binding_is_revoked_in_the_next_extract(bench: Bench, tmp_path: Path) -> None:
    out = tmp_path / "bindings.jsonl"
    bench.json("revoke", "--asset", "PF0000001", "--reason", "keyCompromise", "--yes", *bench.unlock)
    bench.json("register", "extract", "--out", out, *bench.unlock)
    done = bench.run("verify", "--pem", tmp_path / "lt1.pem", "--extract", out, "-F", "json")
    checks = {check["what"]: check["result"] for check in json.loads(done.stdout)["checks"]}
    assert (done.returncode, checks["revocation"]) == (5, "bad")


def test_records_and_history_say_who_did_it(bench: Bench, tmp_path: Path) -> None:
    """The bench runs as root behind sudo; the person is meant, and is named as in the records of provision."""
    bench.environment["SUDO_USER"] = "suzuki"
    bench.json(*bench.bind("1-2", 2))
    asset = ("--asset", "PF0000002")
    renew = bench.run("ca", "renew", "--before", "1000d", "--out", tmp_path / "new", "--yes", *bench.unlock)
    assert renew.returncode == 0, renew.stderr
    bench.json("unbind", *asset, "--yes", *bench.unlock)
    bench.json("change", "sim", "--asset", "PF0000001", "--iccid", "8981030000019990008", "--yes")
    bench.json("lost", "--asset", "PF0000001", "--requests", tmp_path / "requests", "--yes", *bench.unlock)
    kinds = set()
    for path in (bench.home / "data" / "evidence").glob("PF*.json"):
        record = json.loads(path.read_text())
        if record["operator"] == "suzuki":  # what the fixture bound before is another's
            kinds.add(record["kind"])
    assert kinds == {"bind", "renew", "revoke", "change-sim", "lost"}
    told = [(kind, body) for kind, body in history(bench) if kind.startswith("binding-")]
    assert all(body["operator"] for _kind, body in told)
    by_suzuki = {kind for kind, body in told if body["operator"] == "suzuki"}
    assert by_suzuki >= {"binding-pending", "binding-active", "binding-sim", "binding-revoked"}


def test_bind_and_revoke_leave_signed_records_and_the_day_has_its_head(bench: Bench) -> None:
    bench.json("revoke", "--asset", "PF0000001", "--reason", "superseded", "--yes", *bench.unlock)
    done = bench.run("evidence", "verify", "-F", "json")
    found = {Path(line["file"]).name: line for line in map(json.loads, done.stdout.splitlines())}
    assert done.returncode == 0, done.stdout
    kinds = {name.split("_")[1] if name.startswith("PF") else name.split("_")[0] for name in found}
    assert kinds == {"register", "bind", "revoke", "history"}
    record = next(Path(line["file"]) for name, line in found.items() if "_revoke_" in name)
    told = json.loads(record.read_text())
    assert (told["reason"], told["binding"]["asset"]) == ("superseded", "PF0000001")
    record.write_bytes(record.read_bytes().replace(b"superseded", b"supersedet"))
    assert bench.run("evidence", "verify", record).returncode == 5
