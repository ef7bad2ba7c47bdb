"""`dongle-cli setup udev`: plan, write, read back; the real program in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dongle_cli.errors import ExitCode

NOBODY = 65534
FILE = "70-dongle-cli.rules"
Result = subprocess.CompletedProcess[str]


def setup(*arguments: str, home: Path) -> Result:
    """Run `dongle-cli setup udev` without a terminal."""
    return subprocess.run(
        [sys.executable, "-m", "dongle_cli", "setup", "udev", *arguments],
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "DONGLE_HOME": str(home)},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
        timeout=60,
    )


def test_print_shows_the_checked_in_rules_and_changes_nothing(tmp_path: Path) -> None:
    result = setup("--print", home=tmp_path)
    assert result.returncode == ExitCode.DONE, result.stderr
    assert result.stdout == (Path(__file__).parents[2] / "udev" / FILE).read_text(encoding="utf-8")
    answer = json.loads(setup("--print", "--new-id", "--format", "json", home=tmp_path).stdout)
    assert answer["schema"] == 1
    assert answer["path"] == f"/etc/udev/rules.d/{FILE}"
    assert "new_id" in answer["rules"]


def test_rules_are_written_once_and_then_are_already_there(tmp_path: Path) -> None:
    rules = tmp_path / "rules.d"
    planned = setup("--install", "-n", "--directory", str(rules), "--format", "json", home=tmp_path)
    assert json.loads(planned.stdout)["result"] == "planned"
    assert not rules.exists()
    first = setup("--install", "-y", "--directory", str(rules), "--format", "json", home=tmp_path)
    assert first.returncode == ExitCode.DONE, first.stderr
    answer = json.loads(first.stdout)
    assert answer["result"] == "ok"
    assert [change["what"] for change in answer["changes"]] == [str(rules / FILE)]
    assert [file.name for file in rules.iterdir()] == [FILE]
    assert (rules / FILE).stat().st_mode & 0o777 == 0o644
    second = setup("--install", "-y", "--directory", str(rules), "--format", "json", home=tmp_path)
    assert json.loads(second.stdout) == {"schema": 1, "path": str(rules / FILE), "result": "already", "changes": []}
    other = setup("--install", "-y", "--new-id", "--directory", str(rules), "--format", "json", home=tmp_path)
    assert json.loads(other.stdout)["changes"][0]["before"] is not None


def test_without_a_yes_nothing_is_written(tmp_path: Path) -> None:
    result = setup("--install", "--directory", str(tmp_path / "rules.d"), home=tmp_path)
    assert result.returncode == ExitCode.USAGE
    assert "[usage.confirm]" in result.stderr
    assert "--yes" in result.stderr
    assert not (tmp_path / "rules.d").exists()


@pytest.mark.parametrize("arguments", [[], ["--print", "--install"]])
def test_one_of_print_and_install_must_be_said(arguments: list[str], tmp_path: Path) -> None:
    result = setup(*arguments, home=tmp_path)
    assert result.returncode == ExitCode.USAGE
    assert "--print" in result.stderr
    assert "--install" in result.stderr


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = setup("--install", "-y", "--directory", str(tmp_path / "file" / "below"), home=tmp_path)
    assert result.returncode == ExitCode.FAILED
    assert "setup." in result.stderr
    assert str(tmp_path / "file" / "below" / FILE) in result.stderr


def test_without_root_the_way_to_root_is_named() -> None:
    # Everything is imported before root is given up: the interpreter may stand where only root can read.
    program = (
        "import os, sys; from dongle_cli.cli.main import run; run(['setup', 'udev', '--install', '-n']);"
        f"os.geteuid() or os.seteuid({NOBODY}); sys.exit(run(['setup', 'udev', '--install', '-y', '--new-id']))"
    )
    environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "DONGLE_HOME": "/nonexistent"}
    result = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert result.returncode == ExitCode.FAILED, result.stderr
    assert "[setup.root]" in result.stderr
    assert "sudo dongle-cli setup udev --install" in result.stderr
