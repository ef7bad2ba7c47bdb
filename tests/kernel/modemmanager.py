"""What ModemManager believes it has, as mmcli tells it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any


def start() -> None:
    """Start the service as the system does; it scans what is plugged in."""
    subprocess.run(["systemctl", "start", "ModemManager"], check=True, timeout=150)
    subprocess.run(["mmcli", "-G", "DEBUG"], check=True, timeout=150)


def stop() -> None:
    """End the service; it forgets every modem."""
    subprocess.run(["systemctl", "stop", "ModemManager"], check=True, timeout=150)


def modems(ports: set[str] | None = None) -> dict[str, dict[str, Any]]:
    """Port path to mmcli's "modem" object of every modem it has now; {} until all `ports` are among them."""
    found = {}
    for path in _ask("-L")["modem-list"]:
        answer = _ask("-m", path)
        if answer:  # else it went between the two questions
            modem = answer["modem"]
            found[Path(modem["generic"]["device"]).name] = modem
    return found if ports is None or ports <= set(found) else {}


def _ask(*args: str) -> dict[str, Any]:
    done = subprocess.run(["mmcli", "-J", *args], capture_output=True, text=True, timeout=150)
    if done.returncode and "-m" in args:
        return {}
    if done.returncode:
        raise RuntimeError(f"mmcli {' '.join(args)}: {done.stderr.strip()}")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
