"""What `dongle-cli --help` costs: it imports the table of commands, not the commands."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"rich", "keyring", "cryptography", "usb", "serial", "sqlalchemy", "alembic", "openpyxl", "jeepney", "pydantic"}


def imported(*arguments: str) -> set[str]:
    """Top-level packages that a run with `arguments` imports, as `-X importtime` tells."""
    run = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "dongle_cli", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    lines = [line for line in run.stderr.splitlines() if line.startswith("import time:")]
    assert len(lines) > 50, "importtime told nothing"
    return {line.rsplit("|", 1)[1].strip().split(".")[0] for line in lines}


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["--lang", "ja", "--help"]])
def test_root_help_imports_neither_heavy_packages_nor_typer(arguments: list[str]) -> None:
    assert not imported(*arguments) & (HEAVY | {"typer", "importlib_metadata", "asyncio", "xml"})


def test_a_commands_own_help_imports_nothing_heavy(command_paths: list[list[str]]) -> None:
    for path in command_paths:
        assert not imported(*path, "--help") & HEAVY, path


def test_pyusb_is_whole_before_the_first_thread_of_a_run() -> None:
    """Threads that import it at the same time see it half made, and now and then a dongle fails for nothing."""
    code = (
        "import sys; from dongle_cli.provision.run import provision_all; provision_all([], None, print)\n"
        "sys.exit(not {'usb.core', 'usb.util', 'usb.control'} <= set(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
