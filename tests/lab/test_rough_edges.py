"""What a bench does to a program: closed streams, folders nobody may write to, readers that leave, wrong files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

Lab = Any
# A folder's mode stops root only when it has put its power down.
POWERLESS = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []


def shell(bench: Lab, script: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a shell script in the lab's environment; "$@" is dongle-cli with `arguments`, buffered as usual."""
    done = subprocess.run(
        ["bash", "-c", script, "bash", sys.executable, "-m", "dongle_cli", *map(str, arguments)],
        env={**bench.environment, "PYTHONUNBUFFERED": ""}, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=60,
    )  # fmt: skip
    bench.said += [done.stdout, done.stderr]
    return done


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_is_no_defect(lab: Callable[..., Lab], closed: str) -> None:
    bench = lab(count=1, models=["quectel-ec25"])
    for arguments in (["show"], ["at", "decode"]):
        done = shell(bench, f'"$@" {closed}', *arguments)
        assert done.returncode == 0, done.stderr
        assert ("quectel" in done.stdout.lower()) == (arguments == ["show"] and ">&-" not in closed.split())
    refused = shell(bench, f'"$@" {closed}', "provision", bench.profile, "--sims", bench.sims)
    assert refused.returncode == 2
    assert not refused.stdout, "what belongs to stderr is not said on stdout for want of one"
    assert not list(bench.home.rglob("crash-*"))


def test_an_answer_that_finds_no_room_is_an_error_in_words(lab: Callable[..., Lab]) -> None:
    bench = lab(count=1, models=["quectel-ec25"])
    for arguments in (["list"], ["list", "--format", "json"], ["--help"]):
        done = shell(bench, '"$@" >/dev/full', *arguments)
        assert done.returncode == 1
        assert "file.refused" in done.stderr
        assert "No space left" in done.stderr
    assert not list(bench.home.rglob("crash-*"))


def test_a_lock_that_finds_no_room_is_named(lab: Callable[..., Lab]) -> None:
    bench = lab(count=1, models=["quectel-ec25"])
    done = shell(bench, 'ulimit -f 0; "$@"', "show", "--format", "json")
    error = json.loads(done.stderr)["error"]
    assert (done.returncode, error["code"]) == (1, "port.lock")
    assert "dongle-cli-" in error["message"] and ".lock" in error["message"]


def test_a_listener_that_left_does_not_end_the_work(lab: Callable[..., Lab]) -> None:
    bench = lab(count=1, models=["quectel-ec25"])
    done = shell(
        bench, '"$@" 2>&1 >"$DONGLE_HOME/answer" | true; exit ${PIPESTATUS[0]}',
        "provision", bench.profile, "--sims", bench.sims, "--yes",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert bench.status()[0]["contexts"][0]["apn"] == "closed.pref.example"


def test_a_reader_that_left_finds_the_run_closed_and_the_report_written(lab: Callable[..., Lab]) -> None:
    bench = lab(count=2, models=["quectel-ec25"])
    report = bench.home / "run.csv"
    shell(
        bench, '"$@" | true',
        "provision", bench.profile, "--sims", bench.sims, "--yes", "--all", "--report", report, "--format", "json",
    )  # fmt: skip
    assert report.exists()
    (run,) = [json.loads(line) for line in bench.run("register", "runs", "--format", "json").stdout.splitlines()]
    assert run["finished"]


def test_a_report_that_cannot_be_written_does_not_swallow_the_answer(lab: Callable[..., Lab]) -> None:
    bench = lab(count=1, models=["quectel-ec25"])
    report = bench.home / "run.csv"
    report.mkdir()
    done = bench.run("provision", bench.profile, "--sims", bench.sims, "--yes", "--report", report, "--format", "json")
    assert json.loads(done.stdout)["result"] == "ok"
    assert (done.returncode, json.loads(done.stderr)["error"]["code"]) == (1, "report.unwritable")


@pytest.mark.parametrize("command", ["list", "show", "register runs", "lab start", "lab status", "profile show x"])
@pytest.mark.parametrize("mode", [0o000, 0o500, None])
def test_a_home_that_cannot_be_used_is_no_defect(
    lab: Callable[..., Lab], command: str, mode: int | None, tmp_path: Path
) -> None:
    bench = lab(count=1, models=["quectel-ec25"])
    home = tmp_path / "home"
    if mode is None:
        home.write_text("a file, not a folder")
    else:
        home.mkdir(mode=mode)
    done = subprocess.run(
        [*POWERLESS, sys.executable, "-m", "dongle_cli", *command.split()],
        env={**bench.environment, "DONGLE_HOME": str(home)}, stdin=subprocess.DEVNULL, capture_output=True, text=True,
    )  # fmt: skip
    assert "internal.defect" not in done.stderr
    assert "Traceback" not in done.stderr
    if command == "list" and mode != 0o000:
        assert done.returncode == 0, done.stderr
    else:
        assert done.returncode in (1, 2)
        assert str(home) in done.stderr or "No lab is running" in done.stderr


def test_the_files_of_a_run_are_never_overwritten(lab: Callable[..., Lab], tmp_path: Path) -> None:
    bench = lab(count=1, models=["quectel-ec25"])
    before = bench.sims.read_text(), bench.profile.read_text()
    run = ("provision", bench.profile, "--sims", bench.sims, "--yes", "--format", "json")
    for arguments, code in (
        ([*run, "--report", bench.sims], "usage.report"),
        (["show", "--record", bench.sims, "--format", "json"], "usage.record"),
        (["show", "--record", tmp_path / "no" / "t", "--format", "json"], "usage.record"),
        ([*run, "--record", tmp_path / "no" / "t"], "usage.record"),
    ):
        done = bench.run(*arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert json.loads(done.stderr)["error"]["code"] == code
    assert (bench.sims.read_text(), bench.profile.read_text()) == before
    again = tmp_path / "again"
    for _round in range(2):
        assert bench.run("show", "--record", again).returncode == 0
    assert again.read_text().count("# AT transcript") == 1, "a transcript may be taken once more"


def test_learn_says_before_it_asks_that_its_files_are_there(lab: Callable[..., Lab], tmp_path: Path) -> None:
    bench = lab(count=1, models=["quectel-ec25"])
    (tmp_path / "2c7c-0125.transcript").touch()
    before = bench.status()[0]["commands"]
    done = bench.run("learn", "--out", tmp_path, "--format", "json")
    assert (done.returncode, json.loads(done.stderr)["error"]["code"]) == (2, "usage.out")
    assert bench.status()[0]["commands"] == before
    assert not (tmp_path / "2c7c-0125.toml").exists()


def test_what_dongles_fail_of_alike_is_said_once_and_names_them(lab: Callable[..., Lab]) -> None:
    bench = lab(count=3, models=["quectel-ec25"])
    done = bench.run("provision", bench.profile, "--all", "--yes")  # the profile wants a SIM list
    assert done.returncode == 1
    assert done.stderr.count("profile.field-missing]") == 3 + 1, "a line for each that is done, and the reason once"
    assert "1-1, 1-2, 1-3: " in done.stderr


def test_a_dry_run_says_that_nothing_was_changed(lab: Callable[..., Lab]) -> None:
    bench = lab(count=2, models=["quectel-ec25"])
    done = bench.run("provision", bench.profile, "--sims", bench.sims, "--all", "--dry-run")
    assert done.stderr.splitlines()[-1] == "Nothing was changed."


def test_only_a_command_that_has_all_offers_it(lab: Callable[..., Lab]) -> None:
    bench = lab(count=2, models=["quectel-ec25"])
    for arguments, offered in ((["show"], False), (["at", "+CSQ"], False), (["flash", bench.profile, "-n"], True)):
        done = bench.run(*arguments)
        assert done.returncode == 3
        assert ("--all" in done.stderr) == offered


def test_a_terminal_obeys_no_name_and_no_firmware(lab: Callable[..., Lab]) -> None:
    bench = lab(count=1, models=["quectel-ec25"])
    name = "Suzu\x1b[31mki\x9b2J"
    arguments = ("flash", bench.profile, "--sims", bench.sims, "--yes", "--operator", name)
    assert bench.run(*arguments).returncode == 0
    for text in (bench.run("register", "runs").stdout, bench.run("profile", "show", "\x1b[2J").stderr):
        assert "\x1b" not in text and "\x9b" not in text
        assert "\\x1b[" in text


def test_the_bus_of_a_running_lab_is_told_again(lab: Callable[..., Lab]) -> None:
    bench = lab(count=1)
    assert bench.bus in bench.run("lab", "status").stderr


def test_a_transcript_that_finds_no_room_does_not_disturb_the_work(lab: Callable[..., Lab]) -> None:
    bench = lab(count=1, models=["quectel-ec25"])
    done = bench.run("show", "--record", "/dev/full", "--format", "json")
    assert (done.returncode, json.loads(done.stderr)["error"]["code"]) == (1, "record.unwritable")
    (bench.home / "full-1-1").symlink_to("/dev/full")
    run = ("provision", bench.profile, "--sims", bench.sims, "--yes", "--format", "json")
    written = bench.run(*run, "--record", bench.home / "full")
    assert json.loads(written.stdout)["code"] == "record.unwritable"
    assert bench.status()[0]["attached"], "all was done but the transcript"
    assert json.loads(bench.run(*run).stdout)["result"] == "already"


def test_evidence_that_cannot_be_written_leaves_what_the_dongle_is_said(lab: Callable[..., Lab]) -> None:
    bench = lab(count=1, models=["quectel-ec25"])
    (bench.home / "data").mkdir()
    (bench.home / "data" / "evidence").write_text("no folder")
    done = bench.run("provision", bench.profile, "--sims", bench.sims, "--yes", "--format", "json")
    outcome = json.loads(done.stdout)
    assert (done.returncode, outcome["result"], outcome["code"]) == (1, "failed", "evidence.unwritable")
    assert (outcome["imei"], outcome["iccid"]) == (bench.status()[0]["imei"], bench.status()[0]["iccid"])
    assert outcome["changes"]
    assert outcome["message"].startswith("1-1: the dongle carries the profile. ")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--sims", "/dev/full/x"], "Not a directory"),
        (["--sims", "missing.csv"], "No such file or directory"),
        (["--listen", "192.0.2.1:1"], "Cannot assign requested address"),
        (["--out", "/dev/null"], "File exists"),
    ],
)
def test_a_lab_that_cannot_start_says_why_in_plain_words(
    lab: Callable[..., Lab], arguments: list[str], words: str
) -> None:
    bench = lab(count=1)
    bench.stop()
    done = bench.run("lab", "start", *arguments)
    assert done.returncode in (1, 2)
    assert words in done.stderr
    assert "Errno" not in done.stderr and "internal.defect" not in done.stderr


def test_a_lab_speaks_the_language_of_whoever_starts_it(lab: Callable[..., Lab]) -> None:
    bench = lab(count=1)
    bench.stop()
    done = bench.run("--lang", "ja", "lab", "start", "--fault", "no-sim", "--model", "nope")
    assert done.returncode == 2
    assert not done.stderr.split("nope")[0].removeprefix("dongle-cli: ").isascii()


def test_the_newest_run_comes_first_wherever_it_was_done(lab: Callable[..., Lab]) -> None:
    bench = lab(count=1, models=["quectel-ec25"])
    for zone in ("XXX-9", "UTC0", "XXX+5"):  # POSIX: hours to add to reach UTC
        done = shell(bench, f'TZ={zone} "$@"', "flash", bench.profile, "--sims", bench.sims, "--yes")
        assert done.returncode == 0, done.stderr
    runs = [json.loads(line) for line in bench.run("register", "runs", "--format", "json").stdout.splitlines()]
    moments = [datetime.fromisoformat(run["started"]) for run in runs]
    assert moments == sorted(moments, reverse=True)
    assert len(moments) == 3
    listed = bench.run("register", "runs").stdout.splitlines()
    assert [line.split("  ")[-1].strip() for line in listed[1:]] == ["○ 1"] * 3, "done, whether or not it was so before"
