"""From the plugged dongle to FreeRADIUS: bound, exported, let in, revoked, shut out; every step of ours a command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from gateways import radius
from gateways.bench import Bench
from gateways.programs import free_port, need

pytestmark = pytest.mark.strangers
Lab = Any


def test_bound_exported_let_in_and_after_revocation_shut_out(lab: Callable[..., Lab], tmp_path: Path) -> None:
    need("freeradius", "freeradius")
    bench = Bench(lab(count=2, models=["quectel-ec25"]), tmp_path)
    bench.init()
    one, other = bench.bind(1), bench.bind(2)
    certificate, key = bench.server(radius.HOST)
    folder, port = tmp_path / "raddb", free_port(radius.UDP)
    export = (
        "export", "freeradius", folder, "--server-certificate", certificate, "--server-key", key,
        "--listen", "127.0.0.1", "--port", str(port), "--yes",
    )  # fmt: skip
    planned = bench.json(*export, "--dry-run")
    assert planned["result"] == "planned" and not folder.exists()
    assert bench.json(*export)["bindings"] == 2
    assert bench.json(*export)["result"] == "already"
    secrets = [path for path in folder.rglob("*") if path.is_file() and radius.secret_of(folder) in path.read_text()]
    assert [(path.name, path.stat().st_mode & 0o777) for path in secrets] == [("clients-dongle.conf", 0o600)]

    def login(imeisv: str | None) -> radius.Login:
        return radius.login(
            tmp_path, port, radius.secret_of(folder), ca=bench.root, pem=one.pem, key=one.key, imeisv=imeisv
        )

    with radius.freeradius(folder):
        assert login(one.imeisv).accepted
        assert not login(other.imeisv).accepted
        assert not login(None).accepted
    bench.run("revoke", "--serial", one.answer["serial"], "--reason", "keyCompromise", "--yes", *bench.unlock)
    assert bench.json(*export)["bindings"] == 1
    with radius.freeradius(folder) as server:
        assert not login(one.imeisv).accepted
        assert "certificate revoked" in server.wait_for("Login incorrect")
