"""How a rule is asked, as data: which values it reads, what makes each safe, and of which product they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dongle_cli.audit.model import Finding, Gap
from dongle_cli.audit.rules.rule import Rule

if TYPE_CHECKING:
    from dongle_cli.audit.hives.hive import Data
    from dongle_cli.audit.rules.machine import Machine


@dataclass(frozen=True, slots=True)
class Wanted:
    """One value of the registry: where it may be set (the first key that sets it decides) and what makes it safe."""

    name: str
    keys: tuple[str, ...]
    safe: Callable[[Data], bool]
    text: str  # what is wanted, as findings show it: "1", "<= 2", r"\\server\..."
    absent: bool = False  # whether it is safe where nothing sets it


@dataclass(frozen=True, slots=True)
class Check:
    """One question to a machine or to each of its users: any one of the values being safe is enough."""

    rule: str
    any_of: tuple[Wanted, ...]
    of: str | None = None  # the product (a word of `products`) without which an unset value matters nothing
    note: str = ""  # a msgid that goes with the finding: what the answer does not prove

    @property
    def wanted(self) -> str:
        """What would be well, for a finding: "1", or "Enabled = 0 | Start = 4" where there is a choice."""
        if len(self.any_of) == 1:
            return self.any_of[0].text
        return " | ".join(dict.fromkeys(f"{wanted.name} = {wanted.text}" for wanted in self.any_of))


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an .rdp file ("name:type:value"): what it means where it is absent, and what makes it safe."""

    rule: str
    name: str
    default: str
    safe: Callable[[str], bool]
    text: str  # what is wanted, as findings show it
    secret: bool = False  # the value is never shown


@dataclass(frozen=True, slots=True)
class Family:
    """Rules that belong together, with their checks; `look` is for what data cannot say."""

    rules: tuple[Rule, ...]
    checks: tuple[Check, ...] = ()
    lines: tuple[Line, ...] = ()
    look: Callable[[Machine], Iterator[Finding | Gap]] | None = None


def is_(*numbers: int) -> Callable[[Data], bool]:
    """One of these numbers, also where somebody wrote it as text."""
    texts = {str(number) for number in numbers}
    return lambda data: data in numbers if isinstance(data, int) else isinstance(data, str) and data.strip() in texts


def bit(number: int) -> Callable[[Data], bool]:
    """A mask in which this bit is set; Explorer also writes masks as four bytes."""

    def test(data: Data) -> bool:
        value = int.from_bytes(data, "little") if isinstance(data, bytes) else data
        return isinstance(value, int) and bool(value >> number & 1)

    return test


def no(data: Data) -> bool:
    """A text that forbids: "false", "off", "no" or 0, whatever its case."""
    return (data.strip().casefold() if isinstance(data, str) else data) in ("false", "off", "no", "0", 0)


def on_a_server(data: Data) -> bool:
    r"""A path on a server: "\\server\share", but neither a device nor this machine itself."""
    if not isinstance(data, str):
        return False
    path = data.strip().strip('"').replace("/", "\\")
    host = path[2:].split("\\", 1)[0].casefold()
    return path.startswith("\\\\") and host not in ("", "?", ".", "localhost", "127.0.0.1", "::1")
