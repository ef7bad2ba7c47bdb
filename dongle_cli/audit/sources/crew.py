"""Several processes over one tree: each takes parts of it, and gives some of its own away when another has none."""

from __future__ import annotations

import mmap
import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Protocol

from dongle_cli.audit.model import Gap
from dongle_cli.audit.sources.walk import Found, Job

_MOST_MEMORY = 2 << 30  # bytes of addresses of one worker: whatever a file does to a reader, the machine lives on
_PATIENCE = 5.0  # seconds that a worker which was told to end is waited for


class Look(Protocol):
    """What each process does: one job at a time, and where another is hungry it may give a part of it away."""

    def lend(self, hungry: Callable[[], bool], give: Callable[[list[Job]], None]) -> None:
        """From now on `hungry` says whether another process has nothing to do, and `give` hands it jobs."""

    def run(self, job: Job) -> Iterator[list[Found]]:
        """What is found in `job`, in batches."""


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    channel: Connection
    job: Job | None = None  # what it is at


def scan(look: Look, jobs: int, first: Sequence[Job] = (Job(""),)) -> Iterator[Found]:
    """Everything in the jobs `first`, found by `jobs` processes; by this one alone where it is 1."""
    if jobs == 1 or sys.platform != "linux":  # elsewhere a fork is not to be trusted
        for job in first:
            for batch in look.run(job):
                yield from batch
        return
    yield from _Crew(look, jobs, first).results()


class _Crew:
    """The processes, the jobs that wait for one, and what each is at."""

    def __init__(self, look: Look, jobs: int, first: Sequence[Job]) -> None:
        self.hungry = mmap.mmap(-1, mmap.PAGESIZE)  # shared with the workers: 1 where somebody waits for a job
        self.queue: deque[Job] = deque(first)
        self.workers: list[_Worker] = []
        context = multiprocessing.get_context("fork")
        # Ctrl-C is for the one who asked, and he ends the workers, which keep it blocked all their life.
        unmasked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            for _number in range(jobs):
                ours, theirs = context.Pipe()
                others = [ours, *(worker.channel for worker in self.workers)]
                process = context.Process(target=_work, args=(look, theirs, others, self.hungry), daemon=True)
                process.start()
                theirs.close()
                self.workers.append(_Worker(process, ours))
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, unmasked)

    def results(self) -> Iterator[Found]:
        """What the workers find, until no job is left; a worker that dies is a gap, and the others go on."""
        try:
            while self._assign():
                for channel in wait([worker.channel for worker in self.workers]):
                    yield from self._hear(next(w for w in self.workers if w.channel is channel))
                if not self.workers:
                    for job in self.queue:
                        yield _unfinished(job, None)
                    return
        finally:
            self._dismiss()

    def _assign(self) -> bool:
        """Give waiting jobs to workers that have none; False when all is done."""
        for worker in self.workers:
            if worker.job is None and self.queue:
                worker.job = self.queue.popleft()
                try:
                    worker.channel.send(worker.job)
                except OSError:
                    continue  # it has died; its channel will say so
        idle = any(worker.job is None for worker in self.workers)
        self.hungry[0] = int(idle and not self.queue)
        return bool(self.queue) or any(worker.job is not None for worker in self.workers)

    def _hear(self, worker: _Worker) -> Iterator[Found]:
        try:
            word, what = worker.channel.recv()
        except (EOFError, OSError):
            worker.process.join(_PATIENCE)
            self.workers.remove(worker)
            worker.channel.close()
            if worker.job is not None:
                yield _unfinished(worker.job, worker.process.exitcode)
            return
        if word == "found":
            yield from what
        elif word == "share":
            self.queue.extend(what)
            self._assign()
        else:
            worker.job = None

    def _dismiss(self) -> None:
        """End every worker: closed channels say that nobody listens any more, and no more is waited for than needed."""
        for worker in self.workers:
            worker.channel.close()
            worker.process.terminate()
        for worker in self.workers:
            worker.process.join(_PATIENCE)
            if worker.process.is_alive():
                worker.process.kill()
        self.hungry.close()


def _unfinished(job: Job, code: int | None) -> Gap:
    said = "" if code is None else f"exit {code}" if code >= 0 else signal.Signals(-code).name
    return Gap(job.path or ".", "crashed", f"the process that looked at it ended: {said}" if said else "")


def _bounded() -> None:
    """Let this process take so much memory and no more: what asks for more is a MemoryError, and a gap."""
    import resource  # not there on Windows, where nothing is forked either

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    if soft == resource.RLIM_INFINITY or soft > _MOST_MEMORY:
        resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, hard))


def _work(look: Look, channel: Connection, others: list[Connection], hungry: mmap.mmap) -> None:
    """A worker's life: take a job, hand over what is found, until the channel is closed."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _bounded()
    for other in others:
        other.close()  # or it would never see its end
    look.lend(lambda: hungry[0] != 0, lambda jobs: channel.send(("share", jobs)))
    try:
        while True:
            for batch in look.run(channel.recv()):
                channel.send(("found", batch))
            channel.send(("done", None))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        os._exit(0)  # nobody listens
