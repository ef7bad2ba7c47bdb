"""A virtual modem: what it remembers, how it registers, and which commands it knows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from dongle_cli.lab.at import Answer, AtPort, Call, Refused
from dongle_cli.lab.cme import CME
from dongle_cli.lab.faults import Faults
from dongle_cli.lab.network import Context, Network, Verdict
from dongle_cli.lab.simcard import SimCard

if TYPE_CHECKING:
    from dongle_cli.lab.dongle import Dongle

# How long a registration takes: long enough that "searching" can be seen, short enough for a test.
ATTACH_SECONDS = 0.05


@dataclass(frozen=True)
class Command:
    """One command: what it does, and what must be there first ("sim": a card, "pin": an unlocked one)."""

    run: Callable[[Modem, AtPort, Call], Answer]
    needs: Literal["", "sim", "pin"] = ""


@dataclass(frozen=True)
class Persona:
    """How a family of modems speaks; the empty one keeps to 3GPP TS 27.007."""

    manufacturer: str
    model: str
    revision: str
    radio: Literal["lte", "3g"] = "lte"
    commands: Mapping[str, Command] = field(default_factory=dict)  # beside the standard's, or instead
    lacks: tuple[str, ...] = ()  # commands of the standard that it does not know
    presets: tuple[Context, ...] = ()  # what is in its memory out of the box
    gcap: str = "+CGSM"
    context_tail: str = ',"",0,0'  # what follows the APN in +CGDCONT?
    largest_cid: int = 16
    cause_words: str = "+CEER: ESM cause {esm} ({words})"
    unknown: str = ""  # answered to unknown commands instead of an error ("COMMAND NOT SUPPORT")
    noise: tuple[str, ...] = ('+CMTI: "ME",1', "+CEREG: 2", "+CSQN: 20,99")
    chatter: str = ""  # an unsolicited line it says by itself until ^CURC=0
    starts_offline: bool = False  # powers up in +CFUN: 4


@dataclass
class Radio:
    """Where the registration stands; `stat` as in +CREG (3GPP TS 27.007 clause 10.1.20)."""

    stat: int = 0
    verdict: Verdict = field(default_factory=Verdict)
    active: set[int] = field(default_factory=set)

    @property
    def attached(self) -> bool:
        """Whether packet service is there."""
        return self.stat == 1


class Modem:
    """The brain behind a dongle's AT ports; it outlives the bus, as flash memory and a SIM do."""

    def __init__(
        self, dongle: Dongle, persona: Persona, table: Mapping[str, Command], imei: str, sim: SimCard | None,
        network: Network, faults: Faults, delay: float,
    ) -> None:  # fmt: skip
        self.dongle = dongle
        self.persona = persona
        self.imei = imei
        self.sim = sim
        self.network = network
        self.faults = faults
        self._table = {k: v for k, v in {**table, **persona.commands}.items() if k not in persona.lacks}
        self._delay = delay + faults.slow
        self.memory = {c.cid: replace(c) for c in persona.presets}
        self.ports: list[AtPort] = []
        self.functionality = 0
        self.operator_format = 0
        self.radio = Radio()
        self.selected_file: int | None = None  # by +CSIM
        self.heard_commands = 0
        self.held = False  # by the fault of that name
        self.attach_count = 0
        self._busy = faults.busy
        self._timer: asyncio.TimerHandle | None = None

    # Power

    def power_up(self) -> None:
        """Start from flash memory: the SIM wants its PIN again, and registration begins by itself."""
        if self.faults.forget and self.heard_commands:
            self.memory = {c.cid: replace(c) for c in self.persona.presets}
        if self.sim is not None:
            self.sim.power_cycle()
        self.ports = []
        self.radio = Radio()
        self.set_functionality(4 if self.persona.starts_offline else 1)

    def power_down(self) -> None:
        """The bus lost this modem."""
        self._stop()
        self.ports = []

    def set_functionality(self, level: int) -> None:
        """+CFUN: 1 is full, 0 and 4 are without radio."""
        self.functionality = level
        if level == 1:
            self.start_attach()
        else:
            self.detach()

    def restart(self) -> None:
        """+CFUN=1,1 and its relatives: acknowledged first, then the modem leaves the bus."""
        self.detach()
        self.dongle.restart()

    def known(self) -> list[str]:
        """The commands it knows, as +CLAC lists them."""
        return sorted(self._table)

    # Registration

    def attach_context(self) -> Context | None:
        """The context of the default bearer: the lowest that is defined."""
        return self.memory[min(self.memory)] if self.memory else None

    def ready(self) -> bool:
        """Whether it may register: radio on, card there and unlocked."""
        return self.functionality == 1 and self.sim is not None and self.sim.state == "READY"

    def start_attach(self) -> None:
        """Search, then ask the network; what is in memory now decides."""
        self._stop()
        if self.ready():
            self.change(2, Verdict())
            self._timer = asyncio.get_running_loop().call_later(ATTACH_SECONDS, self.finish_attach)

    def finish_attach(self) -> None:
        """The network's verdict."""
        self._stop()
        if not self.ready() or self.sim is None:
            return
        self.attach_count += 1
        context = self.attach_context()
        if self.faults.reject:
            verdict = Verdict.refusal(self.faults.reject)
        elif self.persona.radio == "3g":  # no default bearer: the APN is judged when a context is activated
            verdict = self.network.admit(self.sim.imsi, self.imei)
        else:
            verdict = self.network.attach(self.sim.imsi, self.imei, context)
        if verdict.admitted and context is not None and self.persona.radio == "lte":
            self.radio.active = {context.cid}
        self.change(1 if verdict.admitted else 3, verdict)

    def detach(self) -> None:
        """Leave the network."""
        self._stop()
        self.change(0, Verdict())

    def change(self, stat: int, verdict: Verdict) -> None:
        """Enter a registration state and tell the ports that asked for it."""
        before = (self.radio.stat, self.radio.verdict)
        self.radio.stat, self.radio.verdict = stat, verdict
        if stat != 1:
            self.radio.active = set()
        if (stat, verdict) == before:
            return
        for port in self.ports:
            for name, n in port.report.items():
                if n and name in self.registration_names():
                    port.urc(f"{name}: {self.registration_fields(name, n)}")

    def registration_names(self) -> tuple[str, ...]:
        """The registration commands whose domain this radio serves."""
        return ("+CREG", "+CEREG") if self.persona.radio == "lte" else ("+CREG", "+CGREG")

    def registration_fields(self, name: str, n: int) -> str:
        """`<stat>` and what <n> adds to it (3GPP TS 27.007 clauses 7.2, 10.1.20 and 10.1.22)."""
        if name not in self.registration_names():
            return "0"
        stat, verdict = self.radio.stat, self.radio.verdict
        if n >= 2 and stat == 1:
            return f'{stat},"54DB","0F6B0578",7' if self.persona.radio == "lte" else f'{stat},"01A3","00C2F1B4",2'
        if n >= 3 and verdict.emm is not None:
            return f"{stat},,,,0,{verdict.emm}"
        return str(stat)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # What the AT ports ask of it

    def execute(self, port: AtPort, call: Call) -> Answer:
        """Carry out one command; raises Refused."""
        if call.name in self.faults.refuse:
            raise Refused
        command = self._table.get(call.name)
        if command is None:
            if self.persona.unknown:
                raise Refused(text=self.persona.unknown)
            raise Refused(100)
        if command.needs:
            self._check_card(command.needs)
        return command.run(self, port, call)

    def _check_card(self, needs: str) -> None:
        if self.sim is None:
            raise Refused(10)
        if self._busy:
            self._busy -= 1
            raise Refused(14)
        if self.sim.state == "BLOCKED":
            raise Refused(13)
        if needs == "pin" and self.sim.state != "READY":
            raise Refused(11 if self.sim.state == "SIM PIN" else 12)

    def heard(self) -> bool:
        """Count a command line; the dongle may leave the bus at it."""
        if self.held:
            return False
        self.heard_commands += 1
        if self.heard_commands in (self.faults.drop, self.faults.gone):
            self.dongle.drop(forever=self.heard_commands == self.faults.gone)
            return False
        return not self.faults.deaf or self.heard_commands < self.faults.deaf

    def spoken(self, text: str) -> str:
        """The answer as it leaves the port."""
        if self.heard_commands == self.faults.hold:
            self.held = True
            return ""
        if self.faults.half and self.heard_commands >= self.faults.half:
            return text[: max(3, len(text) // 2 - 2)]
        return text

    def pause(self) -> float:
        """Seconds an answer takes."""
        return self._delay

    def interruption(self, port: AtPort) -> list[str]:
        """Unsolicited lines: of a noisy modem at every command, of a chatty family now and then until ^CURC=0."""
        if self.faults.noise:
            return [self.persona.noise[self.heard_commands % len(self.persona.noise)]]
        return (
            [self.persona.chatter] if self.persona.chatter and port.unsolicited and self.heard_commands % 3 == 0 else []
        )

    def cme_text(self, code: int) -> str:
        """The words of +CMEE=2."""
        return CME.get(code, CME[100])
