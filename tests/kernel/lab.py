"""A lab inside the guest, attached to its kernel: what `dongle-cli lab` knows of each dongle."""

from __future__ import annotations

import json
from typing import Any

import bench
import sysfs


def start(*models: str, faults: tuple[str, ...] = (), pin: bool = False) -> dict[str, Any]:
    """Plug in one dongle a model; returns the lab's summary. Ends with `stop`."""
    words = [word for model in models for word in ("--model", model)]
    words += [word for fault in faults for word in ("--fault", fault)]
    words += ["--pin"] if pin else []
    done = bench.dongle_cli("lab", "start", "--count", str(len(models)), *words, "--format", "json")
    summary: dict[str, Any] = json.loads(done.stdout)
    address = summary["bus"].removeprefix("usbip://")
    host, _, port = address.rpartition(":")
    for dongle in summary["dongles"]:
        bench.run("usbip", "--tcp-port", port, "attach", "-r", host, "-b", dongle["port"])
    return summary


def status() -> list[dict[str, Any]]:
    """Each dongle as its own memory has it."""
    return [json.loads(line) for line in bench.dongle_cli("lab", "status", "--format", "json").stdout.splitlines()]


def stop() -> None:
    """Unplug everything."""
    bench.dongle_cli("lab", "stop")
    bench.wait_for("the bus is empty", lambda: not sysfs.plugged())
