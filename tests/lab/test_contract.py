"""The contracts that scripts rely on: exact JSON keys, exit codes, errors as one object on stderr."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ports import free_port

Lab = Any
LIST = {"schema", "port", "usb", "mode", "model", "vendor", "serial", "at_ports", "driver"}
SHOW = {
    "schema", "port", "usb", "manufacturer", "model", "firmware", "imei", "iccid", "imsi", "sim", "contexts",
    "registration", "signal",
}  # fmt: skip
PROVISION = {"schema", "port", "imei", "iccid", "result", "code", "changes", "steps", "seconds"}


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_list(lab: Callable[..., Lab]) -> None:
    bench = lab(count=3, models=["huawei-e3372", "quectel-ec25", "huawei-hilink"])
    listed = bench.run("list", "--format", "json")
    assert listed.returncode == 0
    storage, modem, http = lines(listed.stdout)
    assert storage.keys() >= LIST and storage["schema"] == 1
    assert (storage["port"], storage["usb"], storage["mode"], storage["at_ports"]) == (
        "1-1",
        "12d1:14fe",
        "storage",
        [],
    )
    assert (modem["usb"], modem["mode"], modem["at_ports"][0]) == ("2c7c:0125", "modem", "1-2:1.2")
    assert http["note"] == "http-only"


def test_show(lab: Callable[..., Lab]) -> None:
    bench = lab(count=1, models=["quectel-ec25"])
    shown = bench.run("show", "--format", "json")
    assert shown.returncode == 0, shown.stderr
    (answer,) = lines(shown.stdout)
    truth = bench.status()[0]
    assert answer.keys() >= SHOW
    assert (answer["imei"], answer["iccid"]) == (truth["imei"], truth["iccid"])
    assert answer["imsi"].startswith("440") and "*" in answer["imsi"]
    assert answer["sim"] == {"state": "READY", "pin_enabled": False, "pin_retries": 3, "puk_retries": 10}
    assert answer["contexts"][0].keys() == {"cid", "type", "apn", "auth", "user"}
    assert answer["registration"].keys() == {"stat", "act", "cause_type", "reject_cause", "tac", "ci"}
    assert answer["signal"].keys() == {"rssi_dbm", "rsrp_dbm", "rsrq_db", "sinr_db"}
    unmasked = bench.run("show", "--format", "json", "--unmask")
    assert lines(unmasked.stdout)[0]["imsi"].isdecimal()


def test_show_without_a_card_says_so_and_guesses_nothing(lab: Callable[..., Lab]) -> None:
    bench = lab(count=1, models=["quectel-ec25"], faults=["no-sim"])
    (answer,) = lines(bench.run("show", "--format", "json").stdout)
    assert (answer["iccid"], answer["imsi"]) == (None, None)
    assert answer["sim"] == {"state": "absent", "pin_enabled": None, "pin_retries": None, "puk_retries": None}
    rows = dict(line.split("  ", 1) for line in bench.run("show").stdout.splitlines() if "  " in line)
    assert [rows[name].strip() for name in ("SIM", "ICCID", "IMSI")] == ["no SIM in the dongle", "-", "-"]


def test_provision(lab: Callable[..., Lab]) -> None:
    bench = lab(count=1, models=["quectel-ec25"])
    arguments = ("provision", bench.profile, "--sims", bench.sims, "--yes", "--format", "json")
    (outcome,) = lines(bench.run(*arguments).stdout)
    assert outcome.keys() >= PROVISION
    assert outcome["changes"] and all(change.keys() == {"what", "before", "after"} for change in outcome["changes"])
    assert outcome["steps"] and all(step.keys() >= {"step", "result", "seconds"} for step in outcome["steps"])


@pytest.mark.parametrize(
    ("arguments", "exit_code", "code"),
    [
        (["show", "--device", "9-9"], 3, "device.unknown"),
        (["show"], 3, "device.several"),
        (["show", "--nonsense"], 2, "usage.click"),
        (["at", "+CFUN=0", "--device", "1-1"], 2, "usage.at-not-reading"),
        (["at", 'AT+EGMR=1,7,"490154203237518"', "--unsafe", "--yes", "--device", "1-1"], 2, "usage.at-forbidden"),
        (["provision", "no-such-profile", "--all", "--yes"], 1, "profile.missing"),
    ],
)
def test_errors(lab: Callable[..., Lab], arguments: list[str], exit_code: int, code: str) -> None:
    bench = lab(count=2, models=["quectel-ec25"])
    done = bench.run(*arguments, "--format", "json")
    assert (done.returncode, done.stdout) == (exit_code, "")
    (error,) = lines(done.stderr)
    assert error["schema"] == 1
    assert error["error"]["code"] == code
    assert error["error"].keys() >= {"code", "message", "hint"}


def test_at_repeats_what_reads_and_nothing_else(lab: Callable[..., Lab]) -> None:
    bench = lab(count=1, models=["quectel-ec25"], pin=True, faults=["busy=1"])
    pin = bench.sims.read_text().splitlines()[1].split(",")[3]
    busy = bench.run("at", f'+CPIN="{pin}"', "--unsafe", "--yes", "--format", "json")
    assert (busy.returncode, lines(busy.stdout)[0]["values"]["cause"]) == (4, 14)
    assert bench.status()[0]["locked"]
    assert bench.run("at", f'+CPIN="{pin}"', "--unsafe", "--yes").returncode == 0


def test_at_shows_a_subscribers_numbers_only_unmasked(lab: Callable[..., Lab], tmp_path: Path) -> None:
    bench = lab(count=1, models=["quectel-ec25"])
    record = tmp_path / "record.txt"
    full = lines(bench.run("at", "+CIMI", "+CNUM", "--unmask", "--format", "json", "--record", record).stdout)
    imsi, number = full[0]["values"]["imsi"], full[1]["values"]["numbers"][0]
    assert imsi.isdecimal() and number.isdecimal()
    as_json = bench.run("at", "+CIMI", "+CNUM", "--format", "json").stdout
    masked = lines(as_json)
    assert masked[0]["values"] == {"imsi": f"{imsi[:5]}******{imsi[-4:]}"}
    assert masked[1]["values"] == {"numbers": [f"*******{number[-4:]}"]}
    assert [one["result"] for one in masked] == ["ok", "ok"]
    said = as_json + bench.run("-vv", "at", "+CIMI", "+CNUM").stdout + bench.said[-1] + record.read_text()
    assert imsi not in said and number not in said and number[-4:] in said


def test_all_and_one_by_name_contradict_each_other(lab: Callable[..., Lab]) -> None:
    bench = lab(count=2, models=["quectel-ec25"])
    for command in (["provision"], ["flash"], ["profile", "diff"]):
        arguments = (*command, bench.profile, "--sims", bench.sims, "--all", "--device", "1-1", "--format", "json")
        done = bench.run(*arguments, *([] if "diff" in command else ["--yes"]))
        assert (done.returncode, lines(done.stderr)[0]["error"]["code"]) == (2, "usage.all"), command
    assert not any(dongle["commands"] for dongle in bench.status())


def test_an_empty_device_is_not_whatever_is_there(lab: Callable[..., Lab]) -> None:
    bench = lab(count=1, models=["quectel-ec25"])
    done = bench.run("show", "--device", "", "--format", "json")
    assert (done.returncode, lines(done.stderr)[0]["error"]["code"]) == (3, "device.unknown")


def test_a_device_of_the_environment_gives_way_to_all(lab: Callable[..., Lab], monkeypatch: pytest.MonkeyPatch) -> None:
    bench = lab(count=2, models=["quectel-ec25"])
    monkeypatch.setattr(type(bench), "environment", {**bench.environment, "DONGLE_DEVICE": "1-1"})
    done = bench.run("flash", bench.profile, "--sims", bench.sims, "--all", "--dry-run", "--format", "json")
    assert [outcome["port"] for outcome in lines(done.stdout)] == ["1-1", "1-2"]


def test_a_user_made_of_a_subscribers_numbers_is_masked_where_it_is_shown_and_kept(lab: Callable[..., Lab]) -> None:
    bench = lab(count=1, models=["quectel-ec25"])
    msisdn = bench.sims.read_text().splitlines()[1].split(",")[-1]
    profile = bench.home / "numbers.toml"
    profile.write_text(bench.profile.read_text().replace("{user}", "{imsi}-{msisdn}"))
    imsi = lines(bench.run("show", "--unmask", "--format", "json").stdout)[0]["imsi"]
    for more in ("--dry-run", "--yes"):
        record = bench.home / "dialogue.txt"
        done = bench.run("flash", profile, "--sims", bench.sims, more, "--record", record, "--format", "json")
        (outcome,) = lines(done.stdout)
        assert outcome["result"] == ("skipped" if more == "--dry-run" else "ok"), done.stderr
        (user,) = [change["after"] for change in outcome["changes"] if change["what"] == "context.1.user"]
        assert user == f"{imsi[:5]}******{imsi[-4:]}-*******{msisdn[-4:]}"
    assert bench.status()[0]["contexts"][0]["user"] == f"{imsi}-{msisdn}", "the dongle has it in full"
    dialogue = record.with_name("dialogue-1-1.txt").read_text()
    assert user in dialogue
    kept = Path(outcome["evidence"]).read_text() + dialogue
    assert imsi not in kept and msisdn not in kept
    shown = bench.run("show", "--format", "json").stdout + bench.run("show").stdout
    assert imsi not in shown
    assert imsi in bench.run("show", "--unmask").stdout


def test_no_dongle_at_all(lab: Callable[..., Lab]) -> None:
    bench = lab(count=1, models=["quectel-ec25"], port=free_port())  # one that no other lab takes meanwhile
    bench.stop()
    done = bench.run("show", "--format", "json")
    assert (done.returncode, lines(done.stderr)[0]["error"]["code"]) == (1, "usb.bus")


@pytest.mark.parametrize("spec", ["port", "imei", "serial"])
def test_a_dongle_is_named_by_port_imei_or_serial(lab: Callable[..., Lab], spec: str) -> None:
    bench = lab(count=2, models=["quectel-ec25", "cdc-acm"])
    listed = lines(bench.run("list", "--format", "json").stdout)[1]
    value = {"port": "1-2", "imei": bench.status()[1]["imei"], "serial": listed["serial"]}[spec]
    (answer,) = lines(bench.run("show", "--device", value, "--format", "json").stdout)
    assert (answer["port"], answer["imei"]) == ("1-2", bench.status()[1]["imei"])


def test_at_reads_and_explains(lab: Callable[..., Lab]) -> None:
    bench = lab(count=1, models=["quectel-ec25"])
    done = bench.run("at", "+CSQ", "AT+CPIN?", "--format", "json")
    assert done.returncode == 0, done.stderr
    signal, lock = lines(done.stdout)
    assert signal["command"] == "AT+CSQ" and signal["result"] == "ok"
    assert (lock["command"], lock["values"]["lock"]) == ("AT+CPIN?", "READY")
    asked = bench.run("at", "+CFUN=4", "--unsafe", "--format", "json")
    assert (asked.returncode, lines(asked.stderr)[0]["error"]["code"]) == (2, "usage.confirm")
    planned = bench.run("at", '+CGAUTH=1,2,"taro","geheim"', "--unsafe", "--dry-run", "--format", "json")
    assert lines(planned.stdout) == [{"schema": 1, "port": "1-1", "commands": ['AT+CGAUTH=1,2,"taro","****"']}]
    assert not any("taro" in str(context) for context in bench.status()[0]["contexts"])
    assert bench.run("at", "+CFUN=1", "--unsafe", "--yes").returncode == 0
