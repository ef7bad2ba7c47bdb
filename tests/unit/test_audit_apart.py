"""Work in a process of its own: what it says arrives, and however it ends, it ends nothing else."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Iterable, Iterator
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from dongle_cli.audit.apart import Beat, Ended, apart
from dongle_cli.audit.model import Gap, Hit
from dongle_cli.audit.sources.directory import DirectorySource


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


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Event:
    """What the work sets when it has said what it has to; only then does the clock of who asked begin to run.

    Without that a child which a busy machine begins late would be taken for a silent one.
    """
    event, fork = multiprocessing.Event(), os.fork

    def patient() -> int:
        child = fork()
        if child:
            event.wait(20)
        return child

    monkeypatch.setattr(os, "fork", patient)
    return event


def test_silent_work_is_ended(said: Event) -> None:
    def silent(beat: Beat) -> Iterator[int]:
        yield 1
        said.set()
        endless()

    assert hears(silent, quiet=0.5) == ([1], ("limit", "0.5 s without a sign"))


def test_work_that_lives_has_the_whole_of_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    def alive(beat: Beat) -> Iterator[int]:
        while True:
            beat()
            yield from ()

    monkeypatch.setattr("dongle_cli.audit.apart._PULSE", 0.01)
    assert hears(alive, quiet=4, total=5) == ([], ("limit", "5 s"))


def test_work_that_never_runs_out_of_words_is_ended_too(said: Event) -> None:
    def talking(beat: Beat) -> Iterator[int]:
        while True:
            yield 1
            said.set()

    found, ended = hears(talking, total=0.3)
    assert set(found) == {1} and ended == ("limit", "0.3 s")


@pytest.mark.parametrize("more", [(), iter(int, 1)], ids=["it is done", "it would go on"])
def test_what_was_said_in_time_counts_though_it_was_heard_late(more: Iterable[int], said: Event) -> None:
    def work(beat: Beat) -> Iterator[int]:
        yield os.getpid()
        yield from range(3)
        said.set()
        yield from more

    running = apart(work, quiet=20, total=0.5)
    child = next(running)
    if more == ():
        os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)  # its last word, that it is done, is said too
    time.sleep(0.6)  # who asked was held up, by a pager or a busy machine
    if more == ():
        assert list(running) == [0, 1, 2]
        return
    found: list[int] = []
    with pytest.raises(Ended, match=r"^0\.5 s$"):
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


@pytest.mark.parametrize("forks", ["apart", "crew"])
def test_ctrl_c_is_not_for_the_child_from_its_first_moment_on(
    forks: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fork = os.fork

    def pressed() -> int:
        child = fork()
        if child == 0:
            try:
                signal.raise_signal(signal.SIGINT)
            except KeyboardInterrupt:
                os._exit(7)  # it would go on as if it were who asked
        return child

    monkeypatch.setattr(os, "fork", pressed)
    if forks == "apart":
        assert hears(lambda beat: range(3)) == ([0, 1, 2], None)
    else:
        (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4\n")
        found = list(DirectorySource(str(tmp_path), jobs=2).scan())
        assert [one.kind for one in found if isinstance(one, Hit)] == ["pdf"]
        assert not any(isinstance(one, Gap) for one in found)
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


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
