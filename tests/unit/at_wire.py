"""A wire whose other end answers as a test says: what a firmware would send, and a list of what it was sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dongle_cli.models import loader
from dongle_cli.models.model import Model
from dongle_cli.modem.engine import AtEngine
from dongle_cli.modem.modem import Modem

# What a firmware answers to a command without its AT: lines with a final result code at the end; None is silence.
Firmware = Callable[[str], str | None]


class Wire:
    """A Transport with `firmware` behind it."""

    name = "wire"

    def __init__(self, firmware: Firmware) -> None:
        self.sent: list[str] = []
        self._firmware = firmware
        self._arrived = b""

    def write(self, data: bytes) -> None:
        command = data.decode("ascii").removeprefix("AT").removesuffix("\r")
        self.sent.append(command)
        answer = self._firmware(command)
        if answer is not None:
            self._arrived += "".join(f"\r\n{line}\r\n" for line in answer.split("\n")).encode("ascii")

    def read(self, timeout: float) -> bytes:
        data, self._arrived = self._arrived, b""
        return data

    def close(self) -> None:
        """Nothing to let go."""


def says(answers: Mapping[str, str]) -> Firmware:
    """A firmware that knows these commands and refuses all others."""
    return lambda command: answers.get(command, "ERROR")


def model(name: str) -> Model:
    """The model file `name`."""
    return next(model for model in loader.load() if model.id == name)


def modem(firmware: Firmware | Mapping[str, str], name: str = "generic") -> tuple[Modem, Wire]:
    """A modem of model `name` on such a wire."""
    wire = Wire(says(firmware) if isinstance(firmware, Mapping) else firmware)
    return Modem(AtEngine(wire, patience=0.2), model(name)), wire
