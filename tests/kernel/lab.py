"""A lab inside the guest, attached to its kernel, and what the lab itself knows of each dongle.

Asked for in this process and not by `dongle-cli lab`: each start of a program costs seconds under emulation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bench
import sysfs

from dongle_cli.lab import process


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


def start(*models: str, faults: tuple[str, ...] = ()) -> Lab:
    """Plug one dongle a model into the kernel; everything is unplugged by `stop`."""
    summary = process.start(process.Wanted(len(models), models, faults))
    place = {pair["port"]: pair["kernel_port"] for pair in process.attach()["attached"]}
    dongles = tuple(
        Dongle(model, d["number"], d["port"], place[d["port"]], d["imei"], d["iccid"])
        for model, d in zip(models, summary["dongles"], strict=True)
    )
    bench.wait_for("every dongle is on the bus", lambda: all(map(sysfs.whole, place.values())))
    bench.settle()
    return Lab(dongles, summary["profile"], summary["sims"])


def memory() -> dict[int, dict[str, Any]]:
    """Each dongle's own memory, by its number."""
    return {dongle["number"]: dongle for dongle in process.request(command="status")["dongles"]}


def status() -> dict[int, dict[str, Any]]:
    """The same, said aloud for whoever reads the log of a scenario that failed."""
    known = memory()
    bench.say(f"memory: {list(known.values())}")
    return known


def stop() -> None:
    """Unplug everything and end the lab."""
    process.stop()
    bench.wait_for("the bus is empty", lambda: not sysfs.plugged())
