"""What a stranger's file may make endless or fatal, done in a process of its own: it costs a gap, and never the run."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
Beat = Callable[[], None]
Work = Callable[[Beat], Iterable[T]]

_MEMORY = 1536 << 20  # bytes of address space on top of what the program has
_PULSE = 1.0  # seconds between two signs of life
_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)
_here = False  # this process is already one of its own


class Ended(Exception):
    """The work did not come to its end; `reason` is a word of Gap: limit or crashed."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


def apart(work: Work[T], *, quiet: float, total: float) -> Iterator[T]:
    """What `work` yields, as it comes; Ended where it breaks, takes `total` seconds, or `quiet` ones without a sign.

    A sign is whatever it yields, and each call of the function that it is given. Inside another such process, and
    where nothing can be forked, the work is done right here.
    """
    if _here or sys.platform != "linux":
        yield from work(lambda: None)
        return
    ours, theirs = Pipe(duplex=False)
    parent = os.getpid()
    unmasked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # or it could come to the child as to us
    try:
        child = os.fork()
    except OSError:
        signal.pthread_sigmask(signal.SIG_SETMASK, unmasked)
        raise
    if child == 0:
        _child(work, ours, theirs, parent)
    until, left = time.monotonic() + total, total
    try:
        signal.pthread_sigmask(signal.SIG_SETMASK, unmasked)
        theirs.close()
        while ours.poll(max(0.0, min(quiet, left))):
            word, what = ours.recv()
            if word == "done":
                return
            if word == "found":
                yield what
            if left > 0 and (left := until - time.monotonic()) <= 0:
                os.kill(child, signal.SIGKILL)  # it says no more; what it has said still counts
        raise Ended("limit", f"{total:g} s" if time.monotonic() >= until else f"{quiet:g} s without a sign")
    except (EOFError, OSError):
        if left <= 0:
            raise Ended("limit", f"{total:g} s") from None
        _pid, status = os.waitpid(child, 0)
        child = 0
        code = os.waitstatus_to_exitcode(status)
        said = f"exit {code}" if code >= 0 else signal.Signals(-code).name
        raise Ended("crashed", f"the process that looked at it ended: {said}") from None
    finally:
        ours.close()
        if child:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def _child(work: Work[Any], ours: Connection, theirs: Connection, parent: int) -> None:
    """Never returns; whatever happens here, happens to nobody else."""
    global _here
    try:
        _here = True
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who asked; he ends us
        ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGKILL)
        if os.getppid() != parent:
            return
        ours.close()
        for stream in (1, 2):  # the readers print and log, and could show what they read
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
        _bound()
        last = time.monotonic()

        def beat() -> None:
            nonlocal last
            if time.monotonic() - last > _PULSE:
                last = time.monotonic()
                theirs.send(("busy", None))

        for found in work(beat):
            theirs.send(("found", found))
        theirs.send(("done", None))
    finally:
        os._exit(1)


def _bound() -> None:
    import resource  # there is none on Windows, where nothing is forked either

    now = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * os.sysconf("SC_PAGE_SIZE")
    with suppress(ValueError, OSError):  # a lower limit is set already, and may not be raised
        resource.setrlimit(resource.RLIMIT_AS, (now + _MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
