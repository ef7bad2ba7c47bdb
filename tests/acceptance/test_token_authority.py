"""The issuing key in a token signs certificates and lists; a wrong PIN is sent once, a removed token is named."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from authorities.desk import Answered
from gateways.bench import Bench
from gateways.programs import need
from keystore_places import PASSPHRASE, SOFTHSM, secret_file, softhsm

pytestmark = pytest.mark.strangers
SPY = next(Path("/usr/lib").glob("*/pkcs11/pkcs11-spy.so"), Path("/usr/lib/pkcs11-spy.so"))


@pytest.fixture
def bench(lab: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A bench whose issuing key is in a token; every call to the token is written down by opensc's spy."""
    need("pkcs11-tool", "opensc")
    if not SPY.exists():
        need("pkcs11-spy.so", "opensc-pkcs11")
    spec = softhsm(tmp_path, monkeypatch)
    monkeypatch.setenv("PKCS11SPY", str(SOFTHSM))
    monkeypatch.setenv("PKCS11SPY_OUTPUT", str(tmp_path / "spy.log"))
    made = Bench(lab(models=["quectel-ec25"]), tmp_path)
    secret_file(tmp_path, "pass", PASSPHRASE)
    made.run("ca", "init", "--name", "Example Prefecture", *made.unlock, "--keystore",
             spec.replace(str(SOFTHSM), str(SPY)))  # fmt: skip
    made.run("ca", "chain", "--out", tmp_path / "chain.pem")
    return made


def logins(work: Path) -> int:
    """How often a PIN was sent to the token since the last question."""
    log = work / "spy.log"
    count = log.read_text(errors="replace").count("C_Login")
    log.write_text("")
    return count


def test_a_token_signs_certificates_and_lists(bench: Bench) -> None:
    openssl = need("openssl", "openssl")
    one = bench.bind(1)
    crl = bench.work / "crl.pem"
    bench.run("revoke", "--serial", one.answer["serial"], "--reason", "keyCompromise", "--yes", *bench.unlock)
    bench.run("ca", "crl", "--out", crl, *bench.unlock)
    check = [openssl, "verify", "-CAfile", bench.work / "chain.pem"]
    assert subprocess.run([*check, bench.work / "lt1.pem"], capture_output=True).returncode == 0
    check += ["-crl_check", "-CRLfile", crl]
    refused = subprocess.run([*check, bench.work / "lt1.pem"], capture_output=True, text=True)
    assert "certificate revoked" in refused.stderr
    assert not list(bench.ca.rglob("issuing*.key.pem"))


def test_a_wrong_pin_is_sent_once_and_never_again_by_itself(bench: Bench) -> None:
    bench.run("ca", "crl", *bench.unlock)
    assert logins(bench.work) >= 1
    wrong = secret_file(bench.work, "wrong", "incorrect-horse-0815")

    def crl(secret: Path) -> Answered:
        return Answered.of(bench.lab.run("ca", "crl", "--passphrase-file", secret, "-F", "json"))

    first = crl(wrong)
    assert (first.code, first.error["code"], logins(bench.work)) == (6, "keystore.pin", 1), first.said
    assert "incorrect-horse" not in first.said
    for secret in (wrong, bench.work / "pass"):  # whoever repeats a failed job would use up the tries
        again = crl(secret)
        assert (again.code, again.error["code"], logins(bench.work)) == (6, "keystore.pin-tries", 0), again.said
    by_hand = ["pkcs11-tool", "--module", SOFTHSM, "--login", "--pin", PASSPHRASE, "--list-objects"]
    subprocess.run(by_hand, check=True, capture_output=True)
    assert crl(bench.work / "pass").code == 0


def test_a_removed_token_is_named_and_nothing_changes(bench: Bench) -> None:
    before = (bench.ca / "crl.pem").read_bytes() if (bench.ca / "crl.pem").exists() else None
    tokens = bench.work / "tokens"
    tokens.rename(bench.work / "drawer")
    tokens.mkdir()
    gone = Answered.of(bench.lab.run("ca", "crl", *bench.unlock, "-F", "json"))
    assert (gone.code, gone.error["code"]) == (6, "keystore.removed"), gone.said
    assert "bench" in gone.error["message"]
    assert ((bench.ca / "crl.pem").read_bytes() if (bench.ca / "crl.pem").exists() else None) == before
    tokens.rmdir()
    (bench.work / "drawer").rename(tokens)
    bench.run("ca", "crl", *bench.unlock)
