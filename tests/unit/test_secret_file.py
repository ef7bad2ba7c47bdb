"""What a secret is read from, and the advice where it is not: it must never open or close what belongs to others."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from dongle_cli import secret_file
from dongle_cli.errors import DongleError
from dongle_cli.secrets import SecretRef


def refused(path: Path | str) -> DongleError:
    reference = SecretRef.parse(f"file:{path}")
    assert reference is not None
    with pytest.raises(DongleError) as error:
        reference.load()
    assert str(path) in error.value.message
    return error.value


@pytest.mark.parametrize("place", ["/tmp", "/dev/null", "/dev/zero"])
def test_a_folder_or_device_is_no_secret_file_and_no_chmod_is_advised(place: str) -> None:
    error = refused(place)
    assert error.code == "secret.missing"
    assert error.hint and "chmod" not in error.hint


def test_a_file_that_others_can_read_is_named_with_its_remedy(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("geheim\n")
    path.chmod(0o640)
    assert (refused(path).code, refused(path).hint) == ("secret.permissions", f"Run: chmod 600 {path}")
    path.chmod(0o600)
    assert SecretRef("file", str(path)).load().reveal() == "geheim"


def test_a_pipe_is_read_up_to_its_first_line(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path, 0o600)

    def fill() -> None:
        with path.open("wb", buffering=0) as pipe:
            pipe.write(b"ge")
            time.sleep(0.2)
            pipe.write("hëim\nand more".encode())

    writer = threading.Thread(target=fill, daemon=True)
    writer.start()
    assert SecretRef("file", str(path)).load().reveal() == "gehëim"
    writer.join(10)


def test_a_shells_pipe_is_read() -> None:
    code = "import sys; from dongle_cli.secret_file import *; print(len(first_line(Path(sys.argv[1]))))"
    script = f'"{sys.executable}" -c "$1" <(sleep 0.2; echo geheim)'
    done = subprocess.run(["bash", "-c", script, "bash", code], capture_output=True, text=True, timeout=30)
    assert done.stdout == "6\n", done.stderr


def test_a_pipe_that_nobody_fills_is_not_waited_for_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path, 0o600)
    monkeypatch.setattr(secret_file, "PATIENCE", 0.2)
    assert refused(path).code == "secret.missing"
