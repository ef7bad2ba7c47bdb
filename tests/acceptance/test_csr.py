"""Requests as files: openssl as somebody else's authority, and cfssl, which makes DNS names of URIs."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from authorities.desk import Desk
from gateways.pki import Pki
from gateways.programs import need

pytestmark = pytest.mark.strangers


def folder(work: Path, pki: Pki) -> Path:
    """The folder for requests, with the authority's certificates, and its key beside it for who signs."""
    at = work / "requests"
    at.mkdir()
    (at / "ca.pem").write_bytes(pki.issuing.pem + pki.root.pem)
    pki.issuing.write(work, "issuing")
    return at


def signed_by_openssl(work: Path, request: Path, out: Path, serial: str | None = None, **options: str) -> None:
    """What the other section does with the request: `openssl ca` would do the same."""
    extensions = work / "client.cnf"
    lines = {"extendedKeyUsage": "clientAuth", "keyUsage": "critical,digitalSignature", **options}
    extensions.write_text("".join(f"{name}={value}\n" for name, value in lines.items() if value))
    subprocess.run(
        ["openssl", "x509", "-req", "-in", request, "-CA", work / "issuing.pem", "-CAkey", work / "issuing.key",
         "-days", "700", "-copy_extensions", "copy", "-extfile", extensions, "-out", out,
         *(["-set_serial", f"0x{serial}"] if serial else [])],
        check=True, capture_output=True,
    )  # fmt: skip


def test_a_request_waits_for_days_and_the_same_command_finishes_it(lab: Callable[..., Any], tmp_path: Path) -> None:
    desk = Desk(lab(models=["quectel-ec25"]), tmp_path)
    at, authority = folder(tmp_path, Pki()), f"csr:{tmp_path / 'requests'}"
    desk.request()
    for _day in (1, 2):
        waiting = desk.bind(authority)
        assert (waiting.code, waiting.error["code"]) == (7, "authority.waiting"), waiting.said
        assert desk.states() == ["pending"]
    (request,) = at.glob("*.csr")
    listed = json.loads(desk.bench.run("register", "bindings", "--state", "pending", "-F", "json").stdout)
    assert (listed["asset"], listed["authority"]) == (desk.asset, f"csr:{at}")
    assert waiting.error["request"] == str(request)
    told = request.with_suffix(".txt").read_text()
    assert all(f"URI:{uri}" in told for uri in desk.uris)
    signed_by_openssl(tmp_path, request, at / "certnew.cer")  # the name that AD CS gives to every one
    bound = desk.bind(authority)
    assert (bound.code, bound.answer["state"]) == (0, "active"), bound.said
    assert desk.states() == ["active"]
    assert desk.bind(authority).answer["serial"] == bound.answer["serial"]


def test_a_pkcs7_in_der_is_an_answer_too(lab: Callable[..., Any], tmp_path: Path) -> None:
    desk = Desk(lab(models=["quectel-ec25"]), tmp_path)
    at, authority = folder(tmp_path, Pki()), f"csr:{tmp_path / 'requests'}"
    desk.request()
    desk.bind(authority)
    (request,) = at.glob("*.csr")
    signed_by_openssl(tmp_path, request, tmp_path / "signed.pem")
    packed = ["openssl", "crl2pkcs7", "-nocrl", "-certfile", at / "ca.pem", "-certfile", tmp_path / "signed.pem"]
    subprocess.run([*packed, "-outform", "DER", "-out", at / "answer.p7b"], check=True)
    (at / "half.cer").write_bytes((tmp_path / "signed.pem").read_bytes()[:300])  # still being copied
    assert desk.bind(authority).code == 0


def test_what_cfssl_makes_of_uris_is_refused_with_the_difference(lab: Callable[..., Any], tmp_path: Path) -> None:
    cfssl = need("cfssl", "golang-cfssl")
    desk = Desk(lab(models=["quectel-ec25"]), tmp_path)
    at, authority = folder(tmp_path, Pki()), f"csr:{tmp_path / 'requests'}"
    desk.request()
    desk.bind(authority)
    (request,) = at.glob("*.csr")
    key = tmp_path / "sec1.key"  # the one form that it reads
    subprocess.run(["openssl", "ec", "-in", tmp_path / "issuing.key", "-out", key], check=True, capture_output=True)
    profile = {"signing": {"default": {"expiry": "8760h", "usages": ["digital signature", "client auth"]}}}
    (tmp_path / "cfssl.json").write_text(json.dumps(profile))
    command = [cfssl, "sign", "-ca", tmp_path / "issuing.pem", "-ca-key", key, "-config", tmp_path / "cfssl.json",
               f"-hostname={','.join(desk.uris)}"]  # fmt: skip
    answer = json.loads(subprocess.run([*command, request], check=True, capture_output=True).stdout)
    request.with_suffix(".crt").write_text(answer["cert"])
    refused = desk.bind(authority)
    assert (refused.code, refused.error["code"]) == (6, "authority.wrong-answer"), refused.said
    names = next(each for each in refused.error["differences"] if each["what"] == "names")
    assert names["wanted"] == ", ".join(sorted(f"URI:{uri}" for uri in desk.uris))
    assert names["found"] == ", ".join(f"DNS:{uri}" for uri in desk.uris)
    assert "DNS:urn:gsma:imei" in refused.error["hint"]
    assert desk.states() == ["abandoned"] and not (tmp_path / "lt.pem").exists()
    # Those who sign are told, and do it right: the same command goes on.
    signed_by_openssl(tmp_path, request, request.with_suffix(".crt"))
    assert desk.bind(authority).code == 0
    assert desk.states() == ["abandoned", "active"]


def test_every_other_difference_is_found_too(lab: Callable[..., Any], tmp_path: Path) -> None:
    desk, pki = Desk(lab(models=["quectel-ec25"]), tmp_path), Pki()
    at, authority = folder(tmp_path, pki), f"csr:{tmp_path / 'requests'}"
    desk.request()
    desk.bind(authority)
    (request,) = at.glob("*.csr")
    (tmp_path / "other").mkdir()
    other = Desk(desk.bench, tmp_path / "other").request()

    def found(source: Path = request, by: Pki = pki, **how: str) -> set[str]:
        by.issuing.write(tmp_path, "issuing")
        signed_by_openssl(tmp_path, source, request.with_suffix(".crt"), **how)
        refused = desk.bind(authority)
        assert refused.error["code"] == "authority.wrong-answer", refused.said
        return {each["what"] for each in refused.error["differences"]}

    assert found(extendedKeyUsage="clientAuth,serverAuth") == {"purpose"}
    assert found(keyUsage="critical,digitalSignature,keyCertSign", basicConstraints="CA:TRUE") == {"usage", "ca"}
    assert found(other) == {"public-key"}
    assert found(by=Pki("Another")) == {"issuer"}
    assert found(by=Pki()) == {"signature"}  # a fake of the issuer with the same name
    assert set(desk.states()) == {"abandoned"} and not (tmp_path / "lt.pem").exists()


def test_a_serial_number_that_was_there_before_is_refused(lab: Callable[..., Any], tmp_path: Path) -> None:
    pki, bench = Pki(), lab(count=2, models=["quectel-ec25"])
    at, authority = folder(tmp_path, pki), f"csr:{tmp_path / 'requests'}"
    for number in (1, 2):
        (tmp_path / f"lt{number}").mkdir()
        desk = Desk(bench, tmp_path / f"lt{number}", f"PF000000{number}", port=f"1-{number}")
        desk.request()
        desk.bind(authority)
        request = next(at.glob(f"{desk.asset}-*.csr"))
        signed_by_openssl(tmp_path, request, request.with_suffix(".crt"), serial="4711")
        done = desk.bind(authority)
        assert done.code == (0 if number == 1 else 5), done.said
    assert done.error["code"] == "binding.serial-seen" and "4711" in done.error["message"]
    assert desk.states() == ["active", "pending"]
    signed_by_openssl(tmp_path, request, request.with_suffix(".crt"), serial="4712")
    assert desk.bind(authority).code == 0
