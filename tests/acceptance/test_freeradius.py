"""FreeRADIUS with what `export freeradius` writes: who gets in, with which dongle."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from gateways import radius
from gateways.pki import Pair, Pki, sign
from gateways.pki import name as pki_name
from gateways.programs import need
from ports import free_port

from dongle_cli.binding.exports import made
from dongle_cli.binding.exports.folder import Folder
from dongle_cli.binding.exports.material import Bound, Material
from dongle_cli.binding.exports.wishes import Wishes

pytestmark = pytest.mark.strangers
IMEI14 = "35693803564380"
CLIENT_AUTH = ExtendedKeyUsageOID.CLIENT_AUTH


@pytest.fixture(scope="module")
def logins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Callable[..., radius.Login], dict[str, Pair]]]:
    need("freeradius", "freeradius")
    work = tmp_path_factory.mktemp("radius")
    pki = Pki()
    clients = {name: pki.client(name) for name in ("bound", "revoked", "unbound")}
    stranger = Pki()  # a root of the same name, and none of ours
    clients["fake"] = stranger.client("bound")
    # Signed by the stranger under our issuing CA's name and key identifier.
    forger = Pair(pki.issuing.certificate, stranger.issuing.key)
    clients["forged"] = sign(pki_name("bound", "bound"), forger, x509.ExtendedKeyUsage([CLIENT_AUTH]))
    lists = tuple(x509.load_pem_x509_crl(each) for each in (pki.crl([clients["revoked"]]), pki.crl(by=pki.root)))
    bindings = tuple(Bound(clients[name].serial, name, IMEI14) for name in ("bound", "revoked"))
    certificate, key = pki.server(radius.HOST).write(work, "server", pki.issuing)
    folder, port = work / "raddb", free_port(radius.UDP)
    wishes = Wishes(str(folder), str(certificate), str(key), listen="127.0.0.1", port=port)
    target = Folder(
        folder, made("freeradius", Material((pki.issuing.certificate, pki.root.certificate), lists, bindings), wishes)
    )
    target.write(target.plan())
    root: Path = work / "root.pem"
    root.write_bytes(pki.root.pem)
    with radius.freeradius(folder) as server:

        def login(name: str, imeisv: str | None) -> radius.Login:
            issuer = stranger.issuing if name == "fake" else pki.issuing
            pem, private = clients[name].write(work, name, issuer)
            begin = len(server.said)
            answer = radius.login(work, port, radius.secret_of(folder), ca=root, pem=pem, key=private, imeisv=imeisv)
            server.wait_for(
                "Login "
            )  # its verdict and the reason: the supplicant has its answer before they are printed
            return radius.Login(answer.accepted, answer.said + "".join(server.said[begin:]))

        yield login, clients


@pytest.mark.parametrize("imeisv", [IMEI14 + "12", IMEI14])
def test_a_bound_certificate_gets_in_with_its_own_dongle(logins, imeisv: str) -> None:  # type: ignore[no-untyped-def]
    assert logins[0]("bound", imeisv).accepted


@pytest.mark.parametrize(
    ("name", "imeisv", "why"),
    [
        ("bound", "3569380356438112", "bound to another dongle"),
        ("bound", None, "did not say the IMEI"),
        ("unbound", IMEI14 + "12", "is not bound"),
        ("revoked", IMEI14 + "12", "certificate revoked"),
        ("fake", IMEI14 + "12", "unable to get local issuer certificate"),
        ("forged", IMEI14 + "12", "certificate signature failure"),
    ],
)
def test_everybody_else_stays_out_and_is_told_why(logins, name: str, imeisv: str | None, why: str) -> None:  # type: ignore[no-untyped-def]
    answer = logins[0](name, imeisv)
    assert not answer.accepted
    assert why in answer.said
