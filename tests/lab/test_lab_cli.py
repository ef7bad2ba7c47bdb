"""`dongle-cli lab` from its entry point: start, status, stop, and what it says when asked for nonsense."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from host import connect, devlist
from ports import free_port


@pytest.fixture
def home(tmp_path_factory):
    """A DONGLE_HOME whose path is short enough for a socket; its lab is stopped at the end."""
    import shutil
    import tempfile

    place = Path(tempfile.mkdtemp(prefix="lab-"))
    yield place
    run(place, "stop")
    shutil.rmtree(place)


def run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DONGLE_HOME": str(home), "LANGUAGE": "en"}
    return subprocess.run(
        [sys.executable, "-m", "dongle_cli", "lab", *arguments],
        env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def error_code(done: subprocess.CompletedProcess[str]) -> str:
    return json.loads(done.stderr)["error"]["code"]


def test_start_status_stop(home):
    started = run(home, "start", "--count", "2", "--model", "quectel-ec25", "--model", "cdc-acm", "--format", "json")
    assert started.returncode == 0, started.stderr
    summary = json.loads(started.stdout)
    assert [d["model"] for d in summary["dongles"]] == ["quectel-ec25", "cdc-acm"]
    assert set(devlist(summary["bus"])) == {"1-1", "1-2"}
    sims = Path(summary["sims"])
    assert stat.S_IMODE(sims.stat().st_mode) == 0o600
    assert sims.read_text().splitlines()[0] == "iccid,user,password,pin,imei,asset_no,msisdn"
    again = run(home, "start", "--format", "json")
    assert (again.returncode, error_code(again)) == (1, "lab.running")
    lines = [json.loads(line) for line in run(home, "status", "--format", "json").stdout.splitlines()]
    assert [line["port"] for line in lines] == ["1-1", "1-2"]
    assert all(line["schema"] == 1 for line in lines)
    assert run(home, "replug", "1-2").returncode == 0
    assert run(home, "replug", "7-7").returncode == 3
    assert run(home, "stop").returncode == 0
    gone = run(home, "status", "--format", "json")
    assert (gone.returncode, error_code(gone)) == (1, "lab.not-running")


def test_who_stopped_a_lab_may_start_another_at_its_address(lab):
    port = free_port()
    for _again in range(3):
        running = lab(count=1, port=port)
        running.stop()
        assert not (running.home / "state" / "lab" / "control.sock").exists()
        with pytest.raises(ConnectionRefusedError):
            connect(running.bus)


def test_no_secret_leaves_the_lab(home):
    started = run(home, "start", "--count", "1", "--seed", "5", "--pin", "--format", "json")
    summary = json.loads(started.stdout)
    _iccid, _user, password, pin, *_rest = Path(summary["sims"]).read_text().splitlines()[1].split(",")
    status = run(home, "status", "--format", "json").stdout
    assert f'"{pin}"' not in status + started.stdout and password not in status + started.stdout
    processes = b""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            processes += (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
        except OSError:
            continue
    assert password.encode() not in processes
    assert password not in (home / "state" / "lab" / "server.log").read_text()
    assert stat.S_IMODE((home / "state" / "lab" / "control.sock").stat().st_mode) == 0o600


def test_the_same_seed_makes_the_same_sims(home, tmp_path):
    first = run(home, "start", "--seed", "9", "--out", str(tmp_path / "a"), "--format", "json")
    run(home, "stop")
    second = run(home, "start", "--seed", "9", "--out", str(tmp_path / "b"), "--format", "json")
    assert first.returncode == second.returncode == 0
    assert (tmp_path / "a" / "sims.csv").read_text() == (tmp_path / "b" / "sims.csv").read_text()


def test_sims_come_from_a_list(home, tmp_path):
    listed = tmp_path / "own.csv"
    listed.write_text("iccid,user,password\n8981100000000000017,me,sesame\n")
    started = run(home, "start", "--count", "1", "--sims", str(listed), "--format", "json")
    assert json.loads(started.stdout)["dongles"][0]["iccid"] == "8981100000000000017"
    assert "8981100000000000017,me,sesame," in Path(json.loads(started.stdout)["sims"]).read_text()
    run(home, "stop")
    more = run(home, "start", "--count", "2", "--sims", str(listed), "--format", "json")
    assert error_code(more) == "usage.sims"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--fault", "tired"], "usage.fault"),
        (["--fault", "drop"], "usage.fault"),
        (["--fault", "noise=3"], "usage.fault"),
        (["--fault", "drop=3@9"], "usage.fault"),
        (["--model", "nokia"], "usage.model"),
        (["--listen", "nowhere"], "usage.listen"),
    ],
)
def test_nonsense_is_named(home, arguments, code):
    done = run(home, "start", *arguments, "--format", "json")
    assert (done.returncode, error_code(done)) == (2, code)


def test_a_benchs_own_files_are_not_overwritten(home, tmp_path):
    out = tmp_path / "bench"
    out.mkdir()
    sims, profile = out / "sims.csv", out / "pref-closed.toml"
    sims.write_text("iccid,user,password,room\n8981104883091400017,taro@pref.lg.jp,geheim,12\n")
    before = sims.read_bytes()
    for arguments in (("--out", str(out)), ("--out", str(out), "--sims", str(sims))):
        done = run(home, "start", "--count", "1", *arguments, "--format", "json")
        assert (done.returncode, error_code(done)) == (2, "usage.exists")
        assert (sims.read_bytes(), profile.exists()) == (before, False)
    sims.unlink()
    for _again in range(2):  # its own are
        assert run(home, "start", "--count", "1", "--out", str(out)).returncode == 0
        assert stat.S_IMODE(sims.stat().st_mode) == 0o600
        run(home, "stop")


def test_a_place_that_cannot_be_written_is_named_with_its_file(home, tmp_path):
    done = run(home, "start", "--count", "1", "--out", "/proc/none", "--format", "json")
    assert (done.returncode, error_code(done)) == (1, "lab.unwritable")
    done = subprocess.run(
        # -B: before 3.12.8 Python keeps the part of a .pyc that fits, and whoever imports it next breaks over it.
        ["bash", "-c", 'ulimit -f 1; "$@"', "bash", sys.executable, "-B", "-m", "dongle_cli",
         "lab", "start", "--count", "40", "--out", str(tmp_path), "--format", "json"],
        env={**os.environ, "DONGLE_HOME": str(home), "LANGUAGE": "en"}, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, error_code(done)) == (1, "lab.unwritable")
    assert "sims.csv" in done.stderr
    assert not (tmp_path / "sims.csv").exists()


def test_a_home_too_deep_for_a_socket_is_named(tmp_path):
    done = run(tmp_path / ("d" * 100), "start", "--format", "json")
    assert (done.returncode, error_code(done)) == (1, "lab.path")


def test_attach_says_what_it_lacks(home):
    run(home, "start", "--count", "1")
    done = run(home, "attach", "--format", "json")
    if done.returncode == 0:  # root on a machine with vhci_hcd: it worked
        assert run(home, "detach").returncode == 0
    else:
        assert error_code(done) in ("lab.root", "lab.no-vhci")
    assert error_code(run(home, "attach", "--format", "json")) != "lab.not-running"


NEVER_READY = """
import os, pathlib, time
from dongle_cli.lab import daemon
order, _ready = daemon.order()
pathlib.Path(order["pid"]).with_suffix(".new").write_text(str(os.getpid()))
pathlib.Path(order["pid"]).with_suffix(".new").rename(order["pid"])
time.sleep(600)
"""


def test_an_interrupted_start_leaves_nothing_behind(tmp_path):
    (tmp_path / "never_ready.py").write_text(NEVER_READY)
    pid_file = tmp_path / "pid"
    start = (
        "import pathlib, sys; from dongle_cli.lab.daemon import spawn\n"
        "spawn('never_ready', {'pid': sys.argv[1]}, pathlib.Path(sys.argv[1] + '.log'))\n"
    )
    starter = subprocess.Popen(
        [sys.executable, "-c", start, str(pid_file)],
        env={**os.environ, "PYTHONPATH": str(tmp_path)}, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    give_up = time.monotonic() + 60
    while not pid_file.exists():
        assert starter.poll() is None and time.monotonic() < give_up
        time.sleep(0.01)
    starter.send_signal(signal.SIGINT)
    assert starter.wait(30) == -signal.SIGINT
    while runs(pid_file.read_text()):
        assert time.monotonic() < give_up
        time.sleep(0.01)


def runs(pid: str) -> bool:
    """Whether a process is there and no zombie; it may be gone between two looks."""
    try:
        return "State:\tZ" not in Path("/proc", pid, "status").read_text()
    except OSError:
        return False
