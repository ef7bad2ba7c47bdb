"""How far an audit is: a line that is redrawn on a terminal, a sign of life every half minute elsewhere."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dongle_cli.cli import output, state
from dongle_cli.i18n import _, ngettext, width

if TYPE_CHECKING:
    from dongle_cli.audit.run import Run

_BEAT = 30.0  # seconds between two signs of life
_FRAME = 0.2  # seconds between two drawings


@contextmanager
def progress(run: Run) -> Iterator[Callable[[], None]]:
    """A function to be called with every event; it says something when it is time to."""
    if state.quiet or state.json:
        yield lambda: None
    elif not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield _Every(_BEAT, lambda: output.say(_line(run, expected(run))))
    else:
        with _drawn(run) as draw:
            yield draw


class _Every:
    """Calls `function` at most once in so many seconds."""

    def __init__(self, seconds: float, function: Callable[[], None]) -> None:
        self._seconds, self._function, self._last = seconds, function, time.monotonic()

    def __call__(self) -> None:
        now = time.monotonic()
        if now - self._last >= self._seconds:
            self._last = now
            self._function()


@contextmanager
def _drawn(run: Run) -> Iterator[Callable[[], None]]:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    total = expected(run)
    # Drawn by whoever brings an event: a thread of its own would not survive the fork of the walkers.
    with Live(console=Console(stderr=True, markup=False, highlight=False), auto_refresh=False, transient=True) as live:

        def draw() -> None:
            columns = shutil.get_terminal_size().columns - 1
            live.update(Text(f"{_line(run, total)}\n{_place(run.ledger.at, columns)}"), refresh=True)

        draw()  # at once: who waits sees that it runs, and a small tree is done before the next frame
        yield _Every(_FRAME, draw)


def expected(run: Run) -> int | None:
    """Files and folders that there probably are: as the file system counts them; None where nobody can tell."""
    total = 0
    for source in run.sources:
        target = source.target or "/"
        if not os.path.ismount(target):
            return None
        about = os.statvfs(target)
        if not about.f_files:
            return None
        total += about.f_files - about.f_ffree
    return total


def _line(run: Run, total: int | None) -> str:
    ledger = run.ledger
    seconds = max((time.time() - run.started.timestamp()), 0.001)
    done = ledger.files + ledger.folders
    found, gaps = sum(ledger.severities.values()), sum(ledger.gaps.values())
    parts = [
        ngettext("{n} file", "{n} files", ledger.files).format(n=f"{ledger.files:,}"),
        _("{n} a second").format(n=f"{ledger.files / seconds:,.0f}"),
        ngettext("{n} violation", "{n} violations", found).format(n=f"{found:,}"),
        _("{n} not looked at").format(n=f"{gaps:,}"),
    ]
    if total and 0 < done < total and seconds > 3:
        parts.append(_("about {time} left").format(time=_time(seconds / done * (total - done))))
    return "  ".join(parts)


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _place(path: str, columns: int) -> str:
    """The end of a path, as much as fits: what is nearest to the file says most."""
    from dongle_cli.audit.reports.text import shown

    text = shown(path)
    if width(text) <= columns:
        return text
    while text and width(text) > columns - 3:
        text = text[max(len(text) // 50, 1) :]
    return f"...{text}"
