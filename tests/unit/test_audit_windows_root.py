"""Everything that is hidden on a disk of Windows is found, each in its place, and nothing else is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from windows_root import WSL, Planted, build


def audited(target: Path) -> tuple[int, list[dict[str, Any]]]:
    words = ["audit", str(target), "--policy", "strict", "--format", "json", "--jobs", "2"]
    done = subprocess.run([sys.executable, "-m", "dongle_cli", *words], capture_output=True, timeout=100)
    assert not done.stderr
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def named(line: dict[str, Any]) -> Planted:
    """A finding as what was planted."""
    detail = line["detail"]
    return Planted(line["path"], line["kind"], line["place"], detail.get("user"), detail.get("place"), line["member"],
                   detail.get("original"), line["state"])  # fmt: skip


def test_a_windows_disk_as_a_folder(tmp_path: Path) -> None:
    root = tmp_path / "disk"
    planted = build(root, cp932=True)
    code, lines = audited(root)
    found = [named(line) for line in lines if line["type"] == "finding" and line["place"] != "settings"]
    assert set(found) == set(planted)
    assert len(found) == len(planted)
    assert [(line["path"], line["reason"]) for line in lines if line["type"] == "gap"] == [(WSL, "unsupported")]
    assert code == 5
