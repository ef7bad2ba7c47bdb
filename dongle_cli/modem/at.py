"""Framing of AT replies: bytes in, one Reply out (ITU-T V.250 clause 5.7, 3GPP TS 27.007 clauses 4 and 9)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from dongle_cli.modem import causes, urc


@dataclass(frozen=True)
class Final:
    """The final result code that ends a reply: `word` as sent; `number` its cause, also where words came (`text`)."""

    ok: bool
    word: str
    number: int | None = None
    text: str | None = None


@dataclass(frozen=True)
class Reply:
    """One answer: its information lines, its final result code, and the unsolicited lines that came with it."""

    command: str
    lines: tuple[str, ...]
    final: Final | None
    urcs: tuple[str, ...] = field(default=())

    @property
    def ok(self) -> bool:
        """Whether the modem said yes; False also where it said nothing."""
        return self.final is not None and self.final.ok


# Words that end a reply (V.250 table 1), and what some firmwares say instead of ERROR.
_WORDS = {
    "OK": True,
    "ERROR": False,
    "NO CARRIER": False,
    "BUSY": False,
    "NO ANSWER": False,
    "NO DIALTONE": False,
    "NO DIAL TONE": False,
    "COMMAND NOT SUPPORT": False,  # older Huawei firmware
    "TOO MANY PARAMETERS": False,
    "NA": False,  # Samsung Z810
}
# A colon with nothing at all behind it is a line still being sent; a blank behind it is a cause left empty.
_CAUSE = re.compile(r"(\+CM[ES] ERROR):\s*(?:(\d+)\s*$|(.+))")
_MODEM_ERROR = re.compile(r"(MODEM ERROR):\s*(\d+)\s*$")  # Motorola EZX
_CONNECT = re.compile(r"CONNECT(?:\s.*)?$")
_PROMPT = re.compile(r"> ?$")  # TS 27.005 clause 3.5.1


def final_of(line: str) -> Final | None:
    """The final result code that `line` is, or None; `line` comes without its line end."""
    word = line.strip()
    if word in _WORDS:
        return Final(_WORDS[word], word)
    if _CONNECT.match(word):
        return Final(True, "CONNECT", text=word[7:].strip() or None)
    if cause := _CAUSE.match(line):
        if cause[2]:
            return Final(False, cause[1], number=int(cause[2][:9]))
        words = cause[3].strip()
        return Final(False, cause[1], causes.cme_number(words) if cause[1] == "+CME ERROR" else None, words)
    if cause := _MODEM_ERROR.match(line):
        return Final(False, cause[1], number=int(cause[2][:9]))
    return None


def is_echo(line: str, command: str) -> bool:
    """Whether `line` ends with `command` ("AT+CGSN"); noise may stand before it, but no word it could be the end of."""
    before, echo, rest = line.upper().rpartition(command.upper())
    return bool(echo) and not rest and (not echo.isalnum() or not re.search(r"[A-Z0-9]$", before))


def quote(value: str) -> str:
    """`value` as a string parameter; quotes, backslash-free controls become `\\hh` (TS 27.007 clause 5.4.2.2)."""
    return '"' + "".join(f"\\{ord(c):02X}" if c == '"' or ord(c) < 0x20 else c for c in value) + '"'


def raw_fields(text: str) -> list[str]:
    """`text` cut at the commas outside quotes and parentheses, quotes kept, blanks around fields dropped."""
    if text.count('"') % 2:  # one quote was lost on the way: they cannot guide us
        return [part.strip() for part in text.split(",")]
    fields, depth, quoted, start = [], 0, False, 0
    for index, char in enumerate(text):
        if char == '"':
            quoted = not quoted
        elif quoted:
            continue
        elif char == "(":
            depth += 1
        elif char == ")":
            depth = max(0, depth - 1)
        elif char == "," and depth == 0:
            fields.append(text[start:index].strip())
            start = index + 1
    fields.append(text[start:].strip())
    return fields


def unquote(value: str) -> str:
    """`value` without the quotes around it, also where only one of them arrived."""
    value = value.strip()
    return value.removeprefix('"').removesuffix('"') if value != '"' else ""


def split_fields(text: str) -> list[str]:
    """The comma-separated parameters of an information line, unquoted; a list in parentheses stays one field."""
    return [unquote(part) for part in raw_fields(text)]


_EXTENDED = re.compile(r"\s*([+^*$#%!_][A-Z][A-Z0-9_]*)\s*(=\s*\?|=|\?)?", re.IGNORECASE)
_BASIC = re.compile(r"\s*(S\d+|&?[A-Z]\d*)(=\?|=\d*|\?)?", re.IGNORECASE)


def names(command: str) -> list[str]:
    """The commands of a command line with `?`, `=?` or `=` ("ATE0+CREG?;+CSQ" gives ["E0", "+CREG?", "+CSQ"])."""
    found: list[str] = []
    rest = re.sub(r"^\s*AT", "", command, flags=re.IGNORECASE)
    while rest.strip():
        if extended := _EXTENDED.match(rest):
            found.append(extended[1].upper() + re.sub(r"\s", "", extended[2] or ""))
            rest = re.sub(r'^(?:[^;"]|"[^"]*"?)*;?', "", rest)
        elif (basic := _BASIC.match(rest)) and basic[1].upper() != "D":
            found.append(basic[1].upper() + (basic[2] or "")[:1])
            rest = rest[basic.end() :].lstrip("; ")
        else:  # a dial string, or nothing we know: it takes the rest of the line (V.250 clause 6.3.1)
            found.append(rest.strip()[:1].upper())
            break
    return found


# Readings whose answer is one line: complete without a final result code, because some firmwares (Wavecom) send none.
# fmt: off
_SINGLE = frozenset((
    "+C5GREG?", "+CCID", "+CEREG?", "+CESQ", "+CFUN?", "+CGATT?", "+CGMI", "+CGMM", "+CGMR", "+CGREG?", "+CGSN",
    "+CIMI", "+CLCK=", "+COPS?", "+CPIN?", "+CPINC?", "+CREG?", "+CRSM=", "+CSIM=", "+CSQ", "+GSN", "+ICCID",
    "+QCCID", "+QCSQ", "+QPINC?", "^CPIN?", "^HCSQ?", "^ICCID?",
))
# fmt: on


class ReplyReader:
    """Gathers the bytes of one reply, in whatever pieces they come; one reader for one command.

    `expect_echo=True` (the modem is known to echo) ignores everything up to the echo, also a late final result code.
    """

    def __init__(self, command: str, *, expect_echo: bool = False) -> None:
        self.command = command
        self._buffer = bytearray()
        self._expect_echo = expect_echo
        bare = command.strip()
        self._echo = bare if bare[:2].upper() == "AT" else "AT" + bare

    @property
    def received(self) -> bytes:
        """Every byte so far; b"" means the port was silent."""
        return bytes(self._buffer)

    def feed(self, data: bytes) -> Reply | None:
        """Take `data`; the Reply as soon as its final result code is complete, None while it is not."""
        self._buffer += data
        if b"\n" not in data and b">" not in data:
            return None
        lines, rest = self._split()
        return self._reply(lines, rest)

    def at_deadline(self) -> Reply | None:
        """What silence means: the Reply if this command's answer is complete without a final code, otherwise None."""
        lines, rest = self._split()
        if rest.strip() in _WORDS:  # OK without a line end: nothing more can belong to it
            return self._reply([*lines, rest], "")
        reply = self._sorted([line for line in self._after_echo(lines) if line])
        asked = names(self.command)
        complete = not rest.strip() and len(reply.lines) == len(asked) == 1 and asked[0] in _SINGLE
        if complete and asked[0][-1] in "=?":  # these repeat the command's name
            complete = urc.name_of(reply.lines[0]) == asked[0].rstrip("=?")
        return Reply(self.command, reply.lines, Final(True, ""), reply.urcs) if complete else None

    def _split(self) -> tuple[list[str], str]:
        """The complete lines, and what follows the last line feed."""
        whole, newline, rest = bytes(self._buffer).rpartition(b"\n")
        lines = [_text(part) for part in re.split(rb"[\r\n]", whole)] if newline else []
        return lines, _text(rest)

    def _after_echo(self, lines: list[str]) -> list[str]:
        seen = [index for index, line in enumerate(lines) if self._is_echo(line)]
        if not seen:
            return [] if self._expect_echo else lines
        return lines[seen[0] + 1 :]

    def _is_echo(self, line: str) -> bool:
        return is_echo(line.strip(), self._echo)

    def _reply(self, lines: list[str], rest: str) -> Reply | None:
        before: list[str] = []
        waiting, echoed = self._expect_echo, False
        for index, line in enumerate(lines):
            if not echoed and self._is_echo(line):
                before, waiting, echoed = [], False, True
            elif not waiting and (final := final_of(line)):
                reply = self._sorted(before)
                late = tuple(text for text in lines[index + 1 :] if text.strip())
                return Reply(self.command, reply.lines, final, reply.urcs + late)
            elif line.strip():
                before.append(line)
        if not waiting and _PROMPT.match(rest):
            reply = self._sorted(before)
            return Reply(self.command, reply.lines, Final(True, ">"), reply.urcs)
        return None

    def _sorted(self, lines: list[str]) -> Reply:
        """Answer and unsolicited lines told apart."""
        answer, unsolicited = urc.sort(names(self.command), [line.strip() for line in lines])
        return Reply(self.command, tuple(answer), None, tuple(unsolicited))


def _text(data: bytes) -> str:
    """A line as text: UTF-8 where it is, else one character a byte, so that nothing is lost."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")
