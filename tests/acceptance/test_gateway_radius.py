"""From the plugged dongle to FreeRADIUS: bound, exported, let in, revoked, shut out; every step of ours a command."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from gateways import radius
from gateways.bench import Bench, Bound
from gateways.programs import need
from ports import free_port

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
        "--listen", "127.0.0.1", "--port", str(port),
    )  # fmt: skip
    planned = bench.json(*export, "--dry-run")
    assert planned["result"] == "planned" and not folder.exists()
    assert bench.json(*export)["bindings"] == 2
    assert bench.json(*export)["result"] == "already"
    users = folder / "mods-config" / "files" / "dongle_bindings"
    ours = users.read_bytes()
    users.write_bytes(b"somebody else's")
    bench.run(*export, code=1)  # not over what somebody else wrote
    bench.run(*export, "--force", code=2)  # that is asked about, and there is no terminal
    assert users.read_bytes() == b"somebody else's"
    bench.run(*export, "--force", "--yes")
    assert users.read_bytes() == ours
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
        _the_laptops_profiles_log_on(bench, one, port, radius.secret_of(folder))
    bench.run("revoke", "--serial", one.answer["serial"], "--reason", "keyCompromise", "--yes", *bench.unlock)
    assert bench.json(*export)["bindings"] == 1
    with radius.freeradius(folder) as server:
        assert not login(one.imeisv).accepted
        assert "certificate revoked" in server.wait_for("Login incorrect")


def _the_laptops_profiles_log_on(bench: Bench, pair: Bound, port: int, secret: str) -> None:
    """wpa_supplicant's own programs and NetworkManager's take what `export` writes for one laptop."""
    places = ("--asset", pair.answer["asset"], "--client-certificate", pair.pem, "--client-key", pair.key,
              "--server-ca", bench.root, "--server-name", radius.HOST, "--yes")  # fmt: skip
    profiles = bench.work / "profiles"
    bench.run("export", "wpa", profiles / "wpa", *places)
    assert radius.supplicant(profiles / "wpa" / "PF0000001.conf", port, secret, imeisv=pair.imeisv).accepted
    bench.run("export", "networkmanager", profiles / "nm", *places)
    written = (profiles / "nm" / "PF0000001.nmconnection").read_text()
    nmcli = [need("nmcli", "network-manager"), "--offline", "connection", "modify", "connection.autoconnect", "no"]
    read = subprocess.run(nmcli, input=written, capture_output=True, text=True, timeout=30)
    assert read.returncode == 0, read.stderr
    assert f"private-key={pair.key}" in read.stdout and "eap=tls;" in read.stdout and "autoconnect=false" in read.stdout


def test_the_register_itself_can_be_the_judge(lab: Callable[..., Lab], tmp_path: Path) -> None:
    need("freeradius", "freeradius")
    bench = Bench(lab(count=1, models=["quectel-ec25"]), tmp_path)
    bench.init()
    one = bench.bind(1)
    certificate, key = bench.server(radius.HOST)
    judge = tmp_path / "dongle-verify"
    judge.write_text(f"#!/bin/sh\nDONGLE_HOME='{bench.lab.home}' exec '{sys.executable}' -m dongle_cli \"$@\"\n")
    judge.chmod(0o755)
    folder, port = tmp_path / "raddb", free_port(radius.UDP)
    bench.run(
        "export", "freeradius", folder, "--server-certificate", certificate, "--server-key", key, "--listen",
        "127.0.0.1", "--port", str(port), "--verify-command", judge, "--yes",
    )  # fmt: skip
    at = (tmp_path, port, radius.secret_of(folder))
    with radius.freeradius(folder):
        assert radius.login(*at, ca=bench.root, pem=one.pem, key=one.key, imeisv=one.imeisv).accepted
        bench.run("revoke", "--asset", "PF0000001", "--reason", "superseded", "--yes", *bench.unlock)
        assert not radius.login(*at, ca=bench.root, pem=one.pem, key=one.key, imeisv=one.imeisv).accepted
    assert not list((folder / "tmp-dongle").iterdir())
