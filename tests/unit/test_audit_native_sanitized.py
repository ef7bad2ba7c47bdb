"""The compiled inner loops under AddressSanitizer and UBSan: damaged heads, records and names for a bounded time."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from identified import PDF, RTF, mail, zipped
from ntfs_image import NtfsImage, need
from ole2_writer import compound

import hatch_build
from dongle_cli.audit.identify.signatures import FIRST
from dongle_cli.audit.sources.media import Bytes
from dongle_cli.audit.sources.ntfs import Ntfs

ROOT = Path(__file__).resolve().parents[2]
DRIVER = ROOT / "tests" / "native_fuzz.py"
SANITIZERS = "-g -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all"
SECONDS = 12
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\4\xd8\0\0\6\xda\1\0" + bytes(40)
JPEG = (
    b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\1\1\x2c\1\x2c\0\0\xff\xe1\0\x20"
    + b"x" * 30
    + b"\xff\xc0\0\x11\x08\x0d\xb4\x09\xb0\3"
)


def seeds(folder: Path) -> Path:
    """A head of many kinds, and the $MFT of a volume with streams, long names and deleted files."""
    heads = [
        PDF, RTF, PNG, JPEG, zipped({"a.pdf": PDF}), mail(PDF, "x.pdf"), compound({"WordDocument": b"x"}),
        "住所,氏名\n東京,青木\n".encode("cp932") * 9, b"text\n" * 900,
        bytes(257) + b"ustar\x0000" + bytes(900), b"MZ" + bytes(999),
    ]  # fmt: skip
    heads += [prefix + b" rest " * 40 for rows in FIRST.values() for prefix, _what in rows]
    folder.mkdir()
    for number, head in enumerate(heads):
        (folder / f"{number}").write_bytes(head)
    image = NtfsImage.make(folder.with_suffix(".img"), mib=12)
    with image.mounted() as root:
        for number in range(40):
            (root / f"{'長い名前' * (number % 20)}{number}.xdw").write_bytes(
                heads[number % len(heads)] * (1 + number % 3 * 40)
            )
        (root / "0.dat:inside.pdf").write_bytes(PDF)
        for number in range(4):
            (root / f"gone {number}.pdf").write_bytes(PDF)
    with image.mounted() as root:
        for path in root.glob("gone *"):
            path.unlink()
    content = image.path.read_bytes()
    ntfs = Ntfs(Bytes(content), content[:512])
    (folder / "mft").write_bytes(ntfs.mft.pread(0, ntfs.records * 1024))
    return folder


def library(compiler: str, name: str) -> str:
    """A run-time library of the compiler's, which must be there before anything else is loaded."""
    said = subprocess.run([compiler, f"-print-file-name={name}"], capture_output=True, text=True, check=True)
    return said.stdout.strip()


def settled() -> list[str]:
    """What a command begins with so that addresses are not random: gcc 12's AddressSanitizer cannot live with as much
    of that as some kernels give."""
    still = ["setarch", "-R"]
    try:
        return still if subprocess.run([*still, "true"], capture_output=True, check=False).returncode == 0 else []
    except FileNotFoundError:
        return []


def test_no_byte_is_touched_that_is_not_theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiler = need("gcc", "gcc")
    if not Path(library(compiler, "libasan.so")).is_absolute():
        (pytest.fail if os.environ.get("CI") else pytest.skip)("gcc has no AddressSanitizer here")
    shutil.copytree(ROOT / hatch_build.SOURCES, tmp_path / hatch_build.SOURCES)
    monkeypatch.setenv("CC", f"{compiler} {SANITIZERS}")
    assert hatch_build.compile_into(tmp_path) == ""
    done = subprocess.run(
        [*settled(), sys.executable, DRIVER, tmp_path / hatch_build.BUILT, seeds(tmp_path / "seeds"), str(SECONDS)],
        env={
            **os.environ, "PYTHONMALLOC": "malloc", "ASAN_OPTIONS": "detect_leaks=0",
            "UBSAN_OPTIONS": "print_stacktrace=1",
            "LD_PRELOAD": f"{library(compiler, 'libasan.so')} {library(compiler, 'libubsan.so')}",
        },
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    looks, glances, walks = map(int, done.stdout.split())
    assert looks > 200 and glances > 20 and walks > 1
