"""What only a TPM does: it counts wrong passphrases, it has a name, and its files are read with care."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from hypothesis import example, given, settings
from hypothesis import strategies as st
from keystore_places import PASSPHRASE, secret_file, swtpm

from dongle_cli.binding import laptop
from dongle_cli.binding.keystores import open_keystore
from dongle_cli.binding.keystores.tpm2 import _opened, _public
from dongle_cli.binding.keystores.tpm2_tools import endorsement
from dongle_cli.binding.unlock import Unlock
from dongle_cli.errors import DongleError

# A key of a software TPM that is gone: TPM2B_PUBLIC and TPM2B_PRIVATE of a P-256 key without a passphrase.
WRAPPED = b"""-----BEGIN TSS2 PRIVATE KEY-----
MIHwBgZngQUKAQOgAwEB/wIEQAAAAQRYAFYAIwALAAQEcgAAABAAEAADABAAIGPA
fHbw0TpwvqmJrNMrbDl43bGQN9Pxgx6u+tf/RfkTACCJ+WigbuqMjEwzrwwh8xM+
jMrtg2A9S2aLnOMoNAUENgSBgAB+ACCIuB8AhWUjRhU19pbqT0XAaPTaE/qCWRAK
f2TQGANX/gAQxfggErPww/zc6LJM5DlkTX4O1JllaCc2lh77NNmAZb3U05ykqvMx
4/F8q9o9ugigZSituBeMLrLanaHn47diTABNywkiZEO3pcbDCbjG4NvK5EkqVJQw
s//L
-----END TSS2 PRIVATE KEY-----
"""
HERE = Path("laptop.tss2.pem")


@pytest.fixture
def tpm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with swtpm(tmp_path) as tcti:
        monkeypatch.setenv("TPM2TOOLS_TCTI", tcti)
        yield tmp_path


def sign(folder: Path, secret: Path) -> None:
    key = open_keystore(f"tpm2:{folder / 'keys'}", Unlock(str(secret))).key("laptop")
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    key.sign(b"data", ec.ECDSA(hashes.SHA256()))


def refused(folder: Path, secret: Path) -> str:
    with pytest.raises(DongleError) as caught:
        sign(folder, secret)
    return caught.value.code


def test_a_wrong_passphrase_is_never_what_locks_the_tpm(tpm: Path) -> None:
    right, wrong = secret_file(tpm, "right", PASSPHRASE), secret_file(tpm, "wrong", "incorrect-horse")
    open_keystore(f"tpm2:{tpm / 'keys'}", Unlock(str(right))).create("laptop")
    sign(tpm, right)
    # This one takes three; whoever repeats a failed job stops at two.
    assert [refused(tpm, wrong) for _ in range(4)] == ["keystore.passphrase"] * 2 + ["keystore.pin-tries"] * 2
    assert refused(tpm, right) == "keystore.pin-tries"
    subprocess.run(["tpm2_dictionarylockout", "-c"], check=True)  # as its owner does, or time
    sign(tpm, right)


def test_a_locked_tpm_is_called_locked(tpm: Path) -> None:
    right = secret_file(tpm, "right", PASSPHRASE)
    open_keystore(f"tpm2:{tpm / 'keys'}", Unlock(str(right))).create("laptop")
    open_keystore(f"tpm2-unattended:{tpm / 'keys'}", Unlock()).create("laptop")
    subprocess.run(["tpm2_dictionarylockout", "-s", "-n", "1", "-t", "1000", "-l", "1000"], check=True)
    somebody = ["tpm2_createprimary", "-Q", "-C", "o", "-p", "theirs", "-c", tpm / "p.ctx"]
    subprocess.run(somebody, check=True)
    wrong = ["tpm2_create", "-C", tpm / "p.ctx", "-P", "guess", "-u", tpm / "u", "-r", tpm / "r"]
    assert subprocess.run(wrong, capture_output=True).returncode != 0
    subprocess.run(["tpm2_flushcontext", "-t"], check=True)
    assert refused(tpm, right) == "keystore.locked"
    key = open_keystore(f"tpm2-unattended:{tpm / 'keys'}", Unlock()).key("laptop")
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    key.public_key().verify(key.sign(b"x", ec.ECDSA(hashes.SHA256())), b"x", ec.ECDSA(hashes.SHA256()))


def test_without_a_tpm_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TPM2TOOLS_TCTI", "device:/dev/no-such-tpm")
    with pytest.raises(DongleError) as caught:
        open_keystore(f"tpm2-unattended:{tmp_path}", Unlock()).create("laptop")
    assert caught.value.code in ("keystore.removed", "keystore.extra")


def test_the_endorsement_key_names_the_laptop(tpm: Path) -> None:
    subprocess.run(["tpm2_createek", "-Q", "-G", "rsa", "-c", tpm / "ek.ctx", "-f", "pem", "-u", tpm / "ek.pem"],
                   check=True)  # fmt: skip
    subprocess.run(["tpm2_flushcontext", "-t"], check=True)
    public = load_pem_public_key((tpm / "ek.pem").read_bytes())
    wanted = laptop.ek_digest(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    assert endorsement() == wanted
    subprocess.run(["tpm2_evictcontrol", "-Q", "-C", "o", "-c", tpm / "ek.ctx", "0x81010001"], check=True)
    subprocess.run(["tpm2_flushcontext", "-t"], check=True)
    assert endorsement() == wanted  # as the maker of the laptop left it


def test_the_public_key_is_read_without_a_tpm() -> None:
    public, private, empty = _opened(HERE, WRAPPED)
    known = _public(HERE, public)
    assert isinstance(known, ec.EllipticCurvePublicKey) and empty and private
    assert f"{known.public_numbers().x:064x}".startswith("63c07c76f0d13a70")


@settings(max_examples=300)
@given(st.integers(0, len(WRAPPED) - 1), st.integers(1, 255), st.integers(0, len(WRAPPED)))
@example(185, 54, 0)  # ASN.1 of a kind that the reader knows by name only
@example(63, 99, 0)  # text where octets belong
def test_a_damaged_file_is_an_error_with_a_name(place: int, change: int, length: int) -> None:
    data = bytearray(WRAPPED)
    data[place] ^= change
    for damaged in (bytes(data), WRAPPED[:length]):
        try:
            public, _private, _empty = _opened(HERE, damaged)
            _public(HERE, public)
        except DongleError as error:
            assert error.code == "keystore.damaged"


@given(st.binary(max_size=120))
def test_any_public_area_is_a_key_or_an_error(data: bytes) -> None:
    try:
        _public(HERE, data)
    except DongleError as error:
        assert error.code == "keystore.damaged"
