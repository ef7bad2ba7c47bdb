"""Part of a pair is replaced: what that does to the certificate, and what is refused."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from binding_bench import Bench, csr_file, history, laptop_file, make, openssl, records

Lab = Any
ASSET = ("--asset", "PF0000001")


@pytest.fixture
def bench(lab: Callable[..., Lab], tmp_path: Path) -> Bench:
    """A bench with an authority and three dongles, the first of which is bound to laptop 1."""
    made = make(lab(count=3, models=["quectel-ec25"]), tmp_path)
    made.first = made.json(*made.bind("1-1", 1))
    return made


def test_another_sim_changes_the_register_and_no_certificate(bench: Bench) -> None:
    first, other = bench.lab.status()[0]["iccid"], bench.lab.status()[1]["iccid"]
    assert bench.json("change", "sim", "-d", "1-1", "--yes")["result"] == "already"
    bench.refused(5, "binding.other-dongle", "change", "sim", *ASSET, "-d", "1-2", "--yes")
    new = "8981030000019990008"
    plan = bench.run("change", "sim", *ASSET, "--iccid", new, "--dry-run")
    assert (plan.returncode, new in plan.stderr) == (0, True)
    changed = bench.json("change", "sim", *ASSET, "--iccid", new, "--yes")
    assert (changed["iccid"], changed["new_certificate"]) == (new, False)
    assert changed["serial"] == bench.first["serial"]
    (body,) = [body for kind, body in history(bench) if kind == "binding-sim"]
    assert (body["iccid"], body["before"]["iccid"]) == (new, first)
    ((record, _signed),) = records(bench, "change-sim")  # what was so already leaves none
    assert record["changes"] == [{"what": "iccid", "before": first, "after": new}]
    assert (record["kind"], record["replaces"], bool(record["operator"])) == ("change-sim", None, True)
    bench.json(*bench.bind("1-2", 2))
    taken = bench.refused(1, "binding.taken", "change", "sim", *ASSET, "--iccid", other, "--yes")
    assert taken["conflicts"][0]["asset"] == "PF0000002"
    bench.refused(1, "identity.iccid", "change", "sim", *ASSET, "--iccid", "8.98103E+18", "--yes")


def test_another_dongle_gets_a_new_certificate_for_the_same_key(bench: Bench, tmp_path: Path) -> None:
    replace = ("change", "dongle", *ASSET, "-d", "1-2", *bench.unlock, "--yes")
    bench.refused(2, "usage.out", *replace)
    new = bench.json(*replace, "--out", tmp_path / "a")
    assert new["new_certificate"] and new["replaced_serial"] == bench.first["serial"] != new["serial"]
    assert new["imei"] == bench.lab.status()[1]["imei"]
    again = bench.json(*replace, "--out", tmp_path / "b")
    assert (again["result"], again["serial"]) == ("already", new["serial"])
    ((record, signed),) = records(bench, "change-dongle")
    assert (record["replaces"], record["binding"]["serial"], signed) == (bench.first["serial"], new["serial"], True)
    answer = json.loads((tmp_path / "a").read_text())
    (tmp_path / "new.pem").write_text(answer["certificate"])
    (tmp_path / "chain.pem").write_text(answer["chain"])
    for name, good in (("lt1.pem", False), ("new.pem", True)):
        crl = bench.home / "data" / "ca" / "crl.pem"
        check = openssl("verify", "-crl_check", "-CRLfile", crl, "-CAfile", tmp_path / "chain.pem", tmp_path / name)
        assert (check.returncode == 0) == good, check.stderr
    assert bench.run("verify", "--pem", tmp_path / "new.pem", "-d", "1-2").returncode == 0
    bench.json(*bench.bind("1-1", 3))  # the old dongle is free again


def test_a_new_main_board_a_new_key_and_another_laptop(bench: Bench, tmp_path: Path) -> None:
    described = json.loads(laptop_file(tmp_path, 1).read_text())
    board = tmp_path / "board.json"
    board.write_text(json.dumps({**described, "uuid": "4c4c4544-0042-3510-8052-ffffffff0001"}))
    common = (*bench.unlock, "--yes", "--out", tmp_path / "a")
    new = bench.json("change", "board", *ASSET, "--laptop", board, *common)
    assert new["new_certificate"] and new["laptop_uuid"].endswith("ffffffff0001")
    other = laptop_file(tmp_path, 2)
    bench.refused(5, "binding.other-laptop", "change", "board", *ASSET, "--laptop", other, *common)

    def request(laptop: Path, *more: str) -> Path:
        out = tmp_path / "r"
        bench.json("bind", "request", "--out", out, "--laptop", laptop, *bench.unlock, *more)
        return out

    bench.refused(5, "binding.other-laptop", "change", "key", *ASSET, "--request", request(other), *common)
    rekeyed = bench.json("change", "key", *ASSET, "--request", request(board), *common)
    assert rekeyed["new_certificate"] and rekeyed["serial"] != new["serial"]
    bench.json("bind", "accept", tmp_path / "a", "--laptop", board, "--yes", *bench.unlock)
    bench.refused(1, "request.same-key", "change", "laptop", *ASSET, "--request", request(other), *common)
    moved = bench.json("change", "laptop", *ASSET, "--request", request(other, "--new-key"), *common)
    assert (moved["laptop_host"], moved["laptop_serial"]) == ("lt2", "SN-0002")
    assert [kind for kind, _body in history(bench)].count("binding-superseded") == 3


def test_behind_an_opaque_certificate_hardware_changes_and_the_certificate_stays(bench: Bench, tmp_path: Path) -> None:
    opaque = bench.json(*bench.bind("1-2", 2, "--opaque"))
    changed = bench.json("change", "dongle", "--asset", "PF0000002", "-d", "1-3", "--yes")
    assert (changed["serial"], changed["new_certificate"]) == (opaque["serial"], False)
    assert changed["imei"] == bench.lab.status()[2]["imei"]
    assert bench.run("verify", "--pem", tmp_path / "lt2.pem", "-d", "1-3").returncode == 0
    assert bench.run("verify", "--pem", tmp_path / "lt2.pem", "-d", "1-2").returncode == 5
    bench.json(*bench.bind("1-2", 4))


def test_lost_and_found_again_returned_and_bound_anew(bench: Bench, tmp_path: Path) -> None:
    pem = tmp_path / "lt1.pem"
    assert bench.json("found", *ASSET, "--yes", *bench.unlock)["result"] == "already"
    bench.json("revoke", *ASSET, "--reason", "certificateHold", "--yes", *bench.unlock)
    bench.refused(1, "binding.taken", *bench.bind("1-1", 2))  # on hold is still bound
    released = bench.json("found", *ASSET, "--yes", *bench.unlock)
    assert released["result"] == "ok"
    ((record, signed),) = records(bench, "found")
    assert (record["binding"]["state"], record["crl_number"], signed) == ("active", released["crl_number"], True)
    assert bench.run("evidence", "verify").returncode == 0
    assert bench.run("verify", "--pem", pem).returncode == 0
    bench.json("revoke", *ASSET, "--reason", "keyCompromise", "--yes", *bench.unlock)
    bench.refused(1, "binding.not-held", "found", *ASSET, "--yes", *bench.unlock)
    assert "失効(keyCompromise)" in bench.run("found", *ASSET, "--yes", "--lang", "ja", *bench.unlock).stderr
    bench.refused(1, "binding.ended", "change", "sim", *ASSET, "--iccid", "8981030000019990008", "--yes")
    bench.refused(1, "request.key-compromised", *bench.bind("1-1", 1))
    (tmp_path / "lt1.csr").unlink()
    csr_file(tmp_path, "lt1")
    bench.json(*bench.bind("1-1", 1))
    bench.json("unbind", *ASSET, "--yes", *bench.unlock)
    assert bench.run("verify", "--pem", pem).returncode == 5
    bench.json(*bench.bind("1-1", 2))  # dongle and laptop are free again
    bench.refused(1, "binding.unknown", "unbind", "--asset", "PF9", "--yes", *bench.unlock)
    bench.refused(2, "usage.name", "unbind", "--asset", "PF1", "--imei", bench.first["imei"], "--yes", *bench.unlock)


def test_a_certificate_that_is_revoked_while_no_list_is_signed_is_no_success(bench: Bench, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.touch(mode=0o600)
    wrong.write_text("another passphrase\n")
    ending = ("revoke", *ASSET, "--reason", "superseded", "--yes", "-F", "json")
    for unlock, code in ((("--passphrase-file", wrong), "keystore.passphrase"), ((), "secret.")):
        done = bench.run(*ending, *unlock)
        answer, error = json.loads(done.stdout), json.loads(done.stderr)["error"]
        assert (done.returncode, answer["result"], answer["crl_number"]) == (6, "failed", None)
        assert answer["code"] == error["code"] and error["code"].startswith(code)
        assert answer["bindings"][0]["state"] == "revoked"  # the register's state stays
    told = bench.run("revoke", *ASSET, "--reason", "superseded", "--yes")
    assert (told.returncode, "Gateways know nothing yet" in told.stderr) == (6, True)
    done = bench.run("lost", *ASSET, "--requests", tmp_path / "letters", "--yes", "-F", "json")
    assert (done.returncode, json.loads(done.stdout)["result"]) == (6, "failed")
    assert len(list((tmp_path / "letters").iterdir())) == 5
    assert bench.json(*ending[:-2], *bench.unlock)["result"] == "already"
    bench.json(*bench.bind("1-2", 2))
    changing = ("change", "dongle", "--asset", "PF0000002", "-d", "1-3", "--out", tmp_path / "a", "--yes")
    done = bench.run(*changing)  # here the key is needed before anything is done
    assert (done.returncode, "[secret." in done.stderr) == (6, True)


def test_taken_off_hold_by_revoke_is_what_found_does(bench: Bench) -> None:
    free = ("revoke", *ASSET, "--reason", "removeFromCRL", "--yes", *bench.unlock)
    asked = bench.run(*free)
    assert (asked.returncode, "refuse" in asked.stderr) == (0, False)
    bench.json("revoke", *ASSET, "--reason", "certificateHold", "--yes", *bench.unlock)
    planned = bench.run(*free, "--dry-run")
    assert (planned.returncode, "Nothing was changed" in planned.stderr) == (0, True)
    done = bench.run(*free)
    assert "Gateways let the certificate in again" in done.stderr and "is in force again" in done.stdout
    answer = bench.json(*free)
    assert (answer["result"], answer["reason"]) == ("already", "removeFromCRL")
    bench.json("revoke", *ASSET, "--reason", "superseded", "--yes", *bench.unlock)
    bench.refused(1, "binding.not-held", *free)


def test_a_plan_says_what_would_be_done_and_that_nothing_was(bench: Bench) -> None:
    for words in (("revoke", *ASSET, "--reason", "superseded"), ("unbind", *ASSET)):
        done = bench.run(*words, "--dry-run")
        assert "1 certificate would be revoked" in done.stderr and "Nothing was changed" in done.stderr
    bench.lab.run("provision", bench.lab.profile, "--sims", bench.lab.sims, "--all", "--yes", "--no-attach")
    unbound = bench.run("lost", "--imei", bench.lab.status()[1]["imei"], "--dry-run")
    assert "no certificate to revoke" in unbound.stderr and "would be revoked" not in unbound.stderr


def test_a_mistyped_iccid_is_refused(bench: Bench) -> None:
    bench.refused(1, "identity.iccid", "change", "sim", *ASSET, "--iccid", "8981103534476000037", "--yes")


def test_what_cannot_be_found_again_is_not_promised(bench: Bench, tmp_path: Path) -> None:
    maybe = ("lost", *ASSET, "--how", "maybe", "--yes", *bench.unlock, "--requests")
    held = bench.run(*maybe, tmp_path / "held")
    assert "dongle-cli found" in held.stdout
    letter = (tmp_path / "held" / "2-directory.txt").read_text()
    assert "on hold" in letter and "was revoked" not in letter and "一時停止" in letter
    bench.json("revoke", *ASSET, "--reason", "keyCompromise", "--yes", *bench.unlock)
    again = bench.run(*maybe, tmp_path / "gone")
    assert again.returncode == 0 and "dongle-cli found" not in again.stdout
    letter = (tmp_path / "gone" / "2-directory.txt").read_text()
    assert "was revoked" in letter and "on hold" not in letter


def test_no_list_of_ours_is_said_to_end_what_another_authority_issued(bench: Bench) -> None:
    with closing(sqlite3.connect(bench.home / "data" / "register.db")) as connection, connection:
        connection.execute("update bindings set authority = 'est+https://ca.pref.example'")
    done = bench.run("unbind", *ASSET, "--yes")
    assert (done.returncode, "ca.pref.example: they have to be told" in done.stderr) == (0, True), done.stderr
    assert "Gateways" not in done.stderr and bench.json("unbind", *ASSET, "--yes")["crl_number"] is None
