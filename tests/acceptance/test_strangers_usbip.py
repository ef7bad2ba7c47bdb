"""Devices on a USB/IP server that nobody here wrote (PyPI `usbip`): listed, switched, provisioned, and read back there.

The lab's sticks and the program come from one house; here the descriptors, the CD-ROM's SCSI, CDC-ACM and every byte of
the USB/IP protocol are somebody else's reading of the standards.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ports import free_port

pytest.importorskip("usbip", reason="PyPI usbip is not installed; it comes with the extra dev")
pytestmark = pytest.mark.strangers

PASSWORD = "Strangers-pw-4711"
PROFILE = f"""
schema = 1
name = "closed"
version = "1"
[context]
cid = 1
apn = "closed.example"
type = "IPV4V6"
auth = "chap"
user = "u1@closed.example"
password = "{PASSWORD}"
only = true
[verify]
register = true
timeout = 30
"""


@dataclass
class Peer:
    """The running server with its two sticks."""

    process: subprocess.Popen[str]
    environment: dict[str, str]
    profile: Path

    def memories(self) -> list[dict[str, Any]]:
        """What each stick holds, and was sent."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        found: list[dict[str, Any]] = json.loads(self.process.stdout.readline())
        return found

    def run(self, *arguments: str) -> tuple[int, list[dict[str, Any]]]:
        done = subprocess.run(
            [sys.executable, "-m", "dongle_cli", *arguments, "--format", "json"],
            env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=90,
        )  # fmt: skip
        assert PASSWORD not in done.stdout + done.stderr
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def peer(tmp_path: Path) -> Iterator[Peer]:
    port = free_port()  # the package tells nobody which port the kernel chose, so it is given one
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("DONGLE_", "XDG_", "LC_", "LANG"))}
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("strangers_usbip_peer.py")), str(port)],
        env=kept, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout and process.stdin
    try:
        assert process.stdout.readline() == "ready\n"
        profile = tmp_path / "profile.toml"
        profile.write_text(PROFILE)
        profile.chmod(0o600)
        own = {"DONGLE_BUS": f"usbip://127.0.0.1:{port}", "DONGLE_HOME": str(tmp_path), "LANGUAGE": "en"}
        yield Peer(process, {**kept, **own}, profile)
    finally:
        process.stdin.close()  # it ends with its questions
        process.wait(timeout=30)
        process.stdout.close()


def test_a_strangers_sticks_are_listed_and_shown(peer: Peer) -> None:
    code, listed = peer.run("list")
    seen = [(one["port"], one["usb"], one["mode"], one["serial"], one["at_ports"]) for one in listed]
    assert code == 0
    assert seen == [
        ("1-1", "15eb:a403", "storage", "S0", []),
        ("1-2", "1209:0001", "modem", "S1", ["1-2:1.1"]),
    ]
    code, (shown,) = peer.run("show", "--device", "S1")
    assert code == 0
    assert (shown["imei"], shown["iccid"]) == ("861234567890119", "8981100000000000023")
    assert shown["sim"] == {"state": "READY", "pin_enabled": False, "pin_retries": 3, "puk_retries": 10}
    assert shown["registration"]["stat"] == 1


def test_a_strangers_cd_rom_becomes_a_modem_and_both_sticks_hold_the_profile(peer: Peer) -> None:
    code, outcomes = peer.run("provision", str(peer.profile), "--all", "--yes")
    assert code == 0
    assert [(one["port"], one["usb"], one["result"]) for one in outcomes] == [
        ("1-1", "15eb:7d0e", "ok"),
        ("1-2", "1209:0001", "ok"),
    ]
    assert outcomes[0]["changes"][0] == {"what": "mode", "before": "storage", "after": "modem"}
    assert [one["proven"] for one in outcomes] == [{"password": "attach", "registration": "home"}] * 2
    memories = peer.memories()
    assert [one["ejected"] for one in memories] == [1, 0]
    for memory in memories:
        assert memory["contexts"] == {"1": ["IPV4V6", "closed.example"]}
        assert memory["auth"] == {"1": ["2", "u1@closed.example", PASSWORD]}
        assert (memory["attached"], memory["active"]) == (True, ["1"])

    sent = [len(memory["said"]) for memory in memories]
    code, outcomes = peer.run("provision", str(peer.profile), "--all", "--yes")
    assert (code, [one["result"] for one in outcomes]) == (0, ["already", "already"])
    for memory, before in zip(peer.memories(), sent, strict=True):
        writing = ("+CGDCONT=", "+CGAUTH=", "+CGATT=", "+CGACT=", "+CPIN=")
        assert not [command for command in memory["said"][before:] if command.startswith(writing)]
