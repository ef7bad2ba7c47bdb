"""Enrolment with a SCEP server that nobody here wrote: micromdm's, which Debian packages."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from authorities.apart import apart
from authorities.desk import Desk
from cryptography import x509
from gateways.programs import need

pytestmark = pytest.mark.strangers


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The server's URL and the certificate of its authority."""
    program, depot = need("scepserver", "scep"), tmp_path / "depot"
    made = [program, "ca", "-init", "-depot", depot, "-keySize", "2048", "-organization", "Example Prefecture"]
    subprocess.run(made, check=True, capture_output=True)
    command = [program, "-depot", depot, "-port", "8080", "-challenge", "sesame-4711", "-crtvalid", "700"]
    with apart(command, 8080) as port:
        yield f"scep:http://127.0.0.1:{port}/scep", depot / "ca.pem"


def test_a_scep_server_signs_and_the_key_never_comes_to_the_bench(
    lab: Callable[..., Any], tmp_path: Path, server: tuple[str, Path]
) -> None:
    desk = Desk(lab(models=["quectel-ec25"]), tmp_path)
    desk.request("challengePassword=sesame-4711", key="rsa:2048")
    bound = desk.bind(f"{server[0]}?ca={server[1]}")
    assert bound.code == 0, bound.said
    assert bound.answer["state"] == "active"
    verified = subprocess.run(
        ["openssl", "verify", "-CAfile", server[1], "-purpose", "sslclient", tmp_path / "lt.pem"], capture_output=True
    )
    assert verified.returncode == 0, verified.stderr
    names = desk.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == desk.uris
    again = desk.bind(f"{server[0]}?ca={server[1]}")
    assert again.answer["serial"] == bound.answer["serial"]


def test_a_laptops_own_request_carries_names_and_challenge(
    lab: Callable[..., Any], tmp_path: Path, server: tuple[str, Path]
) -> None:
    desk = Desk(lab(models=["quectel-ec25"]), tmp_path)
    desk.request()  # for the laptop's description
    for name, text in (("challenge", "sesame-4711"), ("pass", "a passphrase of the tests")):
        (tmp_path / name).touch(mode=0o600)
        (tmp_path / name).write_text(text + "\n")
    described, unlock = ("--laptop", tmp_path / "lt.json"), ("--passphrase-file", tmp_path / "pass")
    asked = desk.bench.run("bind", "request", *described, *unlock, "--asset", desk.asset, "--imei", desk.imei,
                           "--algorithm", "rsa2048", "--challenge", f"file:{tmp_path / 'challenge'}",
                           "--out", tmp_path / "lt.request")  # fmt: skip
    assert asked.returncode == 0, asked.stderr
    files = ("--request", tmp_path / "lt.request", "--out", tmp_path / "lt.answer")
    bound = desk.bench.run("bind", "-d", "1-1", *files, "--authority", f"{server[0]}?ca={server[1]}", "--yes")
    assert bound.returncode == 0, bound.stderr
    accepted = desk.bench.run("bind", "accept", tmp_path / "lt.answer", *described, *unlock, "--yes")
    assert accepted.returncode == 0, accepted.stderr


def test_what_this_server_takes_no_elliptic_key_is_said(
    lab: Callable[..., Any], tmp_path: Path, server: tuple[str, Path]
) -> None:
    desk = Desk(lab(models=["quectel-ec25"]), tmp_path)
    desk.request("challengePassword=sesame-4711")
    refused = desk.bind(f"{server[0]}?ca={server[1]}")
    assert (refused.code, refused.error["code"], refused.error["fail_info"]) == (6, "authority.refused", "2")
    assert "rsa2048" in refused.error["hint"]


def test_a_wrong_challenge_is_refused_and_nothing_is_bound(
    lab: Callable[..., Any], tmp_path: Path, server: tuple[str, Path]
) -> None:
    desk = Desk(lab(models=["quectel-ec25"]), tmp_path)
    desk.request("challengePassword=guessed-1234", key="rsa:2048")
    refused = desk.bind(f"{server[0]}?ca={server[1]}")
    assert (refused.code, refused.error["code"]) == (6, "authority.refused"), refused.said
    assert desk.states() == ["pending"]
    assert not (tmp_path / "lt.pem").exists()


def test_a_server_that_is_not_the_one_named_gets_nothing(
    lab: Callable[..., Any], tmp_path: Path, server: tuple[str, Path]
) -> None:
    from gateways.pki import Pki

    other = tmp_path / "other.pem"
    other.write_bytes(Pki().root.pem)
    desk = Desk(lab(models=["quectel-ec25"]), tmp_path)
    desk.request("challengePassword=sesame-4711")
    refused = desk.bind(f"{server[0]}?ca={other}")
    assert refused.error["code"] == "authority.untrusted", refused.said
    asked = desk.bind(server[0])
    assert (asked.code, asked.error["code"]) == (2, "usage.authority")
