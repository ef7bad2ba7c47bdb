"""`audit --repatriate` as it is typed: questions, refusals, receipts, and a hundred kills in the middle of it."""

from __future__ import annotations

import json
import os
import random
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from audit_tree import PDF, audit


@pytest.fixture
def laptop(tmp_path: Path) -> Path:
    root = tmp_path / "laptop"
    for name in ("Users/a/Documents/報告.pdf", "Users/b/x.pdf", "notes.txt"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(PDF if name.endswith("pdf") else b"not a document")
    (tmp_path / "share").mkdir()
    return root


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_documents_come_home_with_a_receipt_and_the_report_says_so(laptop: Path, tmp_path: Path) -> None:
    share, report = tmp_path / "share", tmp_path / "r.json"
    asked = (laptop, "--policy", "strict", "--repatriate", share, "--remove", "--receipt", tmp_path / "receipt.jsonl")
    dry = audit(tmp_path, *asked, "--dry-run", "--format", "json")
    assert {line["result"] for line in dry.of("moved")} == {"planned"} and not contents(share)
    ran = audit(tmp_path, *asked, "--yes", "--format", "json", "--report", report)
    assert ran.code == 5, "what was found was found; the next run is clean"
    assert {(line["path"], line["result"]) for line in ran.of("moved")} == {
        ("Users/a/Documents/報告.pdf", "removed"), ("Users/b/x.pdf", "removed"),
    }  # fmt: skip
    assert contents(share) == {"Users/a/Documents/報告.pdf": PDF, "Users/b/x.pdf": PDF}
    assert set(contents(laptop)) == {"notes.txt"}
    assert json.loads(report.read_text("utf-8"))["summary"]["repatriated"]["counts"] == {"removed": 2}
    assert [line["type"] for line in ran.lines][-1] == "summary"
    again = audit(tmp_path, *asked, "--yes")
    assert again.code == 0 and "Nothing forbidden was found" in again.out.decode()


def test_without_remove_everything_stays_and_a_second_run_copies_nothing(laptop: Path, tmp_path: Path) -> None:
    asked = (laptop, "--policy", "strict", "--repatriate", tmp_path / "share", "--yes", "--format", "json")
    before = contents(laptop)
    assert {line["result"] for line in audit(tmp_path, *asked).of("moved")} == {"copied"}
    assert {line["result"] for line in audit(tmp_path, *asked).of("moved")} == {"there"}
    assert contents(laptop) == before
    assert len(contents(tmp_path / "share")) == 2


def test_it_is_refused_before_an_hour_of_looking(laptop: Path, tmp_path: Path) -> None:
    image = tmp_path / "disk.raw"
    image.write_bytes(bytes(1 << 20))
    share = tmp_path / "share"
    (laptop / "inside").mkdir()
    for arguments, code in (
        ((laptop, "--repatriate", share), "usage.confirm"),
        ((laptop, image, "--repatriate", share, "-y"), "usage.repatriate"),
        ((laptop, laptop, "--repatriate", share, "-y"), "usage.target"),
        ((laptop, "--repatriate", "", "-y"), "audit.share"),
        ((image, "--repatriate", share, "-y"), "usage.repatriate"),
        ((laptop, "--repatriate", laptop / "inside", "-y"), "usage.repatriate"),
        ((laptop, "--repatriate", tmp_path / "nowhere", "-y"), "audit.share"),
        ((laptop, "--repatriate", "smb://server/share", "-y"), "audit.share"),
    ):
        ran = audit(tmp_path, *arguments, "--policy", "strict")
        assert f"[{code}]" in ran.err and ran.out == b"", (arguments, ran.err)
        assert ran.code == (2 if code.startswith("usage") else 1)
    assert audit(tmp_path, laptop, "--remove").code == 2
    assert len(contents(laptop)) == 3 and not contents(share)


def test_a_share_that_fails_leaves_the_answer_whole(laptop: Path, tmp_path: Path) -> None:
    share = tmp_path / "share"
    (share / "Users").write_bytes(b"a file where a folder should be")
    ran = audit(tmp_path, laptop, "--policy", "strict", "--repatriate", share, "--remove", "-y", "--format", "json")
    assert ran.code == 1 and json.loads(ran.err)["error"]["code"] == "audit.share"
    assert len(ran.of("finding")) == 2 and len(ran.of("summary")) == 1
    assert len(contents(laptop)) == 3


def test_names_are_masked_in_what_is_said_of_it(laptop: Path, tmp_path: Path) -> None:
    ran = audit(tmp_path, laptop, "--policy", "strict", "--repatriate", tmp_path / "share", "-y", "--format", "json",
                "--mask-names")  # fmt: skip
    assert len(ran.of("moved")) == 2 and "報告" not in ran.out.decode()


@pytest.mark.timeout(1800)  # more than a hundred starts of the program, on a machine that may be busy
def test_killed_a_hundred_times_through_the_command_line(tmp_path: Path) -> None:
    dice = random.Random(20261126)
    root, share = tmp_path / "laptop", tmp_path / "share"
    share.mkdir()
    files = {f"d{n % 7}/文書{n:04d}.pdf": PDF + b"%d" % n + dice.randbytes(dice.randrange(2000)) for n in range(1000)}
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    command = [sys.executable, "-m", "dongle_cli", "audit", str(root), "--policy", "strict", "--jobs", "1",
               "--repatriate", str(share), "--remove", "--yes", "--format", "json"]  # fmt: skip
    environment = {**os.environ, "DONGLE_HOME": str(tmp_path / "home"), "LANGUAGE": "en"}
    for kill in range(100):
        # Into a narrow pipe: where this process is held up the program cannot run through everything meanwhile.
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, pipesize=4096
        ) as process:
            assert process.stdout is not None
            if kill % 4:  # three of four fall among the copies, the fourth anywhere
                while (line := process.stdout.readline()) and b'"moved"' not in line:
                    pass
            until = time.monotonic() + dice.random() * (0.02 if kill % 4 else 0.6)
            while (left := until - time.monotonic()) > 0 and select.select([process.stdout], [], [], left)[0]:
                if not os.read(process.stdout.fileno(), 65536):
                    break
            process.send_signal(signal.SIGKILL)
            process.wait()
        here = contents(root)
        there = {name: content for name, content in contents(share).items() if not name.endswith(".part")}
        assert {**here, **there} == files, "each document stands whole, here or there, under its name"
    assert 0 < len(contents(root)) < 1000, "the kills fell among the work"
    assert subprocess.run(command, env=environment, capture_output=True, check=False).returncode == 5
    assert contents(root) == {} and contents(share) == files
    (receipt,) = (tmp_path / "home" / "data" / "receipts").iterdir()
    lines = [json.loads(line) for line in receipt.read_text().splitlines() if line.endswith("}")]
    assert sorted(line["path"] for line in lines if line["done"] == "removed") == sorted(files)
    assert subprocess.run(command, env=environment, capture_output=True, check=False).returncode == 0
