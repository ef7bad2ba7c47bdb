"""Enrolment over EST: both verbs, certificate and password, waiting, redirects, and damaged answers."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from authorities.desk import Desk
from authorities.est_server import Est, est_server
from gateways.programs import need

pytestmark = pytest.mark.strangers
ENROL, RENEW = "/.well-known/est/simpleenroll", "/.well-known/est/simplereenroll"


@pytest.fixture
def est(tmp_path: Path) -> Iterator[Est]:
    with est_server(tmp_path) as server:
        yield server


@pytest.fixture
def desk(lab: Callable[..., Any], tmp_path: Path) -> Desk:
    made = Desk(lab(models=["quectel-ec25"]), tmp_path)
    made.request()
    return made


def place(est: Est, work: Path, **settings: str | Path) -> str:
    """The authority as the command line names it."""
    words = {"ca": work / "root.pem", **settings}
    return f"est:{est.url}?" + "&".join(f"{name}={value}" for name, value in words.items())


def test_the_bench_logs_on_with_its_certificate_and_a_pair_renews_with_its_own(desk: Desk, est: Est) -> None:
    pem, key = est.pki.client("bench-1").write(desk.work, "bench", est.pki.issuing)
    bound = desk.bind(place(est, desk.work, cert=pem, key=key))
    assert (bound.code, bound.answer["state"]) == (0, "active"), bound.said
    assert (ENROL, "bench-1") in est.seen
    assert not [path for path, _name in est.seen if "reenroll" in path]
    # The laptop's own certificate has the names of the request: that is a renewal (clause 4.2.2).
    chain = desk.work / "own.pem"
    chain.write_bytes((desk.work / "lt.pem").read_bytes() + est.pki.issuing.pem)
    gone = desk.bench.run("unbind", "--asset", desk.asset, "--yes", "-F", "json")
    assert gone.returncode == 0, gone.stderr
    again = desk.bind(place(est, desk.work, cert=chain, key=desk.work / "lt.key"))
    assert again.code == 0, again.said
    assert est.seen[-1] == (RENEW, desk.asset)
    assert again.answer["serial"] != bound.answer["serial"]


def test_a_password_is_given_when_it_is_asked_for_and_only_once(desk: Desk, est: Est) -> None:
    est.login = "bench:open-sesame-4711"
    secret = desk.work / "secret"
    secret.touch(mode=0o600)
    secret.write_text("not-this-one-0815\n")
    refused = desk.bind(place(est, desk.work))
    assert (refused.code, refused.error["code"]) == (6, "authority.login"), refused.said
    before = len(est.seen)
    refused = desk.bind(place(est, desk.work, user="bench", password=f"file:{secret}"))
    assert refused.error["code"] == "authority.login"
    assert [path for path, _name in est.seen[before:]].count(ENROL) == 2  # the question, and one answer
    assert "not-this-one-0815" not in refused.said
    secret.write_text("open-sesame-4711\n")
    assert desk.bind(place(est, desk.work, user="bench", password=f"file:{secret}")).code == 0
    typed = desk.bind(place(est, desk.work, user="bench", password="open-sesame-4711"))
    assert (typed.code, typed.error["code"]) == (2, "usage.authority")
    assert "open-sesame" not in typed.said


def test_a_person_has_to_agree_and_the_same_command_goes_on(desk: Desk, est: Est) -> None:
    est.waits = ["600", "60"]
    for after in ("600", "60"):
        waiting = desk.bind(place(est, desk.work))
        assert (waiting.code, waiting.error["code"]) == (7, "authority.waiting"), waiting.said
        assert waiting.error["retry_after"] == after
        assert desk.states() == ["pending"]
    assert desk.bind(place(est, desk.work)).code == 0
    assert desk.states() == ["active"]


def test_redirects_stay_with_the_same_server(desk: Desk, est: Est) -> None:
    est.moved = "/.well-known/est/bench/simpleenroll"
    code = desk.bind(place(est, desk.work)).error["code"]
    assert code == "authority.redirect"  # round and round
    assert [path for path, _name in est.seen].count("/.well-known/est/bench/simpleenroll") == 3
    est.moved = "https://elsewhere.example/simpleenroll"
    away = desk.bind(place(est, desk.work))
    assert away.error["code"] == "authority.redirect" and "elsewhere.example" in away.error["message"]


def test_answers_in_many_lines_are_read_and_damaged_ones_named(desk: Desk, est: Est) -> None:
    for raw in (b"", b"<html>", b"MIIB", base64.b64encode(bytes(300)), bytes(1 << 21)):
        est.raw = raw
        damaged = desk.bind(place(est, desk.work))
        assert (damaged.code, damaged.error["code"]) == (6, "authority.protocol"), (raw[:20], damaged.said)
    est.raw, est.encode = None, base64.encodebytes
    assert desk.bind(place(est, desk.work)).code == 0


def test_a_server_that_is_not_below_the_named_root_gets_nothing(desk: Desk, est: Est, tmp_path: Path) -> None:
    from gateways.pki import Pki

    other = tmp_path / "other.pem"
    other.write_bytes(Pki().root.pem)
    untrusted = desk.bind(place(est, desk.work, ca=other))
    assert (untrusted.code, untrusted.error["code"]) == (6, "authority.untrusted"), untrusted.said
    assert not est.seen


def test_the_server_is_one_that_strongswan_enrols_with_too(est: Est, tmp_path: Path) -> None:
    pki = need("pki", "strongswan-pki")
    old, key = est.pki.client("bench-1").write(tmp_path, "old")
    subprocess.run(["openssl", "req", "-new", "-key", key, "-subj", "/O=Pref Example/CN=bench-1/serialNumber=bench-1",
                    "-outform", "DER", "-out", tmp_path / "r.der"], check=True)  # fmt: skip
    common = ["--url", est.url, "--cacert", tmp_path / "root.pem", "--cacert", tmp_path / "ca.pem"]
    enrolled = subprocess.run(
        [pki, "--est", *common, "--in", tmp_path / "r.der", "--cert", old, "--key", key, "--outform", "pem"],
        capture_output=True, timeout=60,
    )  # fmt: skip
    assert enrolled.returncode == 0 and b"BEGIN CERTIFICATE" in enrolled.stdout, enrolled.stderr
    assert any(path in (ENROL, RENEW) and name == "bench-1" for path, name in est.seen)
