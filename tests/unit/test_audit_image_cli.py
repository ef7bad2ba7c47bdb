"""`dongle-cli audit IMAGE` as a person runs it: exit codes, JSON Lines, the missing extra."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from image_reading import PDF
from ntfs_image import NtfsImage

from dongle_cli.errors import ExitCode


def audit(home: Path, *arguments: str | Path, without: str = "") -> tuple[int, list[dict[str, Any]], str]:
    """Exit code, the objects on stdout, and stderr; `without`: a module that is not installed."""
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({without.split()!r}))\n"
        "from dongle_cli.cli.main import main; sys.exit(main())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "audit", "--policy", "strict", "--format", "json", *map(str, arguments)],
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "DONGLE_HOME": str(home)},
        capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False, timeout=60,
    )  # fmt: skip
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


@pytest.fixture
def image(tmp_path: Path) -> NtfsImage:
    """An NTFS without a document."""
    made = NtfsImage.make(tmp_path / "disk.img", mib=8)
    with made.mounted() as root:
        (root / "program.exe").write_bytes(b"MZ" + bytes(5000))
    return made


def test_clean_is_zero_findings_are_five_and_damage_is_seven(image: NtfsImage, tmp_path: Path) -> None:
    code, said, errors = audit(tmp_path, image.path)
    assert (code, errors) == (ExitCode.DONE, "")
    assert said[-1]["complete"]
    with image.mounted() as root:
        (root / "a.txt").write_bytes(b"MZ")
        (root / "a.txt:b").write_bytes(PDF)
    code, said, _errors = audit(tmp_path, image.path)
    assert code == ExitCode.FINDINGS
    (finding,) = (one for one in said if one["type"] == "finding")
    wanted = {"path": "a.txt:b", "kind": "pdf", "state": "stream", "evidence": "content", "owner": "S-1-5-32-544"}
    assert wanted.items() <= finding.items()
    with image.mounted() as root:
        (root / "a.txt").write_bytes(b"MZ")
        (root / "a.txt").unlink()
    with image.path.open("r+b") as file:
        file.write(bytes(512))
    code, said, _errors = audit(tmp_path, image.path, "--fail-on", "never")
    assert code == ExitCode.INCOMPLETE
    (gap,) = (one for one in said if one["type"] == "gap")
    assert (gap["path"], gap["reason"]) == ("$Boot", "damaged")


def test_the_missing_extra_is_named(image: NtfsImage, tmp_path: Path) -> None:
    code, said, errors = audit(tmp_path, image.path, without="pyfsntfs")
    assert (code, said) == (ExitCode.FAILED, [])
    error = json.loads(errors)["error"]
    assert (error["code"], error["module"]) == ("audit.extra-missing", "pyfsntfs")
    assert "dongle-cli[images]" in error["hint"]


def test_a_target_that_is_not_there(tmp_path: Path) -> None:
    code, _said, errors = audit(tmp_path, tmp_path / "none.img")
    assert (code, json.loads(errors)["error"]["code"]) == (ExitCode.FAILED, "audit.target")


def test_a_file_that_is_no_image_is_not_clean(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a disk\n" * 100)
    code, said, _errors = audit(tmp_path, tmp_path / "notes.txt")
    assert code == ExitCode.INCOMPLETE
    assert [one["reason"] for one in said if one["type"] == "gap"] == ["unsupported"]
