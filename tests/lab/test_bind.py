"""Bound, verified, revoked: the commands of the contract, with openssl's key and openssl's judgement."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

Lab = Any
KEYS = {"asset", "imei", "laptop_uuid", "serial", "not_after", "fingerprint_sha256", "state"}


def openssl(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, timeout=60)


def test_a_pair_is_bound_once_verified_and_revoked(lab: Callable[..., Lab], tmp_path: Path) -> None:
    bench = lab(count=2, models=["quectel-ec25"])
    secret, csr, laptop = tmp_path / "pass", tmp_path / "lt.csr", tmp_path / "lt.json"
    cert, chain, crl = tmp_path / "lt.pem", tmp_path / "chain.pem", tmp_path / "crl.pem"
    secret.touch(mode=0o600)
    secret.write_text("a passphrase of the test\n")
    laptop.write_text('{"schema":1,"serial":"SN-4711","uuid":"4c4c4544-0042-3510-8052-b4c04f4a3132","host":"lt1"}')
    made = openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                   "-keyout", tmp_path / "lt.key", "-subj", "/CN=lt1", "-out", csr)  # fmt: skip
    assert made.returncode == 0, made.stderr
    unlock = ("--passphrase-file", secret)
    assert bench.run("ca", "init", "--name", "Example Prefecture", *unlock).returncode == 0
    assert bench.run("ca", "chain", "--out", chain).returncode == 0

    def bind(port: str, asset: str) -> subprocess.CompletedProcess[str]:
        loose = ("--csr", csr, "--laptop", laptop, "--asset", asset, "--out", cert, *unlock)
        done: subprocess.CompletedProcess[str] = bench.run("bind", "--device", port, *loose, "--yes", "-F", "json")
        return done

    bound = bind("1-1", "PF0000001")
    assert bound.returncode == 0, bound.stderr
    answer = json.loads(bound.stdout)
    assert answer.keys() >= KEYS and answer["state"] == "active" and len(answer["serial"]) == 32
    assert answer["imei"] == bench.status()[0]["imei"]
    assert openssl("verify", "-CAfile", chain, "-purpose", "sslclient", cert).returncode == 0
    assert json.loads(bind("1-1", "PF0000001").stdout)["serial"] == answer["serial"]  # again is the same
    other = bind("1-2", "PF0000002")
    assert (other.returncode, json.loads(other.stderr)["error"]["code"]) == (1, "binding.taken")
    verify = ("verify", "--pem", cert, "--laptop", laptop, "--device")
    assert (bench.run(*verify, "1-1").returncode, bench.run(*verify, "1-2").returncode) == (0, 5)

    revoked = bench.run("revoke", "--serial", answer["serial"].upper(), "--reason", "keyCompromise", "--yes", *unlock)
    assert revoked.returncode == 0, revoked.stderr
    assert bench.run("ca", "crl", "--out", crl, *unlock).returncode == 0
    refused = openssl("verify", "-crl_check", "-CRLfile", crl, "-CAfile", chain, cert)
    assert "certificate revoked" in refused.stderr
    assert bench.run("verify", "--pem", cert).returncode == 5
    assert bench.run("register", "check").returncode == 0
