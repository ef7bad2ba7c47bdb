"""`dongle-cli profile` and `dongle-cli register`, from the command line to the file and back."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dongle_cli.errors import ExitCode
from dongle_cli.provision.outcome import Outcome
from dongle_cli.register.register import Register

CANARY = "Kanarienvogel-66"
ICCID = "8981030000012620008"
SIMS = f"iccid,user,password,pin\r\n{ICCID},u1,{CANARY},0457\r\n"


def cli(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the program without a terminal, with nothing of this person's settings."""
    result = subprocess.run(
        [sys.executable, "-m", "dongle_cli", *arguments],
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "DONGLE_HOME": str(home)},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
        timeout=60,
    )
    assert CANARY not in result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    return result


def answer(home: Path, *arguments: str) -> list[dict[str, Any]]:
    result = cli(home, *arguments, "--format", "json")
    assert result.returncode == ExitCode.DONE, result.stderr
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert all(one["schema"] == 1 for one in found)
    return found


def error(home: Path, code: str, exit_code: ExitCode, *arguments: str) -> dict[str, Any]:
    result = cli(home, *arguments, "--format", "json")
    said = json.loads(result.stderr)["error"]
    assert (said["code"], result.returncode, result.stdout) == (code, exit_code, "")
    return said  # type: ignore[no-any-return]


def test_a_profile_is_begun_checked_and_shown(tmp_path: Path) -> None:
    path = tmp_path / "config" / "profiles" / "pref.toml"
    assert cli(tmp_path, "profile", "new", "pref", "--dry-run").stdout.startswith("schema = 1")
    assert not path.exists()
    assert cli(tmp_path, "profile", "new", "pref", "--yes").stdout == f"{path}\n"
    sims = tmp_path / "sims.csv"
    sims.write_text(SIMS, encoding="utf-8")
    (checked,) = answer(tmp_path, "profile", "check", "pref", "--sims", str(sims))
    assert checked["sims"]["first"] == {"row": 2, "iccid": ICCID, "user": "u1", "password": "****"}
    (shown,) = answer(tmp_path, "profile", "show", "pref")
    assert shown["context"]["user"] == "{user}"
    assert shown["digest"] == checked["digest"]
    assert "user = u1" in cli(tmp_path, "profile", "check", "pref", "--sims", str(sims)).stdout
    assert f'apn = "{shown["context"]["apn"]}"' in cli(tmp_path, "profile", "show", "pref").stdout


def test_a_profile_is_never_overwritten_and_never_put_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text("mine", encoding="utf-8")
    error(tmp_path, "usage.exists", ExitCode.USAGE, "profile", "new", "p", "--out", str(path))
    assert path.read_text(encoding="utf-8") == "mine"
    error(tmp_path, "usage.profile", ExitCode.USAGE, "profile", "new", "../p")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["p.toml"]


def test_mistakes_are_told_with_line_and_row(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    cli(tmp_path, "profile", "new", "p", "--out", str(path))
    good = path.read_text(encoding="utf-8")
    sims = tmp_path / "sims.csv"
    sims.write_text(SIMS.replace("0457", "457").replace(ICCID, "8.98103E+18"), encoding="utf-8")
    said = error(tmp_path, "sims.invalid", ExitCode.FAILED, "profile", "check", str(path), "--sims", str(sims))
    assert [(one["row"], one["column"], one["value"]) for one in said["rows"]] == [
        (2, "iccid", "8.98103E+18"),
        (2, "pin", "****"),
    ]
    sims.write_text(SIMS.replace(CANARY, ""), encoding="utf-8")
    error(tmp_path, "sims.misfit", ExitCode.FAILED, "profile", "check", str(path), "--sims", str(sims))
    path.write_text(good.replace("cid = 1", "cid = 0").replace('"{password}"', f'"{CANARY}\\t"'), encoding="utf-8")
    said = error(tmp_path, "profile.invalid", ExitCode.FAILED, "profile", "check", str(path))
    assert [one["key"] for one in said["problems"]] == ["context.cid", "context.password"]
    error(tmp_path, "profile.missing", ExitCode.FAILED, "profile", "show", "nobody")


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A register with one run, and the run's id."""
    monkeypatch.setenv("DONGLE_HOME", str(tmp_path))
    monkeypatch.delenv("DONGLE_REGISTER", raising=False)
    with Register.open() as register:
        run = register.begin_run(profile="p", operator="t")
        for port, result in (("1-1", "ok"), ("1-2", "failed")):
            outcome = Outcome(port=port, imei=f"86123456789010{port[-1]}", iccid=ICCID, asset_no="A-1", code="x.y")
            outcome.result = "ok" if result == "ok" else "failed"
            register.note_credentials(outcome.imei or "", "f" * 64)
            register.finish(run, outcome)
        register.end_run(run)
    return run


def test_the_register_lists_runs_and_dongles(tmp_path: Path, ledger: str) -> None:
    (run,) = answer(tmp_path, "register", "runs")
    assert (run["id"], run["profile"], run["results"]) == (ledger, "p", {"ok": 1, "failed": 1})
    assert {one["imei"] for one in answer(tmp_path, "register", "dongles")} == {"861234567890101", "861234567890102"}
    assert {(one["port"], one["result"]) for one in answer(tmp_path, "register", "dongles", "--run", ledger)} == {
        ("1-1", "ok"),
        ("1-2", "failed"),
    }
    assert "f" * 64 not in cli(tmp_path, "register", "dongles", "--format", "json").stdout
    for words in (["runs"], ["dongles"], ["dongles", "--run", ledger]):
        assert cli(tmp_path, "register", *words).returncode == ExitCode.DONE
    error(tmp_path, "usage.run", ExitCode.USAGE, "register", "dongles", "--run", "nothing")


def test_a_changed_register_does_not_verify(tmp_path: Path, ledger: str) -> None:
    (said,) = answer(tmp_path, "register", "check")
    assert said["entries"] == 4
    connection = sqlite3.connect(tmp_path / "data" / "register.db")
    for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f'DROP TRIGGER "{trigger}"')  # the owner of the file can; the chain tells
    connection.execute("UPDATE history SET body = replace(body, 'failed', 'ok') WHERE seq = 3")
    connection.commit()
    said = error(tmp_path, "evidence.chain-broken", ExitCode.FINDINGS, "register", "check")
    assert said["seq"] == 3
