"""Trees that no one would keep, but that a disk may hold: the walk tells what it could not see, and ends."""

from __future__ import annotations

import gzip
import io
import json
import os
import pickle
import random
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from identified import PDF, RTF, zipped

from dongle_cli.audit.identify import Limits
from dongle_cli.audit.model import Gap, Hit, Tally
from dongle_cli.audit.sources import swift
from dongle_cli.audit.sources.directory import DirectorySource
from dongle_cli.errors import ExitCode

MIB = 1024 * 1024
NOISE = random.Random(1).randbytes(50_000)  # the same each time: by chance it could begin as a document does


@pytest.fixture(autouse=True, params=["compiled", "python"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both inner loops of the walk, where the compiled one was built."""
    if request.param == "python":
        monkeypatch.setattr(swift, "_native", None)
    elif not swift.is_there():
        pytest.skip("the inner loop was not compiled when this was installed")


def scan(root: Path | str, jobs: int = 1) -> tuple[dict[str, str], list[tuple[str, str]], int]:
    """Documents by path (and member), gaps with their reasons, and how many files were counted."""
    hits: dict[str, str] = {}
    gaps: list[tuple[str, str]] = []
    files = 0
    for found in DirectorySource(str(root), Limits(kinds=frozenset({"csv", "scan"})), jobs=jobs).scan():
        match found:
            case Hit():
                hits[found.entry.path + (f" > {found.member}" if found.member else "")] = found.kind
            case Gap():
                gaps.append((found.path, found.reason))
            case Tally():
                files += found.files
    return hits, sorted(gaps), files


# Runs the words after it and writes their peak memory (KiB) into the file before them. A small process starts them:
# what is started inherits the peak of who starts it, and the one that runs the tests is large.
PEAK = (
    "import pathlib, resource, subprocess, sys\n"
    "code = subprocess.run(sys.argv[2:]).returncode\n"
    "pathlib.Path(sys.argv[1]).write_text(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))\n"
    "sys.exit(code)\n"
)


def cli(home: Path, *arguments: str, peak: Path | None = None) -> tuple[int, list[dict[str, Any]]]:
    measured = [sys.executable, "-c", PEAK, str(peak)] if peak else []
    run = subprocess.run(
        [*measured, sys.executable, "-m", "dongle_cli", "audit", *arguments, "--policy", "strict", "--format", "json"],
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "DONGLE_HOME": str(home)},
        capture_output=True, stdin=subprocess.DEVNULL, check=False, timeout=100,
    )  # fmt: skip
    assert b"Traceback" not in run.stderr, run.stderr.decode()
    return run.returncode, [json.loads(line) for line in run.stdout.splitlines()]


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Path]:
    """A folder that is removed by a program which is not afraid of it."""
    root = tmp_path / "tree"
    root.mkdir()
    yield root
    subprocess.run(["chmod", "-R", "u+rwx", str(root)], check=False, capture_output=True)
    subprocess.run(["rm", "-rf", str(root)], check=True)


@pytest.mark.parametrize("jobs", [1, 3])
def test_nothing_outside_is_followed_and_no_loop_entered(tree: Path, tmp_path: Path, jobs: int) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.pdf").write_bytes(PDF)
    (tree / "a" / "b").mkdir(parents=True)
    (tree / "a" / "b" / "in.pdf").write_bytes(PDF)
    (tree / "out").symlink_to(outside)
    (tree / "file").symlink_to(outside / "secret.pdf")
    (tree / "a" / "b" / "up").symlink_to(tree)
    (tree / "self").symlink_to("self")
    (tree / "gone").symlink_to("nowhere")
    assert scan(tree, jobs) == ({"a/b/in.pdf": "pdf"}, [], 1)


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_is_no_file_is_never_opened(tree: Path, jobs: int) -> None:
    os.mkfifo(tree / "pipe.pdf")
    listener = socket.socket(socket.AF_UNIX)
    folder = os.open(tree, os.O_PATH)
    listener.bind(f"/proc/self/fd/{folder}/socket.pdf")  # a socket's own path may have 107 bytes and no more
    os.close(folder)
    with suppress(PermissionError):  # nobody but root may, and not root in every container
        os.mknod(tree / "null.pdf", 0o600 | 0o020000, os.makedev(1, 3))
    (tree / "real.pdf").write_bytes(PDF)
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():  # a writer gets in only while somebody has the pipe open for reading
            try:
                os.close(os.open(tree / "pipe.pdf", os.O_WRONLY | os.O_NONBLOCK))
            except OSError:
                continue
            opened.append(True)

    opened: list[bool] = []
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        assert scan(tree, jobs) == ({"real.pdf": "pdf"}, [], 1)
    finally:
        done.set()
        watcher.join()
        listener.close()
    assert not opened


def as_nobody(work: Callable[[], Any]) -> Any:
    """What `work` returns in a process without root's rights."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setresgid(65534, 65534, 65534)
                os.setresuid(65534, 65534, 65534)
            os.write(write, pickle.dumps(work()))
            code = 0
        finally:
            os._exit(code)
    os.close(write)
    with os.fdopen(read, "rb") as file:
        said = file.read()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    return pickle.loads(said)


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder whose path anybody may go."""
    with tempfile.TemporaryDirectory(prefix="audit-") as name:
        Path(name).chmod(0o755)
        yield Path(name)
        subprocess.run(["chmod", "-R", "u+rwx", name], check=False)


def test_what_may_not_be_read_is_told(public: Path) -> None:
    tree = public
    for name in ("closed", "open", "listed"):
        (tree / name).mkdir()
        (tree / name / "x.pdf").write_bytes(PDF)
    (tree / "mine.pdf").write_bytes(PDF)
    (tree / "mine.pdf").chmod(0)
    (tree / "listed").chmod(0o444)
    (tree / "closed").chmod(0)
    (tree / "open").chmod(0o755)
    (tree / "open" / "x.pdf").chmod(0o644)
    hits, gaps, _files = as_nobody(lambda: scan(str(tree), 1))
    assert hits == {"open/x.pdf": "pdf"}
    assert gaps == [("closed", "permission"), ("listed/x.pdf", "permission"), ("mine.pdf", "permission")]


@pytest.mark.parametrize("jobs", [1, 2])
def test_ten_thousand_levels(tree: Path, jobs: int) -> None:
    fd = os.open(tree, os.O_RDONLY)
    for _level in range(10_000):
        os.mkdir("d", dir_fd=fd)
        below = os.open("d", os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = below
    file = os.open("deep.txt", os.O_WRONLY | os.O_CREAT, 0o600, dir_fd=fd)
    os.write(file, RTF)
    os.close(file)
    os.close(fd)
    assert scan(tree, jobs) == ({"d/" * 10_000 + "deep.txt": "rtf"}, [], 1)


def test_any_name_and_paths_of_32000_characters(tree: Path, tmp_path: Path) -> None:
    names = [
        b"a\nb.pdf",
        "表.pdf".encode("cp932"),
        b"\xff\xfe",
        "日本語.pdf".encode(),
        b" ",
        b"-rf",
        b"\x1b[31m.pdf",
        b"'\"$(x)",
    ]
    for name in names:
        (tree / os.fsdecode(name)).write_bytes(PDF)
    fd = os.open(tree, os.O_RDONLY)
    for _level in range(130):
        os.mkdir("x" * 250, dir_fd=fd)
        below = os.open("x" * 250, os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = below
    os.close(os.open("empty", os.O_WRONLY | os.O_CREAT, dir_fd=fd))
    file = os.open("long.pdf", os.O_WRONLY | os.O_CREAT, 0o600, dir_fd=fd)
    os.write(file, PDF)
    os.close(file)
    os.close(fd)
    long = ("x" * 250 + "/") * 130 + "long.pdf"
    code, objects = cli(tmp_path, str(tree))
    assert code == ExitCode.FINDINGS
    found = {os.fsencode(one["path"]) for one in objects if one["type"] == "finding"}
    assert found == {*names, long.encode()}
    assert len(long) > 32_000
    assert objects[-1]["files"] == len(names) + 2


def test_files_that_change_meanwhile(tree: Path) -> None:
    stop = threading.Event()
    still = {f"still{n}.pdf" for n in range(50)}
    for name in still:
        (tree / name).write_bytes(PDF)
    packed = zipped({"a.rtf": RTF, "b.bin": NOISE[:30_000]})

    def change(number: int) -> None:
        path = tree / f"moving{number}"
        while not stop.is_set():
            path.write_bytes(packed)
            os.truncate(path, 200)
            path.write_bytes(packed * 2)
            path.rename(tree / f"renamed{number}")
            (tree / f"renamed{number}").unlink()

    workers = [threading.Thread(target=change, args=(number,)) for number in range(3)]
    for worker in workers:
        worker.start()
    try:
        for jobs in (1, 1, 1, 2):
            hits, gaps, _files = scan(tree, jobs)
            assert still <= hits.keys()
            assert {reason for _path, reason in gaps} <= {"vanished", "damaged"}
    finally:
        stop.set()
        for worker in workers:
            worker.join()


def test_reading_leaves_no_trace(tree: Path) -> None:
    names = ["a.pdf", "b.zip", "c.txt"]
    for name, data in zip(names, (PDF, zipped({"x": PDF}), b"text\n"), strict=True):
        (tree / name).write_bytes(data)
    probe = tree.parent / "probe"
    probe.write_bytes(b"x")
    os.utime(probe, (1_000_000, 2_000_000))
    probe.read_bytes()
    if probe.stat().st_atime == 1_000_000:
        pytest.skip("this file system is mounted without access times")
    for name in names:
        os.utime(tree / name, (1_000_000, 2_000_000))
    (tree / "folder").mkdir()
    names.append("folder")
    for folder in (tree / "folder", tree):
        os.utime(folder, (1_000_000, 2_000_000))
    names.append(".")
    before = {name: (tree / name).stat() for name in names}
    assert len(scan(tree)[0]) == 2
    after = {name: (tree / name).stat() for name in names}
    for name in names:
        assert (after[name].st_atime_ns, after[name].st_mtime_ns, after[name].st_ctime_ns) == (
            before[name].st_atime_ns, before[name].st_mtime_ns, before[name].st_ctime_ns,
        )  # fmt: skip


def overlapping(count: int) -> bytes:
    """A ZIP of which every member is the same bytes (D. Fifield, "A better zip bomb", 2019)."""
    inner = zipped({"x": b"\0" * MIB})
    local_end = inner.index(b"PK\x01\x02")
    central, end = inner[local_end : inner.index(b"PK\x05\x06")], inner[inner.index(b"PK\x05\x06") :]
    return (
        inner[:local_end]
        + central * count
        + end[:8]
        + struct.pack("<HHII", 0xFFFF, 0xFFFF, len(central) * count, local_end)
        + b"\0\0"
    )


def test_bombs_cost_little_and_are_told(tree: Path, tmp_path: Path) -> None:
    zeros = io.BytesIO()
    with gzip.GzipFile(fileobj=zeros, mode="wb", compresslevel=9) as file:
        for _piece in range(64):
            file.write(b"\0" * MIB)
    (tree / "zeros.tar.gz").write_bytes(gzip_tar())
    (tree / "zeros.gz").write_bytes(zeros.getvalue())  # one file: its head is enough
    (tree / "overlapping.zip").write_bytes(overlapping(80_000))
    nested = b"\0" * (8 * MIB)
    for _level in range(6):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(12):
                archive.writestr(f"{number}.zip", nested)
        nested = out.getvalue()
    (tree / "nested.zip").write_bytes(nested)
    (tree / "last.pdf").write_bytes(PDF)
    peak = tmp_path / "peak"
    code, objects = cli(tmp_path, str(tree), "--jobs", "1", peak=peak)
    assert code == ExitCode.FINDINGS
    assert [one["path"] for one in objects if one["type"] == "finding"] == ["last.pdf"]
    gaps = {(one["path"], one["reason"]) for one in objects if one["type"] == "gap"}
    assert gaps == {(name, "limit") for name in ("zeros.tar.gz", "overlapping.zip", "nested.zip")}
    assert int(peak.read_text()) < 300 * 1024


def gzip_tar() -> bytes:
    """A tar of one file of 512 MiB of zeros, as a few hundred KiB of gzip."""
    import tarfile

    out, header = io.BytesIO(), tarfile.TarInfo("zeros")
    header.size = 512 * MIB
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=1) as file:
        file.write(header.tobuf())
        for _piece in range(64):
            file.write(b"\0" * MIB)
    return out.getvalue()


def test_a_cut_container_is_a_gap_and_the_scan_goes_on(tree: Path, tmp_path: Path) -> None:
    data = zipped({"a.bin": NOISE, "b.bin": NOISE})
    (tree / "cut.zip").write_bytes(data[:60_000])
    (tree / "cut.doc").write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 700)
    (tree / "z.pdf").write_bytes(PDF[:8])
    code, objects = cli(tmp_path, str(tree))
    assert code == ExitCode.FINDINGS
    assert [one["path"] for one in objects if one["type"] == "finding"] == ["z.pdf"]
    assert {(one["path"], one["reason"]) for one in objects if one["type"] == "gap"} == {
        ("cut.zip", "damaged"),
        ("cut.doc", "damaged"),
    }
    (tree / "z.pdf").unlink()
    assert cli(tmp_path, str(tree))[0] == ExitCode.INCOMPLETE
    (tree / "cut.zip").unlink()
    (tree / "cut.doc").unlink()
    assert cli(tmp_path, str(tree))[0] == ExitCode.DONE
