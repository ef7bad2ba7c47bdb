"""A virtual dongle in its port: which face it shows, when it leaves the bus, and what comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from dongle_cli.lab.at import AtPort
from dongle_cli.lab.device import Device, Function
from dongle_cli.lab.face import Face, Interface
from dongle_cli.lab.family import Family, Switching
from dongle_cli.lab.serialport import Gps, Silent
from dongle_cli.lab.storage import Storage
from dongle_cli.lab.wire import Setup

if TYPE_CHECKING:
    from dongle_cli.lab.link import Link
    from dongle_cli.lab.modem import Modem

# Between the answer to the command that makes a stick go and its going.
GRACE_SECONDS = 0.03


class Dongle:
    """One port of the virtual bus with the dongle in it; `busid` is its port path and never changes."""

    def __init__(self, number: int, busid: str, busnum: int, family: Family, absence: float) -> None:
        self.number = number
        self.busid = busid
        self.busnum = busnum
        self.family = family
        self.devnum = 0
        self.device: Device | None = None
        self.link: Link | None = None
        self.boots = 0
        self.modem: Modem | None = None
        self._absence = absence
        self._storage_left = 0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def mode(self) -> str:
        """ "storage" or "modem"; "absent" while it is off the bus."""
        if self.device is None:
            return "absent"
        return "storage" if self.device.face.is_storage else "modem"

    def brain(self) -> Modem:
        """The modem inside; every dongle gets one before it is plugged in."""
        assert self.modem is not None  # noqa: S101 - the bench sets it before the first plug
        return self.modem

    def plug(self) -> None:
        """Power on, in the state it comes out of the box."""
        self._storage_left = self.brain().faults.storage_again
        self._appear(self.family.storage_face or self.family.modem_face, cold=True)

    def replug(self) -> None:
        """Pull it and push it in again."""
        self._leave()
        self._come_back(self.family.storage_face or self.family.modem_face)

    def switch(self) -> None:
        """The switch command was understood: off the bus, and back as a modem."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(GRACE_SECONDS, self._go, False)

    def restart(self) -> None:
        """A reset by AT command: off the bus a moment after its OK."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(GRACE_SECONDS, self._go, True)

    def drop(self, *, forever: bool = False) -> None:
        """Off the bus in the middle of things."""
        self._leave()
        if not forever:
            self._come_back(self._next_face(restarted=True))

    def _go(self, restarted: bool) -> None:
        self._timer = None
        self._leave()
        self._come_back(self._next_face(restarted))

    def _next_face(self, restarted: bool) -> Face:
        storage = self.family.storage_face
        if storage is not None and self._storage_left:
            self._storage_left -= 1
            return storage
        return storage if storage is not None and restarted and self.family.reset_to_storage else self.family.modem_face

    def _leave(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.device is not None:
            self.brain().power_down()
            self.device.close()
            self.device = None
        if self.link is not None:
            link, self.link = self.link, None
            link.close()

    def _come_back(self, face: Face) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._absence, self._return, face)

    def _return(self, face: Face) -> None:
        self._timer = None
        self._appear(face)

    def _appear(self, face: Face, cold: bool = False) -> None:
        faults = self.brain().faults
        self.boots += 1
        # USB device numbers are never reused at once: another one tells the host that this is a new plug.
        self.devnum = self.devnum % 126 + 1 if not cold else self.number
        if self.family.serial is not None:
            face = replace(face, serial=self.family.serial.format(imei=self.brain().imei))
        self.brain().power_up()
        self.device = Device(
            face,
            self._build,
            1 if face.is_storage else self.family.configuration,
            1 if faults.pieces else None,
        )
        self.device.intercept = self._intercept

    def _build(self, device: Device, configuration: int) -> Mapping[int, Function]:
        interfaces = device.face.configurations[configuration - 1]
        built = {i.number: self._function(device, i) for i in interfaces if i.endpoints}
        # A CDC control interface is the other half of the data interface after it.
        for interface in interfaces:
            if interface.role == "control" and interface.number + 1 in built:
                built[interface.number] = built[interface.number + 1]
        self.brain().ports = [function for function in built.values() if isinstance(function, AtPort)]
        return built

    def _function(self, device: Device, interface: Interface) -> Function:
        dtr = not self.brain().faults.no_dtr
        pipe = next(
            (device.pipes[e.address] for e in interface.endpoints if e.address in device.pipes and e.kind == 2), None
        )
        if pipe is not None and interface.role == "at":
            return AtPort(self.brain(), pipe, dtr=dtr)
        if pipe is not None and interface.role == "gps":
            return Gps(pipe, dtr=dtr)
        if pipe is not None and interface.role == "storage":
            return Storage(pipe, self.family.switching, self.switch)
        if pipe is not None and interface.role == "card":
            return Storage(pipe, Switching(), None)
        return Silent(dtr=dtr, serial=interface.role == "diag")

    def _intercept(self, setup: Setup) -> bool:
        request = (setup.request_type, setup.request, setup.value)
        if self.device is not None and self.device.face.is_storage and request in self.family.switching.requests:
            self.switch()
            return True
        return False
