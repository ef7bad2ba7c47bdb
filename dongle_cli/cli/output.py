"""The two voices: answers on stdout, the conversation (notes, questions, progress, errors) on stderr."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import zip_longest
from typing import Any, Protocol, TextIO

from dongle_cli.cli import state
from dongle_cli.cli.help import pieces, wrap
from dongle_cli.cli.streams import hear, plain, unbroken
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _, width

_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str)
_kept: list[str] = []


def emit(answer: Mapping[str, Any], *, flush: bool = True) -> None:
    """One JSON object on one line of stdout; `schema` is put in front where it is missing.

    Without `flush` it is kept, for the next one or for `send`: many at once cost less.
    """
    _kept.append(_JSON.encode({"schema": 1, **answer}))
    if flush:
        send()


def send() -> None:
    """Send off the lines that `emit` kept."""
    if _kept:
        with unbroken():
            text = "\n".join(_kept)
            _kept.clear()  # before they are written: what a second Ctrl-C breaks off is not written again
            print(text, flush=True)


def answer(text: str) -> None:
    """A line of the answer itself, for people, on stdout."""
    print(plain(text), flush=True)


def say(text: str) -> None:
    """A line of the conversation, on stderr; --quiet silences it, and so does JSON: its stderr is for errors alone."""
    if not (state.quiet or state.json):
        hear(text)


def say_error(error: DongleError) -> None:
    """The error as words, or as the one JSON object where the answer was to be JSON; never silenced."""
    if state.json:
        hear(json.dumps(error.as_json(), ensure_ascii=False, default=str))
        return
    lines = [f"dongle-cli: {error.message} [{error.code}]"]
    if error.hint:
        lines += [f"  {line}" for line in error.hint.splitlines()]
    hear("\n".join(lines))


def can_ask(flag: str = "--yes") -> None:
    """DongleError `usage.confirm` at once where a question could not be asked later."""
    if state.json or not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise DongleError(
            _("This changes something and needs a yes, but there is no terminal to ask."),
            code="usage.confirm",
            hint=_("Run it again with {flag}.").format(flag=flag),
        )


def complain(message: str, hint: str | None) -> None:
    """A failure of one dongle among several, or of some alike, on stderr; never silenced."""
    hear("\n".join([message, *(f"  {line}" for line in (hint or "").splitlines())]))


def confirm(question: str, *, yes: bool, flag: str = "--yes") -> bool:
    """Ask on the terminal, no by default; without a terminal DongleError `usage.confirm`, which names `flag`."""
    if yes:
        return True
    can_ask(flag)
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes", "はい")


def insist(question: str, *, yes: bool) -> None:
    """Ask as `confirm` does; DongleError `usage.declined` where the answer is no: that is not done."""
    if not confirm(question, yes=yes):
        raise DongleError(_("The answer was no. Nothing was changed."), code="usage.declined")


def planned(facts: Mapping[str, Any], *plan: str) -> None:
    """The answer of a dry run: `facts` as JSON, or the `plan` in sentences and that nothing was done."""
    if state.json:
        emit({"result": "planned", **facts})
    for line in (*plan, _("Nothing was changed.")):
        say(line)


def table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, to: TextIO | None = None) -> None:
    """Rows under headings on stdout; in a narrow terminal, columns of several words are wrapped; nothing is cut.

    On a terminal, columns that are empty throughout are left out.
    """
    stream = to or sys.stdout
    cells = [["" if cell is None else plain(str(cell)) for cell in row] for row in rows]
    shown = [i for i in range(len(columns)) if not stream.isatty() or any(line[i] for line in cells)]
    lines = [[line[i] for i in shown] for line in [list(columns), *cells]]
    widths = [max(width(line[i]) for line in lines) for i in range(len(shown))]
    if stream.isatty():
        _fit(widths, lines, shutil.get_terminal_size().columns - 2 * (len(shown) - 1))
    for number, line in enumerate(lines):
        bold = number == 0 and stream.isatty() and "NO_COLOR" not in os.environ
        for part in zip_longest(*(wrap(cell, widths[i]) for i, cell in enumerate(line)), fillvalue=""):
            text = "  ".join(cell + " " * (widths[i] - width(cell)) for i, cell in enumerate(part)).rstrip()
            print(f"\x1b[1m{text}\x1b[0m" if bold else text, file=stream)
    stream.flush()


def _fit(widths: list[int], lines: Sequence[Sequence[str]], room: int) -> None:
    """Narrow the widest columns that can be wrapped, step by step, until `room` holds all or none is left.

    What still does not fit runs over the edge, where the terminal folds it: a number in two pieces can be put together.
    """
    least = [
        max([width(lines[0][i]), *(width(piece.rstrip()) for line in lines[1:] for piece in pieces(line[i]))])
        for i in range(len(widths))
    ]
    while sum(widths) > room:
        wide = [i for i, columns in enumerate(widths) if columns > least[i]]
        if not wide:
            return
        widths[max(wide, key=lambda i: widths[i])] -= 1


class Progress(Protocol):
    """What several dongles are doing at once; safe to call from their threads."""

    def at(self, port: str, text: str) -> None:
        """The dongle at `port` has begun `text`."""

    def done(self, port: str, text: str) -> None:
        """The dongle at `port` has finished with `text`."""


class _Lines:
    """Without a terminal: one line for each dongle that is done."""

    def at(self, port: str, text: str) -> None:
        pass

    def done(self, port: str, text: str) -> None:
        say(f"{port}  {text}")


class _Live:
    """On a terminal: a line for each dongle, redrawn."""

    def __init__(self, ports: Sequence[str]) -> None:
        from rich.console import Console
        from rich.live import Live

        self._texts = dict.fromkeys(ports, "")
        self.live = Live(console=Console(stderr=True, markup=False, highlight=False), refresh_per_second=8)

    def at(self, port: str, text: str) -> None:
        self._texts = {**self._texts, port: text}
        self._draw()

    done = at

    def _draw(self) -> None:
        from rich.text import Text

        head = max(map(len, self._texts), default=0)
        self.live.update(Text("\n".join(f"{port:<{head}}  {text}" for port, text in self._texts.items())))


@contextmanager
def progress(ports: Sequence[str]) -> Iterator[Progress]:
    """Show what the dongles at `ports` do: live on a terminal, otherwise a line when one is done."""
    if state.quiet or state.json or not sys.stderr.isatty():
        yield _Lines()
        return
    live = _Live(ports)
    with live.live:
        yield live
