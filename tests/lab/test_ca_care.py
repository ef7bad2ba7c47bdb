"""The care of the authority: status, renewal in bulk, a backup that is really restored, and a root key that is gone."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from binding_bench import Bench, history, laptop_file, make, openssl, records
from cryptography import x509

Lab = Any


@pytest.fixture
def bench(lab: Callable[..., Lab], tmp_path: Path) -> Bench:
    """A bench with an authority and two bound dongles, one of which ends within ten days."""
    made = make(lab(count=2, models=["quectel-ec25"]), tmp_path)
    made.first = made.json(*made.bind("1-1", 1, "--days", "10"))
    made.json(*made.bind("1-2", 2, "--days", "400"))
    return made


def test_status_says_what_ends_and_renew_renews_just_that(bench: Bench, tmp_path: Path) -> None:
    done = bench.run("ca", "status", "--before", "30d", "-F", "json")
    assert done.returncode == 5  # something ends: somebody has to act
    status = bench.run("ca", "status", "--before", "30d")
    assert "PF0000002" not in status.stdout and "1 of them end within 30 days" in status.stdout
    assert bench.run("ca", "status", "--before", "5d").returncode == 0
    answers = tmp_path / "answers"
    renewing = ("ca", "renew", "--before", "30d", "--out", answers, *bench.unlock)
    assert bench.run(*renewing, "--dry-run").returncode == 0
    assert not answers.exists()
    new = bench.json(*renewing, "--yes")
    assert (new["asset"], new["state"]) == ("PF0000001", "active")
    assert new["not_after"] > bench.first["not_after"] and new["serial"] != bench.first["serial"]
    assert [path.name for path in answers.iterdir()] == ["PF0000001.answer"]
    assert bench.run("ca", "status", "--before", "30d").returncode == 0
    assert bench.run(*renewing, "--yes").returncode == 0  # nothing is left to do
    # The laptop has not taken it yet: its old certificate is good until it ends, and is on no list.
    old = ("verify", "--pem", tmp_path / "lt1.pem", "--laptop", laptop_file(tmp_path, 1), "-d", "1-1")
    assert bench.run(*old).returncode == 0
    bench.json("ca", "crl", "--out", tmp_path / "crl.pem", *bench.unlock)
    chain = tmp_path / "chain.pem"
    chain.write_text(bench.chain())
    check = ("verify", "-crl_check", "-CRLfile", tmp_path / "crl.pem", "-CAfile", chain, tmp_path / "lt1.pem")
    assert openssl(*check).returncode == 0
    # A lost dongle takes both certificates with it.
    bench.json("revoke", "--imei", new["imei"], "--reason", "keyCompromise", "--yes", *bench.unlock)
    crl = x509.load_pem_x509_crl((bench.home / "data" / "ca" / "crl.pem").read_bytes())
    assert {f"{entry.serial_number:032x}" for entry in crl} == {new["serial"], bench.first["serial"]}


# Runs the words after it at a terminal of its own, answers every question for a passphrase, and says no to every other.
AT_TERMINAL = """
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
said = b""
while True:
    try:
        piece = os.read(terminal, 4096)
    except OSError:
        break
    if not piece:
        break
    said += piece
    if said.endswith(b": ") and b"Passphrase for" in said.splitlines()[-1]:
        os.write(terminal, b"a passphrase of the test\\n")
    if said.endswith(b"[y/N] "):
        os.write(terminal, b"n\\n")
sys.stdout.buffer.write(said)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""


def test_at_a_terminal_each_passphrase_is_asked_once(bench: Bench, tmp_path: Path) -> None:
    words = ("ca", "renew", "--before", "500d", "--out", tmp_path / "answers", "--yes")
    done = subprocess.run(
        [sys.executable, "-c", AT_TERMINAL, sys.executable, "-m", "dongle_cli", *map(str, words)],
        env=bench.lab.environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    asked = [line for line in done.stdout.splitlines() if line.startswith("Passphrase for")]
    assert len(asked) == len(set(asked)) == 2, done.stdout  # the issuing key's, and that for evidence
    assert [signed for _body, signed in records(bench, "renew")] == [True, True]


def test_a_backup_is_restored_on_another_machine_and_goes_on(bench: Bench, tmp_path: Path) -> None:
    saved, other = tmp_path / "backup.tar", tmp_path / "other"
    before = bench.json("ca", "crl", *bench.unlock)["number"]
    told = bench.json("ca", "backup", "--out", saved)
    assert told["root_key"] and told["register"] and saved.stat().st_mode & 0o077 == 0
    bench.json("ca", "crl", *bench.unlock)  # a list that the backup does not know
    bench.environment["DONGLE_HOME"] = str(other)
    restored = bench.json("ca", "restore", saved, "--yes", *bench.unlock)
    assert restored["history"] == told["history"]
    assert bench.run("register", "check").returncode == 0
    bench.refused(6, "authority.exists", "ca", "restore", saved, "--yes", *bench.unlock)
    assert bench.json("verify", "--pem", tmp_path / "lt1.pem")["result"] == "ok"
    bench.json("revoke", "--asset", "PF0000001", "--reason", "superseded", "--yes", *bench.unlock)
    crl = x509.load_pem_x509_crl((other / "data" / "ca" / "crl.pem").read_bytes())
    number = crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    assert number > before + 100  # no number that may be out there comes twice
    assert [f"{entry.serial_number:032x}" for entry in crl] == [bench.first["serial"]]


@pytest.mark.parametrize("damage", ["bit", "short", "missing", "stranger"])
def test_a_damaged_backup_is_refused_and_changes_nothing(bench: Bench, tmp_path: Path, damage: str) -> None:
    saved = tmp_path / "backup.tar"
    bench.json("ca", "backup", "--out", saved)
    whole = saved.read_bytes()
    at = whole.index(b"BEGIN CERTIFICATE") + 100
    if damage == "bit":
        saved.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    elif damage == "short":
        saved.write_bytes(whole[: len(whole) // 2])
    elif damage == "missing":
        saved.unlink()
    else:
        with tarfile.open(saved, "w") as archive:
            archive.add(tmp_path / "lt1.pem", "../../lt1.pem")
    bench.environment["DONGLE_HOME"] = str(tmp_path / "other")
    bench.refused(6, "authority.backup", "ca", "restore", saved, "--yes", *bench.unlock)
    assert not (tmp_path / "other").exists()


def test_the_root_key_leaves_and_comes_back_for_its_list(bench: Bench, tmp_path: Path) -> None:
    medium = tmp_path / "medium"
    medium.mkdir()
    folder = bench.home / "data" / "ca"
    key = (folder / "root" / "root.key.pem").read_bytes()
    moving = ("ca", "offline", "--to", medium, "--yes", *bench.unlock)
    if medium.stat().st_dev == folder.stat().st_dev:
        bench.refused(6, "authority.same-disk", *moving)
    wrong = tmp_path / "wrong"
    wrong.touch(mode=0o600)
    wrong.write_text("not the passphrase\n")
    bench.refused(6, "keystore.passphrase", *moving[:5], "--passphrase-file", wrong, "--force")
    assert (folder / "root" / "root.key.pem").read_bytes() == key  # whatever fails leaves it here
    moved = bench.json(*moving, "--force")
    assert moved["searched"] > 5 and (medium / "root" / "root.key.pem").read_bytes() == key
    middle = key[len(key) // 3 : len(key) // 3 + 64]
    assert not any(middle in path.read_bytes() for path in bench.home.rglob("*") if path.is_file())
    assert bench.run("ca", "status").stdout.count("away") == 1
    bench.refused(6, "authority.root-offline", *moving, "--force")
    bench.refused(6, "authority.root-offline", "ca", "crl", "--root", *bench.unlock)
    listed = bench.json("ca", "crl", "--root", "--root-from", medium, "--out", tmp_path / "root.crl.pem", *bench.unlock)
    assert listed["entries"] == 0
    chain = tmp_path / "chain.pem"
    chain.write_text(bench.chain())
    shown = openssl("crl", "-in", tmp_path / "root.crl.pem", "-CAfile", chain, "-noout")
    assert b"verify OK" in shown.stderr
    # Everyday work needs it not, and a backup does not hold it.
    bench.json("revoke", "--asset", "PF0000002", "--reason", "superseded", "--yes", *bench.unlock)
    assert not bench.json("ca", "backup", "--out", tmp_path / "backup.tar")["root_key"]
    shutil.rmtree(medium)


def test_the_authority_renews_its_own_signers(bench: Bench) -> None:
    folder = bench.home / "data" / "ca"
    before = (folder / "evidence.pem").read_bytes()
    assert bench.json("ca", "renew", "--signers", "--before", "30d", *bench.unlock)["renewed"] == []
    told = bench.json("ca", "renew", "--signers", "--before", "3000d", *bench.unlock)
    assert told["renewed"] == ["ocsp", "evidence"] and (folder / "evidence.pem").read_bytes() != before
    assert bench.run("evidence", "head", *bench.unlock).returncode == 0
    assert bench.run("evidence", "verify").returncode == 0  # what was signed before, too


def test_a_dry_run_says_what_would_be_done_and_does_nothing(bench: Bench, tmp_path: Path) -> None:
    medium, saved = tmp_path / "medium", tmp_path / "saved.tar"
    medium.mkdir()
    bench.json("ca", "backup", "--out", saved)
    folder, out = bench.home / "data" / "ca", tmp_path / "out"

    def state() -> dict[Path, bytes]:
        files = [path for path in bench.home.rglob("*") if path.is_file() and "register.db" not in path.name]
        return {path: path.read_bytes() for path in files}

    before, entries = state(), len(history(bench))
    for words, said in {
        ("ca", "canary"): "canary", ("ca", "crl", "--out", out): str(out), ("ca", "crl", "--root"): "root-crl.pem",
        ("ca", "use", folder): "Example Prefecture", ("ca", "chain", "--out", out): str(out),
        ("ca", "backup", "--out", out): "register.db", ("ca", "renew", "--before", "30d"): "PF0000001",
        ("ca", "renew", "--signers", "--before", "3000d"): "evidence certificate",
        ("ca", "offline", "--to", medium, "--force"): str(medium / "root"), ("evidence", "head"): "signed",
        ("register", "extract", "--out", out): "2 bindings", ("profile", "new", "a-new-one"): "a-new-one",
        ("change", "sim", "--asset", "PF0000001", "--iccid", "8981030000019990008"): "8981030000019990008",
    }.items():  # fmt: skip
        done = bench.run(*words, "--dry-run")
        assert done.returncode == 0 and said in done.stdout + done.stderr, (words, done)
        assert words[0] == "profile" or "Nothing was changed" in done.stderr, (words, done)
        if words[1] != "use":
            told = json.loads(bench.run(*words, "-n", "-F", "json").stdout)
            assert words[0] == "profile" or told["result"] == "planned", (words, told)
    assert (state(), len(history(bench)), out.exists(), list(medium.iterdir())) == (before, entries, False, [])
    bench.refused(6, "authority.exists", "ca", "restore", saved, "--dry-run")
    bench.refused(6, "keystore.unwritable", "ca", "offline", "--to", tmp_path / "absent", "--dry-run")
    bench.environment["DONGLE_HOME"] = str(tmp_path / "other")
    planned = bench.run("ca", "restore", saved, "--dry-run")
    assert planned.returncode == 0 and "Example Prefecture" in planned.stderr and "Nothing was" in planned.stderr
    assert not (tmp_path / "other" / "data").exists()


def test_a_limit_and_a_missing_keyring_are_said_as_what_they_are(bench: Bench, tmp_path: Path) -> None:
    assert "between 1d and 3650d" in bench.run("ca", "status", "--before", "9999d").stderr
    assert "such as 30d" in bench.run("ca", "status", "--before", "soon").stderr
    error = bench.refused(6, "secret.no-keyring", "ca", "crl")
    assert "--passphrase-file" in error["hint"] and ".." not in error["message"]
    (answers := tmp_path / "answers").mkdir()
    listed = ("bind", "--all", "--list", tmp_path / "nope.csv", "--out", answers, "--yes", *bench.unlock)
    assert "SIM" not in bench.refused(1, "sims.unreadable", *listed)["message"]
    (request := tmp_path / "request").write_text("{}")
    bench.refused(2, "usage.out", "bind", "--request", request, "--out", request, "--yes", *bench.unlock)
    assert request.read_text() == "{}"


def test_whoever_says_no_is_told_so_and_no_script_takes_it_for_done(bench: Bench, tmp_path: Path) -> None:
    asset = ("--asset", "PF0000001")
    for words in (
        ("revoke", *asset, "--reason", "superseded"), ("unbind", *asset), ("lost", *asset),
        ("change", "sim", *asset, "--iccid", "8981030000019990008"), ("ca", "renew", "--before", "30d"),
        ("bind", "--device", "1-1", "--csr", tmp_path / "lt1.csr", "--laptop", laptop_file(tmp_path, 1),
         "--asset", "PF0000001", "--out", tmp_path / "again.pem"),
    ):  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-c", AT_TERMINAL, sys.executable, "-m", "dongle_cli", *map(str, words)],
            env=bench.lab.environment, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert (done.returncode, "[usage.declined]" in done.stdout) == (2, True), (words, done)
    assert bench.run("verify", "--pem", tmp_path / "lt1.pem").returncode == 0
