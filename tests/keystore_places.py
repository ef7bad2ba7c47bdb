"""Keystores of every kind in a folder of their own, for the contract that all of them keep."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from ports import free_port

from dongle_cli.binding.keystores import Keystore, open_keystore
from dongle_cli.binding.unlock import Unlock

PASSPHRASE = "correct-horse-4711"
SOFTHSM = next((p for p in Path("/usr/lib").glob("**/libsofthsm2.so")), Path("/usr/lib/softhsm/libsofthsm2.so"))


def needs(program: str, package: str) -> None:
    """Skip where `program` is missing, and fail where CI should have installed the Debian `package`."""
    if shutil.which(program) is None:
        message = f"{program} is missing: apt-get install {package}"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)


@dataclass
class Place:
    """One keystore and what a test needs around it."""

    spec: str
    folder: Path  # everything that it writes is below
    secret: Path  # the passphrase file

    def open(self, secret: Path | None = None) -> Keystore:
        """The keystore, as a new process would open it."""
        return open_keystore(self.spec, Unlock(str(secret or self.secret)))


def secret_file(folder: Path, name: str, value: str) -> Path:
    """A file with mode 0600 that holds `value`."""
    path = folder / name
    path.write_text(value + "\n")
    path.chmod(0o600)
    return path


def softhsm(folder: Path, patch: pytest.MonkeyPatch) -> str:
    """A SoftHSM token "bench" below `folder`; the specification that names it."""
    needs("softhsm2-util", "softhsm2")
    pytest.importorskip("pkcs11", reason='python-pkcs11 is not installed: pip install "dongle-cli[pkcs11]"')
    tokens = folder / "tokens"
    tokens.mkdir()
    settings = folder / "softhsm2.conf"
    settings.write_text(f"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n")
    patch.setenv("SOFTHSM2_CONF", str(settings))
    # A loaded library knows the tokens of its first settings for ever: each test is a new application to it.
    import pkcs11

    pkcs11.unload(str(SOFTHSM))
    arguments = ["--init-token", "--free", "--label", "bench", "--so-pin", "12345678", "--pin", PASSPHRASE]
    subprocess.run(["softhsm2-util", *arguments], check=True, capture_output=True)
    return f"pkcs11:token=bench?module-path={SOFTHSM}"


@contextmanager
def swtpm(folder: Path) -> Iterator[str]:
    """A TPM 2.0 of its own, in software; yields what TPM2TOOLS_TCTI must be."""
    needs("swtpm", "swtpm")
    needs("tpm2_create", "tpm2-tools")
    state, port = folder / "tpm", free_port(neighbours=1)  # a TPM's commands, and its switch
    state.mkdir()
    process = subprocess.Popen(
        ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={state}", "--flags", "not-need-init,startup-clear",
         "--server", f"type=tcp,port={port},bindaddr=127.0.0.1",
         "--ctrl", f"type=tcp,port={port + 1},bindaddr=127.0.0.1"],
    )  # fmt: skip
    deadline = time.monotonic() + 60
    try:
        while True:
            try:
                # It listens here last: whoever waits for the switch alone may come too early with a command.
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert time.monotonic() < deadline and process.poll() is None, "swtpm does not start"
                time.sleep(0.02)
        yield f"swtpm:host=127.0.0.1,port={port}"
    finally:
        process.terminate()
        process.wait(60)


def authority() -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey, x509.Certificate]:
    """An issuing certificate, its key, and the root above it."""
    root, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    top = certificate("Example Root", root, "Example Root", root)
    return certificate("Example Issuing", key, "Example Root", root), key, top


def certificate(
    subject: str, key: ec.EllipticCurvePrivateKey, issuer: str, signer: ec.EllipticCurvePrivateKey, days: int = 30
) -> x509.Certificate:
    """A certificate for `key`, signed by `signer`."""
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder(name(issuer), name(subject), key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=31 - days))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(signer, hashes.SHA256())
    )


def name(text: str) -> x509.Name:
    """A distinguished name of one common name."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
