"""A CRL on a full disk: the gateway keeps the list that it has, whole, and the bench is told."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from gateways.bench import Bench

pytestmark = [pytest.mark.strangers, pytest.mark.skipif(os.geteuid() != 0, reason="a disk is mounted as root")]


def test_the_old_list_stays_where_there_is_no_room_for_the_new_one(lab: Callable[..., Any], tmp_path: Path) -> None:
    bench = Bench(lab(count=1, models=["quectel-ec25"]), tmp_path)
    bench.init()
    bound = bench.bind(1)
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount a tmpfs")
    try:
        listed = disk / "issuing.crl.pem"
        bench.run("ca", "crl", "--out", listed, *bench.unlock)
        before = listed.read_bytes()
        with (disk / "full").open("wb", buffering=0) as full, pytest.raises(OSError, match="No space"):
            while True:
                full.write(bytes(4096))
        revoke = ("revoke", "--asset", bound.answer["asset"], "--reason", "superseded", "--out", listed, "--yes")
        bench.run(*revoke, *bench.unlock, code=1)
        assert listed.read_bytes() == before and sorted(path.name for path in disk.iterdir()) == ["full", listed.name]
        (disk / "full").unlink()
        bench.run(*revoke, *bench.unlock)  # again: what was cut off is finished
        assert listed.read_bytes() != before
        verify = ["openssl", "crl", "-in", listed, "-noout", "-text"]
        text = subprocess.run(verify, capture_output=True, text=True, check=True).stdout
        assert bound.answer["serial"].upper() in text
    finally:
        subprocess.run(["umount", disk], check=True)
