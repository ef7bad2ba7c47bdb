"""The line discipline of a virtual AT port: echo, command lines, chains, result codes (ITU-T V.250 clauses 5 and 6)."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

from dongle_cli.lab.device import Pipe
from dongle_cli.lab.wire import Setup

Kind = Literal["run", "set", "read", "test"]
_EXTENDED = "+^#$%*!_"
_LONGEST_LINE = 2048
CONNECT_FAILED = "NO CARRIER"


@dataclass(frozen=True)
class Call:
    """One command of a line: "+CPIN", how it is called, and its parameters without quotes ("" where left out)."""

    name: str
    kind: Kind
    args: tuple[str, ...] = ()

    def arg(self, index: int, default: str = "") -> str:
        """Parameter `index`, or `default` where it is missing."""
        return self.args[index] if index < len(self.args) and self.args[index] else default

    def number(self, index: int, default: int | None = None) -> int:
        """Parameter `index` as an integer; refused with "incorrect parameters" where it is none."""
        text = self.arg(index)
        if not text and default is not None:
            return default
        if not re.fullmatch(r"[0-9]{1,9}", text):
            raise Refused(50)
        return int(text)


class Refused(Exception):
    """The command is not carried out: "ERROR", or +CME ERROR with `cme` where the host wants to know (clause 9.2)."""

    def __init__(self, cme: int | None = None, *, text: str = "") -> None:
        super().__init__(cme)
        self.cme = cme
        self.text = text  # a final line of the family's own ("COMMAND NOT SUPPORT")


@dataclass(frozen=True)
class Later:
    """An answer that takes `seconds`; `then` gives it."""

    seconds: float
    then: Callable[[], Answer]


Answer = list[str] | Later


class Brain(Protocol):
    """What stands behind the AT ports of a modem."""

    def execute(self, port: AtPort, call: Call) -> Answer:
        """The information lines of one command, without final result code; raises Refused."""

    def heard(self) -> bool:
        """A command line arrived; False: the modem will not take it any more."""

    def spoken(self, text: str) -> str:
        """The whole answer as it leaves the port, after what a fault does to it."""

    def pause(self) -> float:
        """Seconds that an answer takes."""

    def interruption(self, port: AtPort) -> list[str]:
        """Unsolicited lines that come between command and answer."""

    def cme_text(self, code: int) -> str:
        """The words for a +CME ERROR number."""


class AtPort:
    """One AT port: settings that each port has for itself, and the command line that is being typed."""

    def __init__(self, brain: Brain, pipe: Pipe, *, dtr: bool = True) -> None:
        self.brain = brain
        self._pipe = pipe
        self._dtr = dtr
        self.echo = True
        self.verbose = True
        self.quiet = False
        self.cmee = 0
        self.report: dict[str, int] = {}  # "+CEREG" to its <n>: which unsolicited lines this port wants
        self.unsolicited = True  # ^CURC
        self.charset = "IRA"
        self._typed = bytearray()
        self._lines: deque[str] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._out = ""
        self._line_coding = bytes.fromhex("00c20100000008")  # 115200 8N1

    def receive(self, data: bytes) -> None:
        """Characters from the host: echoed one by one, carried out at each carriage return (S3)."""
        for byte in data:
            if byte == 13:
                line = self._typed.decode("latin-1").strip()
                self._typed.clear()
                if line:
                    self._lines.append(line)
                    self._next()
            elif byte == 8:
                self._typed[-1:] = b""
            elif byte not in (10, 0) and len(self._typed) < _LONGEST_LINE:
                self._typed.append(byte)
        self._flush()

    def control(self, setup: Setup, data: bytes) -> bytes | None:
        """The CDC PSTN requests (subclass specification clause 6.3): line coding and control line state."""
        if setup.request == 0x22:
            return b"" if self._dtr else None
        if setup.request == 0x20:
            self._line_coding = data
            return b""
        if setup.request == 0x21:
            return self._line_coding
        return None

    def close(self) -> None:
        """The device leaves the bus: the answer under way is never given."""
        if self._timer is not None:
            self._timer.cancel()
        self._lines.clear()

    def reset(self) -> None:
        """ATZ and AT&F: the settings of a fresh port."""
        self.echo, self.verbose, self.quiet, self.cmee = True, True, False, 0
        self.report = {}
        self.charset = "IRA"

    def urc(self, line: str) -> None:
        """Send an unsolicited line."""
        self._out += f"\r\n{line}\r\n"
        if self._timer is None:
            self._flush()

    def _flush(self) -> None:
        if self._out:
            out, self._out = self._out, ""
            self._pipe.write(out.encode("latin-1", "replace"))

    def _next(self) -> None:
        """Carry out the next line unless one is under way."""
        while self._lines and self._timer is None:
            line = self._lines.popleft()
            if line[:2].upper() != "AT":
                if self.echo:
                    self._out += line + "\r"
                continue
            if not self.brain.heard():
                self._lines.clear()
                return
            if self.echo:
                self._out += line + "\r"
            self._out += "".join(f"\r\n{text}\r\n" for text in self.brain.interruption(self))
            self._run(commands(line[2:]), [])

    def _run(self, calls: Iterator[Call], lines: list[str]) -> None:
        try:
            for call in calls:
                answer = self.brain.execute(self, call)
                if isinstance(answer, Later):
                    self._wait(answer, calls, lines)
                    return
                lines += answer
        except Refused as refusal:
            self._answer(lines, self._refusal(refusal))
            return
        if lines and lines[-1] == CONNECT_FAILED:
            self._answer(lines[:-1], CONNECT_FAILED)
            return
        self._answer(lines, "OK")

    def _wait(self, later: Later, calls: Iterator[Call], lines: list[str]) -> None:
        def resume() -> None:
            self._timer = None
            try:
                answer = later.then()
            except Refused as refusal:
                self._answer(lines, self._refusal(refusal))
            else:
                if isinstance(answer, Later):
                    self._wait(answer, calls, lines)
                    return
                self._run(calls, lines + answer)
            self._next()
            if self._timer is None:
                self._flush()

        self._timer = asyncio.get_running_loop().call_later(later.seconds, resume)

    def _refusal(self, refusal: Refused) -> str:
        if refusal.text:
            return refusal.text
        if refusal.cme is None or self.cmee == 0:
            return "ERROR"
        return f"+CME ERROR: {refusal.cme if self.cmee == 1 else self.brain.cme_text(refusal.cme)}"

    def _answer(self, lines: list[str], final: str) -> None:
        """Speak now, or after the pause that this modem takes."""
        if self.verbose:
            text = "".join(f"\r\n{line}\r\n" for line in lines) + ("" if self.quiet else f"\r\n{final}\r\n")
        else:
            code = {"OK": "0", "NO CARRIER": "3", "ERROR": "4"}.get(final, final)
            text = "".join(f"{line}\r\n" for line in lines) + ("" if self.quiet else f"{code}\r")
        pause = self.brain.pause()
        if pause <= 0:
            self._out += self.brain.spoken(text)
            return
        self._flush()  # the echo does not wait

        def speak() -> None:
            self._timer = None
            self._out += self.brain.spoken(text)
            self._next()
            if self._timer is None:
                self._flush()

        self._timer = asyncio.get_running_loop().call_later(pause, speak)


def commands(text: str) -> Iterator[Call]:
    """The commands of one line without its "AT" (V.250 clause 5.4): basic ones run together, extended ones end at ";".

    Refused where the line makes no sense from some point on; what stands before it is carried out.
    """
    rest = text.strip()
    while rest:
        if rest[0] in "; ":
            rest = rest[1:]
        elif rest[0] in _EXTENDED:
            end = _end(rest)
            yield _extended(rest[:end])
            rest = rest[end:]
        elif rest[0].upper() == "D":
            yield Call("D", "set", (rest[1:].rstrip(";"),))
            return
        else:
            basic = re.match(r"(?i)(S[0-9]+|&?[A-Z])(=([0-9]*)|\?|([0-9]*))", rest)
            if basic is None:
                raise Refused
            value = basic[3] if basic[3] is not None else basic[4]
            kind: Kind = "read" if basic[2] == "?" else "set" if value else "run"
            yield Call(basic[1].upper(), kind, (value,) if value else ())
            rest = rest[basic.end() :]


def _end(text: str) -> int:
    quoted = False
    for index, char in enumerate(text):
        if char == '"':
            quoted = not quoted
        elif char == ";" and not quoted:
            return index
    return len(text)


def _extended(text: str) -> Call:
    name = re.match(r"[+^#$%*!_][A-Za-z0-9_]*", text)
    assert name is not None  # noqa: S101 - the caller looked at the first character
    rest = text[name.end() :].strip()
    upper = name[0].upper()
    if not rest:
        return Call(upper, "run")
    if rest == "?":
        return Call(upper, "read")
    if rest == "=?":
        return Call(upper, "test")
    if rest[0] != "=":
        raise Refused
    return Call(upper, "set", tuple(split(rest[1:])))


def split(text: str) -> list[str]:
    """Parameters at the commas outside quotes, quotes taken off: '1,"a,b",' is ["1", "a,b", ""]."""
    parts, quoted = [""], False
    for char in text:
        if char == '"':
            quoted = not quoted
        elif char == "," and not quoted:
            parts.append("")
        else:
            parts[-1] += char
    return [part.strip() for part in parts]
