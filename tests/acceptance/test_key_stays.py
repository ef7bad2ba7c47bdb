"""The key stays where it was made: it logs on from inside a token and a TPM, and stands in no file anywhere."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keyhunt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from gateways import radius
from gateways.bench import Bench
from gateways.programs import need, running, wait_for_owner
from keystore_places import PASSPHRASE, SOFTHSM, secret_file, softhsm, swtpm
from ports import free_port

pytestmark = pytest.mark.strangers
UUID = "4c4c4544-0042-3510-8052-b4c04f4a3132"
ENGINE = next(Path("/usr/lib").glob("*/engines-3/pkcs11.so"), Path("/usr/lib/engines-3/pkcs11.so"))


@pytest.fixture
def bench(lab: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A bench with its authority; temporary files of every program have a folder of their own."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    made = Bench(lab(models=["quectel-ec25"]), tmp_path / "work")
    made.work.mkdir()
    made.init()
    (made.work / "lt.json").write_text(json.dumps({"schema": 1, "serial": "SN-1", "uuid": UUID, "host": "lt1"}))
    return made


def bound(bench: Bench, keystore: str, *secret: str | Path) -> x509.Certificate:
    """A laptop with its key in `keystore`: request, bind, accept; the certificate with its chain is in lt.pem."""
    work, described = bench.work, ("--laptop", bench.work / "lt.json")
    asked = bench.json("bind", "request", "--keystore", keystore, "--asset", "PF0000001", *described,
                       "--out", work / "lt.request", *secret)  # fmt: skip
    assert asked["keystore"] == keystore
    bench.json("bind", "--device", "1-1", "--request", work / "lt.request", "--out", work / "lt.answer", "--yes",
               *bench.unlock)  # fmt: skip
    bench.json("bind", "accept", work / "lt.answer", *described, "--yes", *secret)
    answer = json.loads((work / "lt.answer").read_text())
    (work / "lt.pem").write_text(answer["certificate"] + answer["chain"])
    return x509.load_pem_x509_certificate(answer["certificate"].encode())


def stands_nowhere(bench: Bench, certificate: x509.Certificate, *places: Path) -> None:
    """Nothing that was written or said, outside of `places`, holds the private key in any encoding."""
    said = bench.work / "said.txt"
    said.write_text("\n".join(bench.lab.said))
    files = keyhunt.everything(Path(bench.lab.home), bench.work, bench.work.parent / "tmp", but=places)
    assert {"register.db", "lt.request", "said.txt"} <= {path.name for path in files}
    public = certificate.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    assert keyhunt.found(files, public) == []
    kinds = set().union(*keyhunt.armoured(files).values())
    assert kinds <= {b"ENCRYPTED PRIVATE KEY", b"TSS2 PRIVATE KEY", b"PRIVATE KEY"}
    # The one in clear is the gateway's own, which no command of ours made.
    in_clear = [path.name for path, names in keyhunt.armoured(files).items() if b"PRIVATE KEY" in names]
    assert in_clear in ([], ["server.key"])


def test_the_hunt_finds_a_key_in_every_encoding(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    number = key.private_numbers().private_value
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    raw = number.to_bytes(32)
    written = {
        "der": b"x" + key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption()),
        "pem": pem,
        "json": json.dumps({"key": pem.decode()}).encode(),
        "hex": b"key=" + raw.hex().encode() + b"\n",
        "colons": raw.hex(":").upper().encode(),
        "decimal": b'{"d": %d}' % number,
        "little": b"\0\1" + raw[::-1] + b"\2",
    }
    for name, data in written.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "public").write_bytes(key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))
    assert {path.name for path in keyhunt.found(tmp_path.iterdir(), key.public_key())} == set(written)


def test_eap_tls_with_the_key_in_a_token_only(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    need("freeradius", "freeradius")
    if not ENGINE.exists():
        need("libengine-pkcs11-openssl", "libengine-pkcs11-openssl")
    spec = softhsm(bench.work, monkeypatch)
    pin = secret_file(bench.work, "pin", PASSPHRASE)
    certificate = bound(bench, spec, "--passphrase-file", pin)
    server, key = bench.server(radius.HOST)
    folder, port = bench.work / "raddb", free_port(radius.UDP)
    bench.json("export", "freeradius", folder, "--server-certificate", server, "--server-key", key,
               "--listen", "127.0.0.1", "--port", str(port), "--yes")  # fmt: skip
    conf = bench.work / "eapol.conf"
    conf.write_text(
        f"pkcs11_engine_path={ENGINE}\npkcs11_module_path={SOFTHSM}\n"
        f'network={{\nkey_mgmt=IEEE8021X\neap=TLS\nidentity="dongle"\nca_cert="{bench.root}"\n'
        f'client_cert="{bench.work / "lt.pem"}"\ndomain_match="{radius.HOST}"\nengine=1\nengine_id="pkcs11"\n'
        f'key_id="pkcs11:token=bench;object=laptop;type=private"\npin="{PASSPHRASE}"\n}}\n'
    )
    imeisv = str(bench.lab.status()[0]["imei"])[:14] + "03"
    with radius.freeradius(folder):
        assert radius.supplicant(conf, port, radius.secret_of(folder), imeisv=imeisv).accepted
        assert not radius.supplicant(conf, port, radius.secret_of(folder), imeisv=None).accepted
    tool = [need("pkcs11-tool", "opensc"), "--module", SOFTHSM, "--login", "--pin", PASSPHRASE, "--list-objects"]
    listed = subprocess.run(tool, capture_output=True, text=True, check=True).stdout
    assert "never extractable" in listed and "always sensitive" in listed
    stands_nowhere(bench, certificate, bench.work / "tokens")


@contextlib.contextmanager
def resource_manager(tcti: str) -> Iterator[str]:
    """tpm2-abrmd on a session bus of its own, as /dev/tpmrm0 is for a real TPM; yields the bus's address."""
    manager, bus = need("tpm2-abrmd", "tpm2-abrmd"), need("dbus-daemon", "dbus-daemon")
    with running([bus, "--session", "--nofork", "--print-address=1"]) as daemon:
        address = daemon.wait_for("unix:").strip()
        env = {**os.environ, "DBUS_SESSION_BUS_ADDRESS": address}
        with running([manager, "--session", "--allow-root", f"--tcti={tcti}"], env=env):
            wait_for_owner(address, "com.intel.tss2.Tabrmd")
            yield address


def test_tls_with_the_key_in_a_tpm_only(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    openssl = need("openssl", "openssl")
    if not list(Path("/usr/lib").glob("*/ossl-modules/tpm2.so")):
        need("tpm2-openssl", "tpm2-openssl")
    home = tmp_path / "laptop"
    home.mkdir()
    with swtpm(home) as tcti:
        monkeypatch.setenv("TPM2TOOLS_TCTI", tcti)
        certificate = bound(bench, "tpm2-unattended")
        wrapped = Path(bench.lab.home) / "data" / "keys" / "laptop.tss2u.pem"
        assert keyhunt.armoured([wrapped]) == {wrapped: {b"TSS2 PRIVATE KEY"}}
        stands_nowhere(bench, certificate)
        server, key = bench.server("localhost")
        port = free_port()
        gateway = [openssl, "s_server", "-accept", f"127.0.0.1:{port}", "-cert", server, "-cert_chain", server,
                   "-key", key, "-CAfile", bench.work / "chain.pem", "-Verify", "3", "-verify_return_error",
                   "-www"]  # fmt: skip
        client = [openssl, "s_client", "-connect", f"127.0.0.1:{port}", "-CAfile", bench.work / "chain.pem",
                  "-cert", bench.work / "lt.pem", "-cert_chain", bench.work / "chain.pem", "-key", wrapped,
                  "-provider", "tpm2", "-provider", "default", "-propquery", "?provider=tpm2,tpm2.digest!=yes",
                  "-quiet", "-ign_eof"]  # fmt: skip
        with running(gateway) as listening, resource_manager(tcti) as address:
            listening.wait_for("ACCEPT")
            monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
            monkeypatch.setenv("TPM2OPENSSL_TCTI", "tabrmd:bus_type=session")
            page = subprocess.run(client, input=b"GET / HTTP/1.0\r\n\r\n", capture_output=True, timeout=60)
        assert b"HTTP/1.0 200 ok" in page.stdout, page.stderr
        assert b"PF0000001" in page.stdout and b"TLSv1.3" in page.stdout
    elsewhere = tmp_path / "thief"
    elsewhere.mkdir()
    with swtpm(elsewhere) as tcti:  # the files alone are worth nothing
        monkeypatch.setenv("TPM2TOOLS_TCTI", tcti)
        described = ("--laptop", bench.work / "lt.json", "--out", bench.work / "again.request")
        done = bench.lab.run("bind", "request", *described, "--format", "json")
        assert (done.returncode, json.loads(done.stderr)["error"]["code"]) == (6, "keystore.foreign")
