"""Keys in files as openssl sees them: how they are enciphered, and that none is ever written without a passphrase."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from keystore_places import PASSPHRASE, authority, certificate, needs, secret_file

from dongle_cli.binding.keystores import open_keystore
from dongle_cli.binding.keystores.pkcs12 import packed
from dongle_cli.binding.unlock import Unlock
from dongle_cli.errors import DongleError
from dongle_cli.secrets import Secret


def openssl(*arguments: str | Path) -> str:
    needs("openssl", "openssl")
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def made(folder: Path, kind: str) -> Path:
    """The file of a key with a certificate."""
    store = open_keystore(f"{kind}:{folder}", Unlock(str(secret_file(folder, "pass", PASSPHRASE))))
    key = store.create("laptop")
    issuing, signer, root = authority()
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    store.store("laptop", certificate("LT-1", key, "Example Issuing", signer), [issuing, root])
    return folder / ("laptop.key.pem" if kind == "pem" else "laptop.p12")


def test_pkcs12_is_aes_by_default(tmp_path: Path) -> None:
    shown = openssl("pkcs12", "-info", "-noout", "-in", made(tmp_path, "pkcs12"), "-passin", f"pass:{PASSPHRASE}")
    assert "MAC: sha256" in shown and "AES-256-CBC" in shown and "PBKDF2" in shown
    assert "DES" not in shown and "RC2" not in shown


def test_pkcs12_is_triple_des_by_name_only(tmp_path: Path) -> None:
    path = made(tmp_path, "pkcs12-legacy-3des")
    shown = openssl("pkcs12", "-legacy", "-info", "-noout", "-in", path, "-passin", f"pass:{PASSPHRASE}")
    assert "MAC: sha1" in shown and "pbeWithSHA1And3-KeyTripleDES-CBC" in shown
    assert "RC2" not in shown and "AES" not in shown


def test_pem_is_aes_with_a_derivation_that_takes_its_time(tmp_path: Path) -> None:
    path = made(tmp_path, "pem")
    assert "NIST CURVE: P-256" in openssl("pkey", "-in", path, "-passin", f"pass:{PASSPHRASE}", "-text", "-noout")
    structure = openssl("asn1parse", "-in", path)
    assert "aes-256-cbc" in structure and "hmacWithSHA256" in structure
    assert "INTEGER           :030D40" in structure  # 200,000 rounds


@pytest.mark.parametrize("kind", ["pem", "pkcs12", "pkcs12-legacy-3des"])
@pytest.mark.parametrize(("passphrase", "code"), [("", "secret.missing"), ("short", "secret.short")])
def test_no_key_is_written_without_a_passphrase(tmp_path: Path, kind: str, passphrase: str, code: str) -> None:
    keys, secret = tmp_path / "keys", secret_file(tmp_path, "pass", passphrase)
    for unlock, wanted in ((Unlock(str(secret)), code), (Unlock(ask=lambda _what: Secret(passphrase)), "secret.short")):
        with pytest.raises(DongleError) as caught:
            open_keystore(f"{kind}:{keys}", unlock).create("laptop")
        assert caught.value.code == wanted
    assert not list(keys.iterdir())
    with pytest.raises(DongleError):
        packed("laptop", ec.generate_private_key(ec.SECP256R1()), None, (), Secret(""))


@pytest.mark.parametrize("kind", ["pem", "pkcs12"])
def test_a_damaged_file_is_an_error_with_a_name(tmp_path: Path, kind: str) -> None:
    path = made(tmp_path, kind)
    whole = path.read_bytes()
    for at in range(0, len(whole), max(1, len(whole) // 12)):
        path.write_bytes(whole[:at])
        with pytest.raises(DongleError) as caught:
            open_keystore(f"{kind}:{tmp_path}", Unlock(str(tmp_path / "pass"))).key("laptop")
        assert caught.value.code in ("keystore.passphrase", "keystore.damaged")
