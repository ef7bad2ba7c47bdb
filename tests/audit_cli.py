"""`dongle-cli audit` as a process, and its JSON lines sorted by what they are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hive_writer import Expand
from windows_settings import windows

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


@dataclass
class Said:
    """What one run answered."""

    exit: int
    stderr: str
    start: dict[str, Any] = field(default_factory=dict)
    findings: list[dict[str, Any]] = field(default_factory=list)
    checks: list[dict[str, Any]] = field(default_factory=list)
    gaps: list[dict[str, Any]] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)

    @property
    def error(self) -> dict[str, Any]:
        """The error object on stderr."""
        return json.loads(self.stderr)["error"]  # type: ignore[no-any-return]

    def verdicts(self, path: str) -> set[str]:
        """What is said of a file."""
        return {one["verdict"] for one in (*self.findings, *self.checks) if one["path"] == path}


def run(home: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """`dongle-cli ARGUMENTS` without a terminal and with nothing of this person's settings but what day it is here."""
    kept = {name: os.environ[name] for name in ("PATH", "TZ") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-m", "dongle_cli", *map(str, arguments)],
        env=kept | {"LANG": "C.UTF-8", "DONGLE_HOME": str(home)},
        capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False, timeout=60,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done


def audit(home: Path, *arguments: str | Path) -> Said:
    """`dongle-cli audit ARGUMENTS --format json`, one process that looks."""
    done = run(home, "audit", *arguments, "--format", "json", "--jobs", "1")
    said = Said(done.returncode, done.stderr)
    for line in done.stdout.splitlines():
        one = json.loads(line)
        match one["type"]:
            case "finding":
                said.findings.append(one)
            case "check":
                said.checks.append(one)
            case "gap":
                said.gaps.append(one)
            case "start" | "summary" as word:
                setattr(said, word, one)
    return said


def put(root: Path, files: Mapping[str, bytes | str]) -> Path:
    """A root with these files."""
    for path, content in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def hardened() -> dict[str, bytes | str]:
    """A Windows on which every rule about settings is content."""
    server = r"\\fs.pref.example\home$\sakura"
    person = {
        r"Software\Microsoft\Windows\CurrentVersion\Policies\Explorer": {
            "NoDrives": 4, "NoViewOnDrive": 4, "NoRecycleFiles": 1,
        },
        r"Software\Microsoft\Windows\CurrentVersion\Explorer\User Shell Folders": {
            "Desktop": Expand(rf"{server}\Desktop"), "Personal": Expand(rf"{server}\Documents"),
            "{374DE290-123F-4565-9164-39C4925E467B}": Expand(rf"{server}\Downloads"),
        },
    }  # fmt: skip
    machine = {
        r"Policies\Microsoft\Windows\NetCache": {"Enabled": 0},
        r"Policies\Microsoft\Windows\OneDrive": {"DisableFileSyncNGSC": 1},
        r"Policies\Microsoft\Windows\RemovableStorageDevices": {"Deny_All": 1},
        r"Policies\Microsoft\FVE": {"EncryptionMethodWithXtsOs": 7},
    }
    system = {
        r"Control\BitLockerStatus": {"BootStatus": 1}, r"Control\Power": {"HibernateEnabled": 0},
        r"Control\Session Manager\Memory Management": {"ClearPageFileAtShutdown": 1},
    }  # fmt: skip
    return windows(machine, system, {"sakura": person})
