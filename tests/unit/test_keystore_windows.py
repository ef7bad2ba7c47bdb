"""What is written for Windows and read from it; nothing here has run on Windows."""

from __future__ import annotations

import configparser
import re

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from hypothesis import given
from hypothesis import strategies as st

from dongle_cli.binding.keystores import open_keystore
from dongle_cli.binding.keystores.windows import installed
from dongle_cli.binding.keystores.windows_tools import PROVIDERS, container, inf, refusal, script, signature
from dongle_cli.binding.unlock import Unlock
from dongle_cli.errors import DongleError, ExitCode


@pytest.mark.parametrize(("algorithm", "kind", "size"), [("p256", "ECDSA_P256", "256"), ("rsa2048", "RSA", "2048")])
def test_the_settings_ask_for_a_key_that_stays(algorithm: str, kind: str, size: str) -> None:
    data = inf(container("laptop"), PROVIDERS["tpm"], algorithm)  # type: ignore[arg-type]
    assert data.startswith(b"\xff\xfe")
    text = data.decode("utf-16")
    assert "\r\n" in text and not re.search(r"(?<!\r)\n", text)
    settings = configparser.ConfigParser(interpolation=None)
    settings.read_string(text)
    asked = {name: value.strip('"') for name, value in settings["NewRequest"].items()}
    assert (asked["keyalgorithm"], asked["keylength"], asked["exportable"]) == (kind, size, "FALSE")
    assert (asked["machinekeyset"], asked["requesttype"], asked["hashalgorithm"]) == ("TRUE", "PKCS10", "SHA256")
    assert asked["providername"] == "Microsoft Platform Crypto Provider"
    assert asked["keycontainer"] == "dongle-cli-laptop"
    assert settings["EnhancedKeyUsageExtension"]["OID"] == "1.3.6.1.5.5.7.3.2"
    assert settings["Version"]["Signature"] == '"$Windows NT$"'


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("Certificate Request Processor: The device that is required by this cryptographic provider is not ready for"
         " use. 0x80090030 (-2146893776 NTE_DEVICE_NOT_READY)", "keystore.removed"),
        ("証明書要求プロセッサ: オブジェクトは既に存在します。 0x8009000f (-2146893809 NTE_EXISTS)", "keystore.exists"),
        ("CertUtil: -addstore コマンド エラーです: 0x80070005 (WIN32: 5 ERROR_ACCESS_DENIED)", "keystore.permission"),
        ("A certificate chain processed, but terminated in a root certificate which is not trusted by the trust"
         " provider. 0x800b0109 (-2146762487 CERT_E_UNTRUSTEDROOT)", "keystore.untrusted"),
        ("0x80090016\r\n", "keystore.missing"),
        ("0x80092004 (-2146885628 CRYPT_E_NOT_FOUND)", "keystore.mismatch"),
        ("0x80131500", "keystore.windows"),
        ("", "keystore.windows"),
    ],
)  # fmt: skip
def test_refusals_are_told_by_their_number_in_every_language(said: str, code: str) -> None:
    error = refusal("certreq", said)
    assert (error.code, error.exit_code) == (code, ExitCode.KEYSTORE)


@given(st.binary(max_size=200))
def test_whatever_windows_says_ends_in_an_error_with_a_name(said: bytes) -> None:
    assert refusal("certreq", said.decode("ascii", "replace")).code.startswith("keystore.")
    try:
        assert installed(said) in (True, False)
    except DongleError as error:
        assert error.code == "keystore.windows"


def test_signatures_of_cng_are_those_of_x509() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    for number in range(50):  # short r and s among them: CNG pads with zeros, DER has none
        data = str(number).encode()
        r, s = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
        key.public_key().verify(signature(r.to_bytes(32) + s.to_bytes(32)), data, ec.ECDSA(hashes.SHA256()))


def test_a_certificate_counts_as_installed_with_its_private_key_only() -> None:
    assert installed(b'\xef\xbb\xbf{"HasPrivateKey":true,"Thumbprint":"AB"}')
    assert not installed(b'{"HasPrivateKey":false,"Thumbprint":"AB"}')


@pytest.mark.parametrize("what", ["ecdsa", "rsa", "decrypt", "delete", "look"])
def test_programs_for_powershell_are_whole(what: str) -> None:
    text = script(what, container("laptop-2"), PROVIDERS["software"], "SHA256")
    for left, right in ("()", "{}", "[]"):
        assert text.count(left) == text.count(right)
    assert text.count("'") % 2 == 0 and '"' not in text and "\n" not in text
    assert "dongle-cli-laptop-2" in text


def test_elsewhere_it_says_that_it_is_one_of_windows(tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("DONGLE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    for spec in ("windows", "windows:software"):
        with pytest.raises(DongleError) as caught:
            open_keystore(spec, Unlock()).create("laptop")
        assert caught.value.code == "keystore.extra"
    with pytest.raises(DongleError) as caught:
        open_keystore("windows:other", Unlock())
    assert caught.value.code == "usage.keystore"
