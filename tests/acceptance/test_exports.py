"""Exports on disk: names as openssl makes them, again without harm, never over somebody else's file."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from gateways.pki import Pki, name, sign
from gateways.programs import need

from dongle_cli.binding.exports import EXPORTS, made
from dongle_cli.binding.exports.folder import Folder
from dongle_cli.binding.exports.material import Bound, Material
from dongle_cli.binding.exports.namehash import name_hash
from dongle_cli.binding.exports.wishes import Wishes
from dongle_cli.errors import DongleError


@pytest.fixture(scope="module")
def material() -> Material:
    pki = Pki()
    lists = tuple(x509.load_pem_x509_crl(each) for each in (pki.crl(), pki.crl(by=pki.root)))
    bound = (Bound("4a01", "PF/0001", "35693803564380"),)
    return Material((pki.issuing.certificate, pki.root.certificate), lists, bound)


@pytest.mark.parametrize("cn", ["  Foo   BAR ", "例県　ﾃﾞｼﾞ ÀÉ", "x" * 60])
def test_a_name_hashes_as_in_openssl(cn: str) -> None:
    pair = sign(name(cn), None, usage="ca")
    command = [need("openssl", "openssl"), "x509", "-noout", "-subject_hash"]
    said = subprocess.run(command, input=pair.pem, capture_output=True, check=True).stdout
    assert name_hash(pair.certificate.subject.public_bytes()) == said.decode().strip()


@pytest.mark.parametrize("gateway", list(EXPORTS))
def test_a_second_export_finds_nothing_to_do_and_a_foreign_file_stays(
    gateway: str, material: Material, tmp_path: Path
) -> None:
    export = made(gateway, material, Wishes(str(tmp_path)))
    folder = Folder(tmp_path, export)
    folder.write(folder.plan())
    assert {change.action for change in Folder(tmp_path, export).plan()} <= {"same", "keep"}
    data = tmp_path / next(file.path for file in export.files if file.kind == "data")
    data.write_bytes(b"somebody else's")
    with pytest.raises(DongleError, match="not written by dongle-cli"):
        Folder(tmp_path, export).plan()
    assert data.read_bytes() == b"somebody else's"
