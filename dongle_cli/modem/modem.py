"""One modem behind one AT port: what it is asked is 3GPP TS 27.007, how is its model's dialect."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from dongle_cli.models.model import Dialect, Model
from dongle_cli.modem.at import Reply
from dongle_cli.modem.engine import AtEngine

Value = TypeVar("Value")


class Modem:
    """The engine, the model that tells how to ask, and what this very firmware was found to understand."""

    def __init__(self, engine: AtEngine, model: Model) -> None:
        self.engine = engine
        self.model = model
        self.auth_writer: str | None = None  # the dialect's command for PDP authentication that this firmware takes

    @property
    def dialect(self) -> Dialect:
        """How this model departs from the standard."""
        return self.model.dialect

    @property
    def port(self) -> str:
        """The name of the AT port."""
        return self.engine.transport.name

    def start(self) -> None:
        """Put the port into a known state: errors as numbers, noise off, names in plain ASCII."""
        self.engine.send("E0")
        self.engine.send("+CMEE=1")
        for command in self.dialect.init:
            self.engine.send(command)
        # With UCS2 some firmwares answer even +CLCK and +COPS in hexadecimal (27.007 clause 5.5).
        if any("UCS2" in line for line in self.engine.send("+CSCS?").lines):
            self.engine.send('+CSCS="IRA"')

    def query(self, command: str) -> Sequence[str]:
        """The information lines that answer `command`, none where it is refused."""
        reply = self.engine.send(command)
        return reply.lines if reply.ok else ()

    def first(self, commands: Iterable[str], parse: Callable[[str, Sequence[str]], Value | None]) -> Value | None:
        """What the first of `commands` says that is not refused and that `parse(command, lines)` understands."""
        for command in commands:
            reply = self.engine.send(command)
            if reply.ok and (value := parse(command, reply.lines)) is not None:
                return value
        return None

    def accepts(self, command: str) -> Reply | None:
        """The reply to `command`, or None where the modem refuses it."""
        reply = self.engine.send(command)
        return reply if reply.ok else None
