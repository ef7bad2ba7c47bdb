"""A pasted terminal log cut into commands and their answers: with echo, arrows or times, or bare replies alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dongle_cli.modem import parse, urc
from dongle_cli.modem.at import final_of
from dongle_cli.modem.readers import READERS

_COMMAND = re.compile(r"AT(?:[+^*$#%!_&\\].*|[DS].+|(?:[EVQXIZHLMOCT]\d*)*)$", re.IGNORECASE)
_TIME = r"(?:\[[^\]]*\]|(?:\d{4}-\d\d-\d\d[T ])?\d\d:\d\d:\d\d[.,\d]*)"
_MARK = re.compile(rf"\s*(?:{_TIME}\s*)?(?:(-->|>>>?|->|>|TX:)|(<--|<<<?|<-|<|RX:))?\s?", re.IGNORECASE)
_WRITTEN_OUT = re.compile(r"(?:\\r|\\n|\\c$|[\r\n])+")  # line ends as our own transcripts write them


def exchanges(pasted: str) -> Iterator[tuple[str, str]]:
    """Each command with its answer; lines that stand alone come with the command they answer, with "URC" or with ""."""
    command, block = "", list[str]()
    for sent, line in _lines(pasted):
        if sent and _COMMAND.match(line):
            if line.upper() == command.upper() and not block:
                continue  # the echo
            yield from _exchange(command, block)
            command, block = line, []
        elif not (line.upper() == command.upper() and not block):
            block.append(line)
            if final_of(line):
                yield from _exchange(command, block)
                command, block = "", []
    yield from _exchange(command, block)


def _lines(pasted: str) -> Iterator[tuple[bool, str]]:
    """Every line without marks and times, and whether it may have been sent."""
    raw = [(line, mark) for line in re.split(r"[\r\n]+", pasted) if (mark := _MARK.match(line))]
    both_ways = any(mark[2] for _line, mark in raw)
    for line, mark in raw:
        body = line[mark.end() :]
        if re.match(r"#\s", line) or (both_ways and mark[1] and not _COMMAND.match(body.strip())):
            continue  # a comment, or text that was typed at a prompt
        for part in _WRITTEN_OUT.split(body) if both_ways and mark[2] else [body]:
            if part.strip():
                yield not mark[2], part if final_of(part) else part.strip()


def _exchange(command: str, block: Sequence[str]) -> Iterator[tuple[str, str]]:
    """A command's answer as it is; lines without a command one name at a time, the command taken from the name."""
    if command:
        yield command, "\r\n".join([*block, ""])
        return
    groups: list[tuple[str | None, list[str]]] = []
    for line in block:
        name = urc.name_of(line)
        if groups and (name == groups[-1][0] or final_of(line)):
            groups[-1][1].append(line)
        else:
            groups.append((name, [line]))
    for name, lines in groups:
        yield _command_for(name, lines), "\r\n".join([*lines, ""])


# Answers whose command has no question mark.
_ACTIONS = {
    "+CSQ", "+CESQ", "+CIMI", "+CGSN", "+GSN", "+CCID", "+ICCID", "+CEER", "+CNUM", "+CGPADDR", "+CGCONTRDP", "+CRSM",
    "+CSIM", "+CLCK", "+CPINR",
}  # fmt: skip
_REPORTS = {"+CGEV", *parse.LAYOUTS}  # read like answers, but mostly heard unasked


def _command_for(name: str | None, lines: Sequence[str]) -> str:
    if name is None:
        return ""
    if name in urc.REGISTRATION and not any(urc.is_answer(line) for line in lines):
        return "URC"
    if name in READERS and not (name in _REPORTS and urc.is_unsolicited(lines[0])):
        return f"AT{name}" if name in _ACTIONS else f"AT{name}?"
    return "URC" if urc.is_unsolicited(lines[0]) else ""
