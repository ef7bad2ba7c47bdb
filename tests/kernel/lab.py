"""A lab inside the guest, attached to its kernel, and what the lab itself knows of each dongle."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import bench
import sysfs


@dataclass(frozen=True)
class Dongle:
    """One virtual dongle: its place in the kernel and what it was made with."""

    model: str
    number: int
    lab_port: str
    port: str  # in the kernel
    imei: str
    iccid: str


@dataclass(frozen=True)
class Lab:
    """A running lab: its dongles in the order of their models, and the files that fit them."""

    dongles: tuple[Dongle, ...]
    profile: str
    sims: str


def start(*models: str, faults: tuple[str, ...] = (), options: tuple[str, ...] = ()) -> Lab:
    """Plug one dongle a model into the kernel; everything is unplugged by `stop`."""
    words = [word for model in models for word in ("--model", model)]
    words += [word for fault in faults for word in ("--fault", fault)]
    count = ("--count", str(len(models)))
    summary = _json(bench.dongle_cli("lab", "start", *count, *words, *options, "--format", "json").stdout)
    pairs = _json(bench.dongle_cli("lab", "attach", "--format", "json").stdout)["attached"]
    place = {pair["port"]: pair["kernel_port"] for pair in pairs}
    dongles = tuple(
        Dongle(model, d["number"], d["port"], place[d["port"]], d["imei"], d["iccid"])
        for model, d in zip(models, summary["dongles"], strict=True)
    )
    bench.wait_for("every dongle is on the bus", lambda: set(place.values()) <= set(sysfs.plugged()))
    bench.settle()
    return Lab(dongles, summary["profile"], summary["sims"])


def status() -> dict[int, dict[str, Any]]:
    """Each dongle's own memory, by its number."""
    lines = bench.dongle_cli("lab", "status", "--format", "json").stdout.splitlines()
    return {dongle["number"]: dongle for dongle in map(_json, lines)}


def stop() -> None:
    """Unplug everything and end the lab."""
    bench.dongle_cli("lab", "stop")
    bench.wait_for("the bus is empty", lambda: not sysfs.plugged())


def _json(text: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(text)
    return answer
