"""The two voices: answers on stdout, the conversation (notes, questions, progress, errors) on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, TextIO

from dongle_cli.cli import state
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _, width


def emit(answer: Mapping[str, Any]) -> None:
    """One JSON object on one line of stdout; `schema` is put in front where it is missing."""
    print(json.dumps({"schema": 1, **answer}, ensure_ascii=False, separators=(",", ":"), default=str), flush=True)


def answer(text: str) -> None:
    """A line of the answer itself, for people, on stdout."""
    print(text, flush=True)


def say(text: str) -> None:
    """A line of the conversation, on stderr; --quiet silences it."""
    if not state.quiet:
        print(text, file=sys.stderr, flush=True)


def say_error(error: DongleError) -> None:
    """The error as words, or as the one JSON object where the answer was to be JSON; never silenced."""
    if state.json:
        print(json.dumps(error.as_json(), ensure_ascii=False, default=str), file=sys.stderr, flush=True)
        return
    lines = [f"dongle-cli: {error.message} [{error.code}]"]
    if error.hint:
        lines += [f"  {line}" for line in error.hint.splitlines()]
    print("\n".join(lines), file=sys.stderr, flush=True)


def can_ask(flag: str = "--yes") -> None:
    """DongleError `usage.confirm` at once where a question could not be asked later."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise DongleError(
            _("This changes something and needs a yes, but there is no terminal to ask."),
            code="usage.confirm",
            hint=_("Run it again with {flag}.").format(flag=flag),
        )


def complain(message: str, hint: str | None) -> None:
    """One dongle's failure among several, on stderr; never silenced."""
    print(message, file=sys.stderr)
    for line in (hint or "").splitlines():
        print(f"  {line}", file=sys.stderr, flush=True)


def confirm(question: str, *, yes: bool, flag: str = "--yes") -> bool:
    """Ask on the terminal, no by default; without a terminal DongleError `usage.confirm`, which names `flag`."""
    if yes:
        return True
    can_ask(flag)
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes", "はい")


def table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, to: TextIO | None = None) -> None:
    """Rows under headings on stdout: ruled on a terminal, plain in a pipe; no cell is ever cut."""
    stream = to or sys.stdout
    cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
    if stream.isatty():
        from rich.box import SIMPLE_HEAD
        from rich.console import Console
        from rich.table import Table

        drawn = Table(box=SIMPLE_HEAD, pad_edge=False)
        for column in columns:
            drawn.add_column(column, overflow="fold")
        for line in cells:
            drawn.add_row(*line)
        Console(file=stream, markup=False, highlight=False).print(drawn)
        return
    widths = [max(width(line[i]) for line in [list(columns), *cells]) for i in range(len(columns))]
    for line in [list(columns), *cells]:
        padded = [cell + " " * (widths[i] - width(cell)) for i, cell in enumerate(line)]
        print("  ".join(padded).rstrip(), file=stream)
    stream.flush()


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
    if state.quiet or not sys.stderr.isatty():
        yield _Lines()
        return
    live = _Live(ports)
    with live.live:
        yield live
