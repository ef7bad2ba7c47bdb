"""A tree with names that no report may stumble over, and the real program asked about it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PDF = b"%PDF-1.4\n1 0 obj\n<< >>\nendobj\n%%EOF\n"
TOKEN = "秘密の氏名"
NAMES = (
    "Users/yamada/Documents/秘密の氏名.pdf",
    "Users/yamada/Documents/=1+2.pdf",
    "Users/yamada/Documents/@SUM(A1).pdf",
    "Users/yamada/Documents/-1.pdf",
    "Users/yamada/Documents/a\nb\t\x1b[31m.pdf",
    "Users/yamada/Documents/a\u202egpj.pdf",
    "Users/yamada/Documents/<b onmouseover=alert(1)>&amp;\".pdf",
    "Users/yamada/Documents/\udc83e\udc83\\.pdf",  # CP932: テソ
    "Users/yamada/Documents/𠮷〜−.pdf",
    "Users/Public/Desktop/公開.pdf",
)  # fmt: skip


def grow(root: Path) -> Path:
    """The tree; what is no UTF-8 in its names comes to the disk as bytes."""
    for name in NAMES:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(PDF)
    (root / "broken.zip").write_bytes(b"PK\x03\x04" + bytes(20))
    return root


@dataclass
class Ran:
    """What the program said."""

    code: int
    out: bytes
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Its JSON lines."""
        return [json.loads(line) for line in self.out.decode("utf-8", "surrogateescape").splitlines()]

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Those of one type."""
        return [line for line in self.lines if line["type"] == kind]


def audit(home: Path, *arguments: str | Path, lang: str = "en", **options: Any) -> Ran:
    """`dongle-cli audit`, as a process with a home of its own."""
    keep = {key: os.environ[key] for key in ("PATH",) if key in os.environ}
    if "preexec_fn" in options:  # a process with little room must not leave half a compiled module to the next
        keep["PYTHONDONTWRITEBYTECODE"] = "1"
    done = subprocess.run(
        [sys.executable, "-m", "dongle_cli", "audit", *map(str, arguments)],
        env=keep | {"DONGLE_HOME": str(home), "LANGUAGE": lang, "LC_ALL": "C.UTF-8", "COLUMNS": "100"},
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        check=False,
        timeout=100,
        **{"stdout": subprocess.PIPE, **options},
    )
    return Ran(done.returncode, done.stdout or b"", done.stderr.decode("utf-8", "replace"))
