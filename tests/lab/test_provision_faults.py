"""Each fault of the lab against a whole run: the exact error code and exit code, and the neighbour untouched."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

Lab = Any


class Case(NamedTuple):
    """A fault on dongle 1 of 2, and what the run must make of it."""

    fault: str
    code: str | None  # of dongle 1; None: it is provisioned all the same
    exit: int = 4
    model: str = "quectel-ec25"
    arguments: tuple[str, ...] = ()
    written: bool = False  # the profile is in dongle 1 all the same


CASES = [
    Case("drop=20", "usb.vanished"),
    Case("gone=20", "usb.vanished"),
    Case("storage-again=1", None, 0, "huawei-e3372"),
    Case("storage-again=3", "usb.storage-again", 4, "huawei-e3372"),
    Case("noise", None, 0),
    Case("pieces", None, 0),
    Case("slow=0.1", None, 0),
    Case("deaf", "at.silent"),
    Case("deaf=20", "at.silent"),
    Case("half=20", "at.half-line"),
    Case("no-dtr", None, 0),
    Case("truncate", "flash.differs"),
    Case("swapped-auth", None, 0),
    Case("forget", None, 0),
    Case("forget", "flash.forgotten", arguments=("--replug",)),
    Case("wrong-imei", "sim.imei-mismatch"),
    Case("busy=3", None, 0),
    Case("pin-locked", None, 0),
    Case("puk-locked", "sim.puk-locked"),
    Case("pin-tries=1", "sim.pin-last-try"),
    Case("no-sim", "sim.absent"),
    Case("reject=7", "network.refused", written=True),
    Case("reject=5", "network.refused", written=True),
    Case("refuse=+CGDCONT", "at.refused"),
    Case("refuse=+CGAUTH", None, 0),
    Case("refuse=^AUTHDATA", "flash.refused", 4, "huawei-e3372"),
]


def run(lab: Lab, *arguments: str) -> tuple[int, list[dict[str, Any]]]:
    done = lab.run("provision", lab.profile, "--sims", lab.sims, "--all", "--yes", "--format", "json", *arguments)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("case", CASES, ids=lambda case: " ".join((case.fault, *case.arguments)))
def test_a_fault_is_named_and_stays_with_its_dongle(lab: Callable[..., Lab], case: Case) -> None:
    pin = case.fault.startswith("pin")
    bench = lab(count=2, models=[case.model], faults=[f"{case.fault}@1"], pin=pin)
    code, outcomes = run(bench, *case.arguments)
    assert (code, outcomes[0]["code"]) == (case.exit, case.code), outcomes[0]
    assert outcomes[1]["result"] == "ok", outcomes[1]
    bad, good = bench.status()
    assert good["contexts"][0]["password_right"] and good["attached"]
    assert (good["pin_tries"], good["puk_tries"]) == (3, 10)
    if case.code is None or case.written:
        assert bad["contexts"][0]["password_right"]
    elif case.code != "flash.forgotten":
        assert not any(context["password_right"] for context in bad["contexts"])


@pytest.mark.parametrize("slow", [[], ["slow=0.1@2"]], ids=["at once", "one far behind"])
def test_an_imei_that_two_dongles_show_counts_for_neither(lab: Callable[..., Lab], slow: list[str]) -> None:
    bench = lab(count=3, models=["quectel-ec25"], faults=["same-imei@2", *slow])
    text = bench.sims.read_text().splitlines()
    column = text[0].split(",").index("imei")
    rows = [",".join(c for i, c in enumerate(line.split(",")) if i != column) for line in text]
    bench.sims.write_text("\n".join(rows) + "\n")
    code, outcomes = run(bench)
    assert code == 4
    assert [o["code"] for o in outcomes] == ["modem.imei-twice", "modem.imei-twice", None]
    evidence = [json.loads(Path(o["evidence"]).read_text()) for o in outcomes]
    assert [record["result"] for record in evidence] == ["failed", "failed", "ok"]


def test_a_truncated_write_is_put_back(lab: Callable[..., Lab]) -> None:
    bench = lab(count=1, models=["quectel-ec25"], faults=["truncate"])
    before = bench.status()[0]["contexts"]
    code, outcomes = run(bench)
    assert (code, outcomes[0]["code"]) == (4, "flash.differs")
    assert [c["cid"] for c in bench.status()[0]["contexts"]] == [c["cid"] for c in before]


def test_the_evidence_names_the_person_behind_sudo(lab: Callable[..., Lab], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_USER", "suzuki")
    bench = lab(count=1, models=["quectel-ec25"])
    _code, outcomes = run(bench)
    assert json.loads(Path(outcomes[0]["evidence"]).read_text())["operator"] == "suzuki"


@pytest.mark.parametrize("model", ["huawei-e3372", "quectel-ec25"])
def test_the_order_that_worked_is_in_the_evidence(lab: Callable[..., Lab], model: str) -> None:
    bench = lab(count=1, models=[model], faults=["swapped-auth"])
    code, outcomes = run(bench)
    assert code == 0
    evidence = json.loads(Path(outcomes[0]["evidence"]).read_text())
    assert evidence["proven"]["auth_order"] in ("user-password", "password-user")
    assert bench.status()[0]["contexts"][0]["password_right"]
    code, outcomes = run(bench)
    assert (code, outcomes[0]["result"]) == (0, "already")


def test_a_password_that_changed_behind_our_back_is_found_by_the_network_and_mended(lab: Callable[..., Lab]) -> None:
    bench = lab(count=1, models=["quectel-ec25"])
    assert run(bench)[0] == 0
    bench.run("at", '+CGAUTH=1,2,"user0001@pref.example","another"', "--unsafe", "--yes")
    bench.replug("1-1")
    assert not bench.status()[0]["contexts"][0]["password_right"]
    code, outcomes = run(bench)
    assert (code, outcomes[0]["result"], outcomes[0]["proven"]["password"]) == (0, "ok", "attach")
    assert [change["what"] for change in outcomes[0]["changes"]] == ["context.1.password"]
    assert bench.status()[0]["contexts"][0]["password_right"]


def test_a_refused_dongle_is_said_to_keep_what_was_written(lab: Callable[..., Lab]) -> None:
    bench = lab(count=1, models=["quectel-ec25"], faults=["reject=29"])
    done = bench.run("provision", bench.profile, "--sims", bench.sims, "--yes")
    assert done.returncode == 4 and "[network.auth-failed]" in done.stderr
    assert "1-1: what was written stays in the dongle" in done.stderr
    assert bench.status()[0]["contexts"][0]["user"] == "user0001@pref.example"
