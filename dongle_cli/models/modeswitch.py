"""Sticks that no model file names, but whose way from storage to modem is public: modeswitch.json."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dongle_cli.models.model import Switch

if TYPE_CHECKING:
    from dongle_cli.usb.device import UsbDevice


@dataclass(frozen=True)
class ModeSwitch:
    """One stick's storage face: its id, what switches it, and what it becomes."""

    vid: int
    pid: int
    name: str
    switch: Switch
    targets: tuple[tuple[int, int], ...] = ()  # ids after the switch; empty: the same id with other interfaces
    manufacturer: str | None = None  # only where the manufacturer string contains this
    product: str | None = None  # only where the product string contains this

    def fits(self, device: UsbDevice) -> bool:
        """Whether `device` is this stick's storage face, by id and strings."""
        return (
            (self.vid, self.pid) == (device.vid, device.pid)
            and (self.manufacturer or "") in (device.manufacturer or "")
            and (self.product or "") in (device.product or "")
        )


@cache
def load() -> tuple[ModeSwitch, ...]:
    """Every record of modeswitch.json, those with a condition on strings before those without."""
    path = Path(__file__).with_name("modeswitch.json")
    records = [_record(raw) for raw in json.loads(path.read_text(encoding="utf-8"))["devices"]] if path.exists() else []
    return tuple(sorted(records, key=lambda r: not (r.manufacturer or r.product)))


@cache
def targets() -> frozenset[tuple[int, int]]:
    """Every id that some stick has after its switch."""
    return frozenset(target for record in load() for target in record.targets)


def record_for(device: UsbDevice) -> ModeSwitch | None:
    """The record whose storage face `device` shows, or None."""
    return next((record for record in load() if record.fits(device)), None)


def _record(raw: dict[str, Any]) -> ModeSwitch:
    vid, pid = _id(raw["id"])
    return ModeSwitch(
        vid=vid,
        pid=pid,
        name=raw["name"],
        switch=Switch(
            method=raw["method"],
            messages=tuple(bytes.fromhex(message) for message in raw.get("messages", ())),
            configuration=raw.get("configuration"),
            wait_before=raw.get("wait_before", 0.0),
            release_delay=raw.get("release_delay", 0.0),
        ),
        targets=tuple(_id(target) for target in raw.get("targets", ())),
        manufacturer=raw.get("manufacturer"),
        product=raw.get("product"),
    )


def _id(text: str) -> tuple[int, int]:
    vid, _colon, pid = text.partition(":")
    return int(vid, 16), int(pid, 16)
