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


@pytest.mark.parametrize("gateway", list(EXPORTS))
def test_the_steps_copy_from_where_it_was_written_to_where_it_will_stand(gateway: str, material: Material) -> None:
    steps = " ".join(made(gateway, material, Wishes("/etc/there", source="/home/me/here it is")).next_steps)
    copied = [words.split("/. ", 1) for words in steps.split("cp -a ")[1:]]
    assert [source for source, _rest in copied] == ["'/home/me/here it is'"]
    ((_source, target),) = copied
    assert target.startswith("/etc/swanctl/" if gateway == "strongswan" else "/etc/there/")
    at_home = " ".join(made(gateway, material, Wishes("/home/me/x", source="/home/me/x")).next_steps)
    assert "cp -a /home/me/x/. /home/me/x" not in at_home
    if gateway == "freeradius":  # what is tried stands where its files say
        assert steps.index("cp -a") < steps.index("-X -d /etc/there") and at_home.index("-X -d /home") > 0


@pytest.mark.parametrize(
    ("code", "wish"),
    [
        ("usage.network", {"networks": "10.0.0.0/99"}),
        ("usage.network", {"networks": "10.0.0.0/8,"}),
        ("usage.network", {"pool": "a lot"}),
        ("usage.listen", {"listen": "192.0.2.256"}),
    ],
)
def test_an_address_that_is_none_is_refused_by_name(code: str, wish: dict[str, str], material: Material) -> None:
    with pytest.raises(DongleError) as refused:
        made("strongswan", material, Wishes("/etc/swanctl", **wish))  # type: ignore[arg-type]
    assert refused.value.code == code and next(iter(wish.values())).rpartition(",")[2] in refused.value.message


def test_addresses_are_written_as_each_product_reads_them(material: Material) -> None:
    wishes = Wishes("/x", listen="[2001:db8::1]", networks="10.0.0.0/8, 2001:db8::/32", pool="10.200.0.1/16")
    text = {name: b"".join(f.content for f in made(name, material, wishes).files).decode() for name in EXPORTS}
    assert "listen [2001:db8::1]:8443" in text["nginx"] and "ipaddr = 2001:db8::1\n" in text["freeradius"]
    for line in ("local_addrs = 2001:db8::1", "local_ts = 10.0.0.0/8,2001:db8::/32", "addrs = 10.200.0.0/16"):
        assert line in text["strongswan"]
    every = made("strongswan", material, Wishes("/x", listen="*")).files[0].content.decode()
    assert "local_addrs = %any" in every
