"""`audit --second-opinion`: libmagic is asked about findings only, and what it says otherwise is shown."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from identified import PDF, RTF, office, zipped
from ole2_writer import compound

from dongle_cli.audit import second_opinion
from dongle_cli.errors import DongleError

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"


@pytest.fixture
def libmagic() -> None:
    try:
        ctypes.CDLL("libmagic.so.1")
    except OSError:
        if os.environ.get("CI"):
            raise
        pytest.skip("libmagic is missing: apt install libmagic1")


@pytest.mark.usefixtures("libmagic")
def test_it_is_shown_where_it_differs(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    files = {
        "a.pdf": PDF, "b": RTF, "c": compound({"WordDocument": b"x"}), "e.csv": b"a,b\n1,2\n3,4\n",
        "d": office("word/document.xml", WORD),
        "late.pdf": b"GIF89a" + b"\1" * 900 + PDF, "z.zip": zipped({"m": PDF}), "no": b"GIF89a" + b"\1" * 900,
    }  # fmt: skip
    for name, data in files.items():
        (tree / name).write_bytes(data)
    run = subprocess.run(
        [sys.executable, "-m", "dongle_cli", "audit", str(tree), "--format=json", "--second-opinion"],
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "DONGLE_HOME": str(tmp_path)},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    objects: list[dict[str, Any]] = [json.loads(line) for line in run.stdout.splitlines()]
    said = {one["path"]: one["detail"].get("second_opinion") for one in objects if one["type"] == "finding"}
    assert said == {
        "a.pdf": None, "b": None, "c": None, "d": None, "e.csv": None, "late.pdf": "image/gif", "z.zip": None,
    }  # fmt: skip


def test_without_the_library_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_opinion, "_NAMES", ("libnosuchmagic.so",))
    monkeypatch.setattr("ctypes.util.find_library", lambda _name: None)
    with pytest.raises(DongleError) as raised:
        second_opinion.SecondOpinion()
    assert raised.value.code == "audit.extra-missing"
