"""One contract for every keystore: make, sign, store, read back, delete; a wrong passphrase is an error with a name."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from keystore_places import PASSPHRASE, Place, authority, certificate, name, needs, secret_file, softhsm, swtpm

from dongle_cli.binding.keystores import Algorithm
from dongle_cli.errors import DongleError, ExitCode

if TYPE_CHECKING:
    from dongle_cli.binding.keystores import PrivateKey

KINDS = ["pem", "pkcs12", "pkcs12-legacy-3des", "pkcs11", "tpm2", "tpm2-unattended"]


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """Each kind of keystore, empty."""
    keys = tmp_path / "keys"
    if request.param.startswith("tpm2"):
        with swtpm(tmp_path) as tcti:
            monkeypatch.setenv("TPM2TOOLS_TCTI", tcti)
            yield Place(f"{request.param}:{keys}", tmp_path, secret_file(tmp_path, "passphrase", PASSPHRASE))
        return
    makers: dict[str, Callable[[], str]] = {"pkcs11": lambda: softhsm(tmp_path, monkeypatch)}
    spec = makers.get(request.param, lambda: f"{request.param}:{keys}")()
    yield Place(spec, tmp_path, secret_file(tmp_path, "passphrase", PASSPHRASE))


def refused(code: str, call: Callable[[], object]) -> DongleError:
    """The error with which `call` ends; it has `code` and the exit code of keystores."""
    with pytest.raises(DongleError) as caught:
        call()
    assert (caught.value.code, caught.value.exit_code) == (code, ExitCode.KEYSTORE)
    return caught.value


def certified(key: PrivateKey, days: int = 30) -> tuple[x509.Certificate, list[x509.Certificate]]:
    """A certificate for `key`, and its chain of two."""
    issuing, signer, root = authority()
    return certificate("LT-1", key, "Example Issuing", signer, days), [issuing, root]


@pytest.mark.parametrize("algorithm", ["p256", "rsa2048"])
def test_a_key_is_made_there_and_signs_what_openssl_verifies(place: Place, algorithm: Algorithm) -> None:
    needs("openssl", "openssl")
    key = place.open().create("lt-00001", algorithm)
    again = place.open().key("lt-00001")
    assert again.public_key() == key.public_key()
    for signer in (key, again):
        csr = x509.CertificateSigningRequestBuilder(name("LT-1")).sign(signer, hashes.SHA256())
        (place.folder / "r.csr").write_bytes(csr.public_bytes(Encoding.PEM))
        seen = subprocess.run(["openssl", "req", "-in", place.folder / "r.csr", "-verify", "-noout", "-text"],
                              capture_output=True, text=True, check=True)  # fmt: skip
        assert "verify OK" in seen.stderr + seen.stdout
        assert ("prime256v1" if algorithm == "p256" else "(2048 bit)") in seen.stdout


def test_builders_of_certificates_lists_and_signatures_take_the_key(place: Place) -> None:
    key = place.open().create("ca")
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    own = certificate("Example CA", key, "Example CA", key)
    own.verify_directly_issued_by(own)
    now = own.not_valid_before_utc
    crl = x509.CertificateRevocationListBuilder(name("Example CA"), now, own.not_valid_after_utc).sign(
        key, hashes.SHA256()
    )
    assert crl.is_signature_valid(key.public_key())
    signed = pkcs7.PKCS7SignatureBuilder().set_data(b"report").add_signer(own, key, hashes.SHA256())
    (place.folder / "report.p7s").write_bytes(signed.sign(Encoding.DER, [pkcs7.PKCS7Options.Binary]))
    (place.folder / "ca.pem").write_bytes(own.public_bytes(Encoding.PEM))
    done = subprocess.run(
        ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", place.folder / "report.p7s",
         "-purpose", "any", "-CAfile", place.folder / "ca.pem"], capture_output=True, check=True,
    )  # fmt: skip
    assert done.stdout == b"report"


def test_rsa_deciphers_what_was_enciphered_for_it(place: Place) -> None:
    key = place.open().create("scep", "rsa2048")
    assert isinstance(key, rsa.RSAPrivateKey)
    sealed = key.public_key().encrypt(b"session key", padding.PKCS1v15())
    assert key.decrypt(sealed, padding.PKCS1v15()) == b"session key"


def test_a_certificate_is_stored_read_back_and_replaced(place: Place) -> None:
    store = place.open()
    key = store.create("lt-00001")
    assert store.certificate("lt-00001") is None and store.labels() == ["lt-00001"]
    for days in (20, 25, 10):  # the last one begins before the others, and counts nevertheless
        leaf, chain = certified(key, days)
        store.store("lt-00001", leaf, chain)
        credential = place.open().certificate("lt-00001")
        assert credential and (credential.certificate, list(credential.chain)) == (leaf, chain)
    assert place.open().key("lt-00001").public_key() == key.public_key() == leaf.public_key()
    assert place.open().labels() == ["lt-00001"]


def test_two_keys_do_not_disturb_each_other(place: Place) -> None:
    store = place.open()
    leaves = {}
    issuing, signer, root = authority()
    for label in ("b", "a"):
        leaves[label] = certificate(label, store.create(label), "Example Issuing", signer)
        store.store(label, leaves[label], [issuing, root])
    assert place.open().labels() == ["a", "b"]
    store.delete("a")
    left = place.open().certificate("b")
    assert left and left.certificate == leaves["b"] and left.chain == (issuing, root)


def test_a_certificate_for_another_key_is_refused(place: Place) -> None:
    store = place.open()
    key = store.create("lt-00001")
    mine, chain = certified(key)
    store.store("lt-00001", mine, chain)
    other, _chain = certified(ec.generate_private_key(ec.SECP256R1()))
    refused("keystore.mismatch", lambda: store.store("lt-00001", other))
    kept = place.open().certificate("lt-00001")
    assert kept and kept.certificate == mine


def test_a_key_is_never_overwritten_and_deleted_ones_are_gone(place: Place) -> None:
    store = place.open()
    key = store.create("lt-00001")
    refused("keystore.exists", lambda: place.open().create("lt-00001"))
    assert place.open().key("lt-00001").public_key() == key.public_key()
    store.delete("lt-00001")
    assert place.open().labels() == []
    assert place.open().certificate("lt-00001") is None
    for call in (place.open().key, place.open().delete):
        refused("keystore.missing", lambda call=call: call("lt-00001"))
    refused("keystore.missing", lambda: place.open().store("lt-00001", certified(key)[0]))
    assert place.open().create("lt-00001").public_key() != key.public_key()


@pytest.mark.parametrize("label", ["", "../x", "a/b", ".hidden", "a b", "a" * 65, "a\n", "ラベル", "-x"])
def test_labels_that_could_be_something_else_are_refused(place: Place, label: str) -> None:
    for call in (place.open().create, place.open().key, place.open().certificate, place.open().delete):
        refused("keystore.label", lambda call=call: call(label))


def test_a_wrong_passphrase_is_an_error_of_its_own(place: Place) -> None:
    store = place.open()
    store.create("lt-00001")
    if hasattr(store, "close"):
        store.close()  # a login is the whole process's
    wrong = secret_file(place.folder, "wrong", "incorrect-horse")
    code = "keystore.pin" if place.spec.startswith("pkcs11") else "keystore.passphrase"

    def use() -> None:  # a TPM is not asked before the key is used
        key = place.open(wrong).key("lt-00001")
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        key.sign(b"data", ec.ECDSA(hashes.SHA256()))

    if "unattended" in place.spec:
        use()
        return
    error = refused(code, use)
    assert error.hint and "incorrect-horse" not in error.message + error.hint


def test_a_key_leaves_only_where_the_store_says_so(place: Place) -> None:
    store = place.open()
    key = store.create("lt-00001")

    def out() -> bytes:
        return key.private_bytes(Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())

    if store.movable:
        assert out()
        return
    refused("keystore.stays", out)
    refused("keystore.stays", key.private_numbers)


def test_nothing_that_was_written_holds_a_key_in_clear(place: Place) -> None:
    """A DER or PEM key anywhere below the folder would be found; keys that cannot leave have no bytes to look for."""
    store = place.open()
    ours = []
    for label, algorithm in (("a", "p256"), ("b", "rsa2048")):
        key = store.create(label, algorithm)  # type: ignore[arg-type]
        if store.movable:
            der = key.private_bytes(Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
            numbers = key.private_numbers()
            secret = numbers.private_value if isinstance(key, ec.EllipticCurvePrivateKey) else numbers.d  # type: ignore[union-attr]
            ours += [der, secret.to_bytes((secret.bit_length() + 7) // 8)]
    for path in filter(Path.is_file, place.folder.rglob("*")):
        data = path.read_bytes()
        assert b"BEGIN PRIVATE KEY" not in data and b"BEGIN EC PRIVATE" not in data, path
        assert not [each for each in ours if each in data], path
        if path.parent.name == "keys":
            assert path.stat().st_mode & 0o777 == 0o600, path
