"""The tutorial is a program: its commands run as they stand, in both languages' pages the same ones."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from ports import free_port

ROOT = Path(__file__).resolve().parents[2]
ENGLISH = ROOT / "docs" / "tutorial.md"
JAPANESE = ROOT / "docs" / "ja" / "tutorial.md"


def commands(page: Path) -> str:
    """Everything that the page has the reader type."""
    return "\n".join(re.findall(r"^```sh\n(.*?)^```", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE))


def test_the_japanese_tutorial_types_the_same_commands() -> None:
    assert commands(JAPANESE) == commands(ENGLISH)


def test_the_tutorials_commands_run_as_they_stand() -> None:
    script = commands(ENGLISH).replace("3240", str(free_port()))
    with tempfile.TemporaryDirectory(prefix="tut-") as folder:
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("DONGLE_", "LC_", "LANG"))},
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "DONGLE_HOME": f"{folder}/home",
        }
        try:
            run = subprocess.run(
                ["bash", "-euxo", "pipefail", "-c", script],
                cwd=folder, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False,
            )  # fmt: skip
        finally:
            subprocess.run(["dongle-cli", "-q", "lab", "stop"], env=environment, capture_output=True, check=False)
        assert run.returncode == 0, run.stdout + run.stderr
        assert not (Path(folder) / "practice").exists(), "step 9 tidies up"
    assert "exit code 4" in run.stdout, "the fault of step 7 is seen"
    assert "usb.vanished" in run.stderr
