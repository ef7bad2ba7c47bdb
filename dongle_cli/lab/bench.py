"""The whole lab in one process: dongles, their SIMs, the closed network, and the listeners that serve them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from dongle_cli.identity import luhn_valid
from dongle_cli.lab.commands import STANDARD
from dongle_cli.lab.dongle import Dongle
from dongle_cli.lab.families import choose
from dongle_cli.lab.family import Family
from dongle_cli.lab.faults import Faults, order
from dongle_cli.lab.link import Link, Slot
from dongle_cli.lab.modem import Modem
from dongle_cli.lab.network import AUTH_NAMES, CHAP, Context, Line, Network
from dongle_cli.lab.simcard import SimCard
from dongle_cli.lab.sims import APN, VirtualSim

# vhci_hcd gives a virtual bus few ports, and a bus of its own to each listener keeps port paths apart.
PORTS_A_LISTENER = 15


@dataclass(frozen=True)
class Order:
    """What kind of lab is wanted."""

    sims: tuple[VirtualSim, ...]  # one a dongle
    models: tuple[str, ...] = ()  # in turn; empty: a mix
    faults: tuple[str, ...] = ()
    delay: float = 0.0  # seconds that every AT answer takes
    absence: float = 0.3  # seconds that a dongle is off the bus when it re-enumerates
    pin: bool = False  # SIMs ask for their PIN


class Listener:
    """One USB/IP server socket, which is one bus."""

    def __init__(self, dongles: Iterable[Dongle]) -> None:
        self._dongles = tuple(dongles)
        self._server: asyncio.Server | None = None

    def slots(self) -> Iterable[Slot]:
        """The slots of this bus."""
        return self._dongles

    async def open(self, host: str, port: int) -> str:
        """Listen; returns the "HOST:PORT" that was got."""
        server = await asyncio.get_running_loop().create_server(lambda: Link(self), host, port, backlog=64)
        self._server = server
        name = server.sockets[0].getsockname()
        return f"[{name[0]}]:{name[1]}" if ":" in name[0] else f"{name[0]}:{name[1]}"

    def close(self) -> None:
        """Listen no more: the address is free for the next lab."""
        if self._server is not None:
            self._server.close()


class Bench:
    """Every dongle of the lab, and the network they attach to."""

    def __init__(self, wanted: Order) -> None:
        self.network = Network(APN, CHAP)
        self.dongles: list[Dongle] = []
        count = len(wanted.sims)
        parts = zip(choose(list(wanted.models), count), wanted.sims, order(wanted.faults, count), strict=True)
        for index, (family, sim, faults) in enumerate(parts):
            self.dongles.append(self._dongle(index, family, sim, faults, wanted))
        size = PORTS_A_LISTENER
        self.listeners = [Listener(self.dongles[i : i + size]) for i in range(0, count, size)]

    def _dongle(self, index: int, family: Family, sim: VirtualSim, faults: Faults, wanted: Order) -> Dongle:
        bus, port = divmod(index, PORTS_A_LISTENER)
        dongle = Dongle(index + 1, f"{bus + 1}-{port + 1}", bus + 1, family, wanted.absence)
        self.network.lines[sim.imsi] = Line(sim.imsi, sim.imei, sim.user, sim.password)
        imei = _imei(sim, faults, wanted)
        card = None if faults.no_sim else _card(sim, faults, wanted)
        dongle.modem = Modem(dongle, family.persona, STANDARD, imei, card, self.network, faults, wanted.delay)
        return dongle

    async def open(self, host: str, port: int) -> list[str]:
        """Plug every dongle in and listen; returns the "HOST:PORT" of each bus."""
        for dongle in self.dongles:
            dongle.plug()
        return [await listener.open(host, port if n == 0 else 0) for n, listener in enumerate(self.listeners)]

    def close(self) -> None:
        """Nobody new is served."""
        for listener in self.listeners:
            listener.close()

    def find(self, port: str) -> Dongle | None:
        """The dongle at a port path, plugged or not."""
        return next((dongle for dongle in self.dongles if dongle.busid == port), None)

    def status(self) -> list[dict[str, object]]:
        """One object a dongle, as its own memory has it; no PIN and no password."""
        return [self._status(dongle) for dongle in self.dongles]

    def _status(self, dongle: Dongle) -> dict[str, object]:
        modem = dongle.brain()
        sim = modem.sim
        face = dongle.device.face if dongle.device is not None else None
        return {
            "schema": 1,
            "number": dongle.number,
            "port": dongle.busid,
            "model": dongle.family.name,
            "mode": dongle.mode,
            "usb": face.usb if face is not None else None,
            "imported": dongle.link is not None,
            "imei": modem.imei,
            "iccid": sim.iccid if sim is not None else None,
            "attached": modem.radio.attached,
            "cause": modem.radio.verdict.esm or modem.radio.verdict.emm,
            "contexts": [self._context(modem, context) for _cid, context in sorted(modem.memory.items())],
            "pin_enabled": sim.pin_enabled if sim is not None else None,
            "pin_tries": sim.pin_tries if sim is not None else None,
            "puk_tries": sim.puk_tries if sim is not None else None,
            "locked": sim.state != "READY" if sim is not None else None,
            "commands": modem.heard_commands,
            "held": modem.held,
            "attach_count": modem.attach_count,
            "boots": dongle.boots,
        }

    def _context(self, modem: Modem, context: Context) -> dict[str, object]:
        line = self.network.lines.get(modem.sim.imsi) if modem.sim is not None else None
        return {
            "cid": context.cid,
            "type": context.type,
            "apn": context.apn,
            "auth": AUTH_NAMES.get(context.auth),
            "user": context.user,
            "password_right": line is not None and bool(context.password) and context.password == line.password,
        }


def _card(sim: VirtualSim, faults: Faults, wanted: Order) -> SimCard:
    card = SimCard(sim.iccid, sim.imsi, sim.msisdn, sim.pin, sim.puk)
    card.pin_enabled = wanted.pin or faults.pin_locked or faults.puk_locked
    card.pin_tries = 0 if faults.puk_locked else faults.pin_tries
    return card


def _imei(sim: VirtualSim, faults: Faults, wanted: Order) -> str:
    if faults.same_imei:
        return wanted.sims[0].imei
    if faults.wrong_imei:
        body = sim.imei[:13] + str((int(sim.imei[13]) + 5) % 10)
        return body + next(digit for digit in "0123456789" if luhn_valid(body + digit))
    return sim.imei
