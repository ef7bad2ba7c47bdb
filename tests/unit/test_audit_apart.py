"""Work in a process of its own: what it says arrives, and however it ends, it ends nothing else."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from dongle_cli.audit.apart import Beat, Ended, apart


def endless() -> None:
    while True:
        pass


def hears(work: object, quiet: float = 20, total: float = 20) -> tuple[list[object], tuple[str, str] | None]:
    """What arrives, and how it ended where it did not end by itself."""
    found: list[object] = []
    try:
        found.extend(apart(work, quiet=quiet, total=total))  # type: ignore[arg-type]
    except Ended as ended:
        return found, (ended.reason, str(ended))
    return found, None


def test_what_it_yields_arrives() -> None:
    assert hears(lambda beat: range(5000)) == (list(range(5000)), None)


def test_endless_work_is_ended() -> None:
    def silent(beat: Beat) -> Iterator[int]:
        yield 1
        endless()

    def alive(beat: Beat) -> Iterator[int]:
        while True:
            beat()
            yield from ()

    began = time.monotonic()
    found, ended = hears(silent, quiet=0.5)
    assert (found, ended) == ([1], ("limit", "0.5 s without a sign"))
    found, ended = hears(alive, quiet=1.8, total=3)  # it says every second that it lives
    assert (found, ended) == ([], ("limit", "3 s"))
    assert time.monotonic() - began < 15


def test_work_that_never_runs_out_of_words_is_ended_too() -> None:
    def talking(beat: Beat) -> Iterator[int]:
        while True:
            yield 1

    found, ended = hears(talking, total=0.3)
    assert set(found) == {1} and ended == ("limit", "0.3 s")


@pytest.mark.parametrize("more", [(), iter(int, 1)], ids=["it is done", "it would go on"])
def test_what_was_said_in_time_counts_though_it_was_heard_late(more: Iterable[int]) -> None:
    said = multiprocessing.Event()

    def work(beat: Beat) -> Iterator[int]:
        yield from range(3)
        said.set()
        yield from more

    running, until = apart(work, quiet=20, total=2), time.monotonic() + 2
    found = [next(running)]
    assert said.wait(20)
    time.sleep(max(0.0, until - time.monotonic()) + 0.1)  # who asked was held up, by a pager or a busy machine
    if more == ():
        assert [*found, *running] == [0, 1, 2]
        return
    with pytest.raises(Ended, match=r"^2 s$"):
        found.extend(running)
    assert found[:3] == [0, 1, 2]


@pytest.mark.parametrize(
    ("last", "said"),
    [(lambda: os.kill(os.getpid(), signal.SIGKILL), "SIGKILL"), (lambda: bytearray(1 << 40), "exit 1")],
)
def test_what_breaks_it_is_told(last: object, said: str) -> None:
    def work(beat: Beat) -> Iterator[str]:
        yield "before"
        last()  # type: ignore[operator]

    found, ended = hears(work)
    assert found == ["before"]
    assert ended is not None and ended[0] == "crashed" and said in ended[1]


def test_nobody_is_left_behind() -> None:
    def work(beat: Beat) -> Iterator[int]:
        yield os.getpid()
        endless()

    running = apart(work, quiet=20, total=20)
    child = next(running)
    assert Path(f"/proc/{child}").exists()
    running.close()  # type: ignore[attr-defined]
    assert not Path(f"/proc/{child}").exists()


def test_inside_such_a_process_it_is_done_right_there() -> None:
    def outer(beat: Beat) -> Iterator[bool]:
        mine = os.getpid()
        yield from (one == mine for one in apart(lambda _beat: [os.getpid()], quiet=5, total=5))

    assert hears(outer) == ([True], None)
