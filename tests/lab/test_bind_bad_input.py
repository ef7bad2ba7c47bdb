"""What must not be bound, each by its code and its exit code, from the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import csr as asn1
from asn1crypto import pem
from binding_bench import Bench, csr_file, laptop_file, make, openssl

from dongle_cli.evidence.chain import Link, linked
from dongle_cli.register.register import Register

Lab = Any


@pytest.fixture
def bench(lab: Callable[..., Lab], tmp_path: Path) -> Bench:
    """A bench with an authority and one dongle; `lt1.csr` is a good request."""
    made = make(lab(count=1, models=["quectel-ec25"]), tmp_path)
    csr_file(tmp_path, "lt1")
    return made


def der(path: Path) -> bytes:
    data = path.read_bytes()
    return bytes(pem.unarmor(data)[2]) if data.startswith(b"-----") else data


def rewritten(path: Path, change: Callable[[Any], None]) -> None:
    request = asn1.CertificationRequest.load(der(path))
    change(request)
    path.write_bytes(pem.armor("CERTIFICATE REQUEST", request.dump(force=True)))


def nothing_was_bound(bench: Bench) -> bool:
    from dongle_cli.register import bindings

    with Register.open(bench.register_url) as register:
        return bindings.none(register) and not (bench.folder / "lt1.pem").exists()


def test_a_signature_that_does_not_fit(bench: Bench, tmp_path: Path) -> None:
    def bend(request: Any) -> None:
        signature = bytearray(request["signature"].native)
        signature[-1] ^= 1
        request["signature"] = bytes(signature)

    rewritten(tmp_path / "lt1.csr", bend)
    bench.refused(1, "request.signature", *bench.bind("1-1", 1))
    assert nothing_was_bound(bench)


@pytest.mark.parametrize(
    "algorithm",
    [
        ("-algorithm", "ed25519"),
        ("-algorithm", "rsa", "-pkeyopt", "rsa_keygen_bits:1024"),
        ("-algorithm", "ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"),
    ],
    ids=["ed25519", "rsa1024", "secp256k1"],
)
def test_a_key_of_a_kind_that_is_not_certified(bench: Bench, tmp_path: Path, algorithm: tuple[str, ...]) -> None:
    key = tmp_path / "k.pem"
    assert openssl("genpkey", *algorithm, "-out", key).returncode == 0
    made = openssl("req", "-new", "-key", key, "-subj", "/CN=lt1", "-out", tmp_path / "lt1.csr")
    assert made.returncode == 0, made.stderr
    error = bench.refused(1, "request.key", *bench.bind("1-1", 1))
    assert error["hint"]
    assert nothing_was_bound(bench)


@pytest.mark.filterwarnings("ignore:Attribute's length")
def test_names_that_are_too_long_or_hold_control_characters(bench: Bench, tmp_path: Path) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    for name in ("x" * 65, "lt1\n2", "lt\u202e1", "lt\x001"):
        attribute = x509.NameAttribute(NameOID.COMMON_NAME, name, _validate=False)
        request = x509.CertificateSigningRequestBuilder(x509.Name([attribute])).sign(key, hashes.SHA256())
        (tmp_path / "lt1.csr").write_bytes(request.public_bytes(Encoding.PEM))
        error = bench.refused(1, "request.name", *bench.bind("1-1", 1))
        assert error["message"].isprintable()
    assert nothing_was_bound(bench)


@pytest.mark.parametrize("san", ["DNS:urn:gsma:imei:1", "DNS:lt1.example", "IP:10.0.0.1", "email:a@example.jp",
                                 "URI:urn:gsma:imei:35693803-564380-0"])  # fmt: skip
def test_an_alternative_name_of_the_wrong_type_or_of_another_dongle(bench: Bench, tmp_path: Path, san: str) -> None:
    csr_file(tmp_path, "lt1", "-addext", f"subjectAltName={san}")
    bench.refused(1, "request.san", *bench.bind("1-1", 1))
    assert nothing_was_bound(bench)


def test_the_names_of_this_very_pair_may_be_asked_for(bench: Bench, tmp_path: Path) -> None:
    imei = bench.lab.status()[0]["imei"]
    uuid = json.loads(laptop_file(tmp_path, 1).read_text())["uuid"]
    names = f"URI:urn:gsma:imei:{imei[:8]}-{imei[8:14]}-0,URI:urn:uuid:{uuid}"
    csr_file(tmp_path, "lt1", "-addext", f"subjectAltName={names}")
    bench.json(*bench.bind("1-1", 1))


def test_null_parameters_as_a_tpm_s_provider_writes_them_are_repaired(bench: Bench, tmp_path: Path) -> None:
    """What Debian's tpm2-openssl does: the algorithm outside of the signed part carries NULL (RFC 5758 forbids it)."""
    data = der(tmp_path / "lt1.csr")
    plain = bytes.fromhex("300a06082a8648ce3d040302")
    with_null = bytes.fromhex("300c06082a8648ce3d0403020500")
    assert data.count(plain) == 1 and data[1] == 0x81
    changed = data.replace(plain, with_null)
    changed = changed[:2] + bytes([changed[2] + 2]) + changed[3:]
    (tmp_path / "lt1.csr").write_bytes(pem.armor("CERTIFICATE REQUEST", changed))
    assert openssl("req", "-in", tmp_path / "lt1.csr", "-verify", "-noout").returncode == 0, "openssl takes it"
    assert bench.json(*bench.bind("1-1", 1))["state"] == "active"


NO_REQUESTS = {
    "empty": b"",
    "certificate": b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    "cut": b"\x30\x80",
    "no-base64": b"-----BEGIN CERTIFICATE REQUEST-----\nAAA\n-----END CERTIFICATE REQUEST-----\n",
    "huge": b"\x30" * 100_000,
}


@pytest.mark.parametrize("name", NO_REQUESTS)
def test_a_file_that_is_no_request(bench: Bench, tmp_path: Path, name: str) -> None:
    (tmp_path / "lt1.csr").write_bytes(NO_REQUESTS[name])
    bench.refused(1, "request.unreadable", *bench.bind("1-1", 1))


@pytest.mark.parametrize(
    ("about", "code"),
    [
        ({"uuid": "ffffffff-ffff-ffff-ffff-ffffffffffff"}, "identity.laptop"),
        ({"uuid": "00000000-0000-0000-0000-000000000000"}, "identity.laptop"),
        ({"uuid": "03000200-0400-0500-0006-000700080009"}, "identity.laptop"),
        ({"serial": "To be filled by O.E.M."}, "identity.laptop"),
        ({"uuid": None}, "identity.laptop"),
        ({"schema": 2}, "identity.laptop"),
    ],
)
def test_a_laptop_that_has_no_identity(bench: Bench, tmp_path: Path, about: dict[str, object], code: str) -> None:
    words = bench.bind("1-1", 1)
    path = tmp_path / "lt1.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | about))
    bench.refused(1, code, *words)


@pytest.mark.parametrize("imei", ["490154203237519", "000000000000000", "12345", "49015420323751x"])
def test_an_imei_that_is_none(bench: Bench, imei: str) -> None:
    bench.refused(1, "identity.imei", "revoke", "--imei", imei, "--reason", "superseded", "--yes", *bench.unlock)


def test_a_dongle_whose_firmware_says_no_imei(lab: Callable[..., Lab], tmp_path: Path) -> None:
    bench = make(lab(count=1, models=["quectel-ec25"], faults=["refuse=+CGSN", "refuse=+GSN"]), tmp_path)
    bench.refused(4, "modem.no-imei", *bench.bind("1-1", 1))
    assert nothing_was_bound(bench)


@pytest.mark.parametrize("asset", ["", " ", "PF\n1", "PF_1", "日本", "x" * 65])
def test_an_asset_number_that_no_certificate_can_carry(bench: Bench, asset: str) -> None:
    words = list(bench.bind("1-1", 1))
    words[words.index("--asset") + 1] = asset
    bench.refused(1, "identity.asset", *words)


def entry(bench: Bench, moment: datetime) -> None:
    """Write one more entry into the history, as a bench would whose clock says `moment`."""
    from dongle_cli.register.tables import history

    with Register.open(bench.register_url) as register, register.writing() as connection:
        row = connection.execute(history.select().order_by(history.c.seq.desc()).limit(1)).one()
        link = linked(Link(**row._mapping), at=moment.isoformat(timespec="milliseconds"), kind="test", body={})
        connection.execute(history.insert().values(**link.__dict__))


@pytest.mark.parametrize("off", [timedelta(days=30), timedelta(days=-3 * 365)], ids=["behind", "years ahead"])
def test_a_clock_that_is_off_is_said_before_anything_is_signed(bench: Bench, off: timedelta) -> None:
    entry(bench, datetime.now(UTC) + off)
    bench.refused(6, "authority.clock", *bench.bind("1-1", 1, "--dry-run"))
    bench.refused(6, "authority.clock", *bench.bind("1-1", 1))
    assert nothing_was_bound(bench)
    assert bench.json(*bench.bind("1-1", 1, "--force"))["state"] == "active"


def test_a_crl_folder_on_a_full_disk_keeps_the_old_list(bench: Bench, tmp_path: Path) -> None:
    """A tmpfs of 64 kB in a mount namespace of its own, filled to the brim."""
    mount = ["unshare", "-rm" if os.geteuid() else "-m", "sh", "-ec"]
    if subprocess.run([*mount, "mount -t tmpfs tmpfs /mnt"], capture_output=True).returncode:
        pytest.skip("this machine gives no mount namespace")
    bench.json(*bench.bind("1-1", 1))
    script = (
        'mount -t tmpfs -o size=64k tmpfs "$FOLDER"; $CRL >/dev/null; cp "$FOLDER/crl.pem" "$KEPT"; '
        'dd if=/dev/zero of="$FOLDER/fill" 2>/dev/null || true; '
        'code=0; $CRL || code=$?; cmp "$FOLDER/crl.pem" "$KEPT"; ls -A "$FOLDER"; exit $code'
    )
    folder = tmp_path / "disk"
    folder.mkdir()
    crl = [
        sys.executable,
        "-m",
        "dongle_cli",
        "ca",
        "crl",
        "--out",
        str(folder / "crl.pem"),
        *bench.unlock,
        "-F",
        "json",
    ]
    environment = bench.lab.environment | {"FOLDER": str(folder), "KEPT": str(tmp_path / "kept"), "CRL": " ".join(crl)}
    done = subprocess.run([*mount, script], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1, done.stdout + done.stderr
    assert json.loads(done.stderr)["error"]["code"] == "file.unwritable"
    assert sorted(done.stdout.split()) == ["crl.pem", "fill"], "the old list stays, and nothing half-written beside it"
