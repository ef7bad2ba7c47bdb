"""Files that are there whole or not at all: kills, full disks, links, rights, and two writers at once."""

from __future__ import annotations

import os
import platform
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from threading import Barrier

import pytest

from dongle_cli import atomic

OLD, NEW = b"old\n", b"new\n" * 30_000

# A writer that kills itself before its Nth act on the file system: Python announces every open, rename, link and
# unlink to audit hooks before it happens (PEP 578).
KILLED = """
import os, signal, sys
from pathlib import Path
from dongle_cli import atomic

path, at, new = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "new"
seen = 0

def act():
    global seen
    seen += 1
    if seen == at:
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(lambda event, _: act() if event in ("open", "os.rename", "os.link", "os.remove") else None)
with atomic.draft(path, mode=0o600, new=new) as file:
    for piece in range(3):
        file.write(b"new\\n" * 10_000)
        file.flush()
        act()
sys.stdout.write("done")
sys.stdout.flush()
os._exit(0)
"""

# A writer to whom the kernel refuses links, as it does on FAT: a filter for link and linkat (seccomp(2)).
LINKLESS = """
import ctypes, struct, sys
from pathlib import Path
from dongle_cli import atomic

links = {"x86_64": (86, 265), "aarch64": (37, 37)}[sys.argv[2]]
code = [
    (0x20, 0, 0, 0),  # load the number of the call
    (0x15, 1, 0, links[0]),
    (0x15, 0, 1, links[1]),
    (0x06, 0, 0, 0x00050001),  # EPERM
    (0x06, 0, 0, 0x7FFF0000),  # allow
]
rules = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *one) for one in code))
libc = ctypes.CDLL(None, use_errno=True)
assert not libc.prctl(38, 1, 0, 0, 0)
assert not libc.prctl(22, 2, ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(code), ctypes.addressof(rules))))

path = Path(sys.argv[1])
try:
    path.with_name("second").hardlink_to(path.parent)
except PermissionError:
    sys.stdout.write("no links; ")
try:
    with atomic.draft(path, mode=0o600, new=True) as file:
        file.write(b"new")
        if sys.argv[3] == "late":
            path.write_bytes(b"old")
except FileExistsError:
    sys.stdout.write("exists")
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@contextmanager
def largest(octets: int) -> Iterator[None]:
    """The disk as it looks to this process when only `octets` more fit into a file."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (octets, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def somebody() -> Iterator[None]:
    """Without the rights of root, where these tests have them."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize("new", [False, True])
def test_what_was_written_is_there_with_its_mode_and_nothing_beside_it(tmp_path: Path, new: bool) -> None:
    path = tmp_path / "file"
    atomic.write(path, NEW, mode=0o600, new=new)
    assert path.read_bytes() == NEW
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.stat().st_nlink == 1
    assert names(tmp_path) == ["file"]


def test_others_cannot_read_a_secret_at_any_moment(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(OLD)
    (tmp_path / "key").chmod(0o644)
    before = os.umask(0)
    try:
        with atomic.draft(tmp_path / "key", mode=0o600) as file:
            (draft,) = (path for path in tmp_path.iterdir() if path.name != "key")
            assert draft.stat().st_mode & 0o777 == 0o600  # before its first octet
            file.write(NEW)
    finally:
        os.umask(before)
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600


def test_the_umask_takes_its_share(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        atomic.write(tmp_path / "report", NEW, mode=0o666)
    finally:
        os.umask(before)
    assert (tmp_path / "report").stat().st_mode & 0o777 == 0o640


def test_an_existing_file_is_replaced_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(OLD)
    with pytest.raises(FileExistsError):
        atomic.write(path, NEW, mode=0o600, new=True)
    assert path.read_bytes() == OLD
    atomic.write(path, NEW, mode=0o600)
    assert path.read_bytes() == NEW
    assert names(tmp_path) == ["file"]


def test_a_file_that_appears_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with pytest.raises(FileExistsError), atomic.draft(path, mode=0o600, new=True) as file:
        file.write(NEW)
        path.write_bytes(OLD)
    assert path.read_bytes() == OLD
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize(("when", "held"), [("never", b"new"), ("late", b"old")])
def test_without_links_no_file_is_overwritten_either(tmp_path: Path, when: str, held: bytes) -> None:
    if platform.machine() not in ("x86_64", "aarch64"):
        pytest.skip("the numbers of this machine's system calls are not known here")
    done = subprocess.run(
        [sys.executable, "-c", LINKLESS, tmp_path / "file", platform.machine(), when], capture_output=True, timeout=30
    )
    assert done.stdout.decode() == ("no links; exists" if when == "late" else "no links; "), done.stderr
    assert (tmp_path / "file").read_bytes() == held
    assert names(tmp_path) == ["file"]


def test_of_many_at_once_one_is_first(tmp_path: Path) -> None:
    together = Barrier(8, timeout=30)

    def one(number: int) -> bool:
        together.wait()
        try:
            atomic.write(tmp_path / "key", bytes([number]) * 32, mode=0o600, new=True)
        except FileExistsError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        first = [number for number, won in enumerate(pool.map(one, range(8))) if won]
    assert len(first) == 1
    assert (tmp_path / "key").read_bytes() == bytes(first) * 32
    assert names(tmp_path) == ["key"]


def test_a_symbolic_link_is_replaced_and_what_it_points_to_stays(tmp_path: Path) -> None:
    """Whoever may write into a shared folder could otherwise turn a report of root's against any file."""
    there, link = tmp_path / "there", tmp_path / "link"
    there.write_bytes(OLD)
    link.symlink_to(there)
    with pytest.raises(FileExistsError):
        atomic.write(link, NEW, mode=0o600, new=True)
    atomic.write(link, NEW, mode=0o600)
    assert there.read_bytes() == OLD
    assert not link.is_symlink() and link.read_bytes() == NEW


def test_a_link_to_nothing_is_a_name_that_is_taken(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "nothing")
    with pytest.raises(FileExistsError):
        atomic.write(tmp_path / "link", NEW, mode=0o600, new=True)
    assert names(tmp_path) == ["link"]


@pytest.mark.parametrize("new", [False, True])
def test_a_folder_is_not_overwritten(tmp_path: Path, new: bool) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError):
        atomic.write(tmp_path / "folder", NEW, mode=0o600, new=new)
    with pytest.raises(OSError):
        atomic.write(Path("/"), NEW, mode=0o600, new=new)
    assert names(tmp_path) == ["folder"]


def test_what_goes_wrong_while_it_is_filled_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(OLD)
    with pytest.raises(RuntimeError), atomic.draft(tmp_path / "file", mode=0o600) as file:
        file.write(NEW)
        raise RuntimeError
    assert (tmp_path / "file").read_bytes() == OLD
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize("new", [False, True])
def test_a_file_that_does_not_fit_changes_nothing(tmp_path: Path, new: bool) -> None:
    (tmp_path / "old").write_bytes(OLD)
    with largest(4000), pytest.raises(OSError, match="File too large"):
        atomic.write(tmp_path / ("new" if new else "old"), NEW, mode=0o600, new=new)
    assert names(tmp_path) == ["old"]
    assert (tmp_path / "old").read_bytes() == OLD


def test_a_full_disk_changes_nothing(tmp_path: Path) -> None:
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", tmp_path], capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount a tmpfs")
    try:
        (tmp_path / "file").write_bytes(OLD)
        for new in ("file", "other"):
            with pytest.raises(OSError, match="No space left"):
                atomic.write(tmp_path / new, NEW, mode=0o600, new=new == "other")
        assert names(tmp_path) == ["file"]
        assert (tmp_path / "file").read_bytes() == OLD
    finally:
        subprocess.run(["umount", tmp_path], check=True)


@pytest.mark.parametrize("new", [False, True])
def test_a_kill_at_any_moment_leaves_the_old_file_or_the_new_one(tmp_path: Path, new: bool) -> None:
    seen = set()
    for at in count(1):
        folder = tmp_path / str(at)
        folder.mkdir()
        path = folder / "file"
        if not new:
            path.write_bytes(OLD)
        done = subprocess.run(
            [sys.executable, "-c", KILLED, path, str(at), "new" if new else "old"], capture_output=True, timeout=30
        )
        held = path.read_bytes() if path.exists() else None
        assert held in (NEW, None if new else OLD)
        seen.add(held)
        left = [other for other in folder.iterdir() if other.name != "file"]
        assert all(other.name.startswith(".") and other.name.endswith(".new") for other in left)
        assert all(other.stat().st_mode & 0o777 == 0o600 for other in left)
        if done.stdout == b"done":
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
    assert at > 6  # the draft, its pieces, the name, the tidying, the folder
    assert held == NEW and not left
    assert seen == {NEW, None if new else OLD}


def test_a_folder_that_takes_nothing_is_an_error(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir(mode=0o755)
    tmp_path.chmod(0o755)
    before = folder.stat().st_mode
    folder.chmod(0o555)
    with somebody(), pytest.raises(PermissionError):
        atomic.write(Path(os.path.relpath(folder)) / "file", NEW, mode=0o600)
    folder.chmod(before)
    assert names(folder) == []


def test_a_folder_that_lets_nobody_look_takes_what_is_put_there(tmp_path: Path) -> None:
    folder = tmp_path / "box"
    folder.mkdir()
    folder.chmod(0o333)
    here = os.open(folder, os.O_PATH)
    try:
        with somebody():
            atomic.write(Path(f"/proc/self/fd/{here}/file"), NEW, mode=0o600)
    finally:
        os.close(here)
        folder.chmod(0o700)
    assert names(folder) == ["file"]


def test_the_longest_name_has_room_for_a_draft(tmp_path: Path) -> None:
    name = "報" * 85  # 255 octets: NAME_MAX
    atomic.write(tmp_path / name, NEW, mode=0o600)
    assert names(tmp_path) == [name]
