"""The keyring of the desktop, a null one, none, a locked one and one that asks: no passphrase is lost or waited for."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from authorities.desk import Answered
from gateways.programs import need, running, wait_for_owner
from jeepney import DBusAddress, new_method_call
from jeepney.io.blocking import open_dbus_connection

pytestmark = pytest.mark.strangers
INIT = ("ca", "init", "--name", "Example Prefecture", "-F", "json")


@pytest.fixture
def bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A session bus of its own, and nobody's keyring on it."""
    for name, where in (("HOME", ""), ("XDG_DATA_HOME", "data")):
        monkeypatch.setenv(name, str(tmp_path / where))
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND", raising=False)
    run = tempfile.TemporaryDirectory(prefix="run-")  # short: a Unix socket's path is at most 107 bytes
    monkeypatch.setenv("XDG_RUNTIME_DIR", run.name)
    command = [need("dbus-daemon", "dbus-daemon"), "--session", "--nofork", "--print-address=1"]
    with run, running(command) as daemon:
        address = daemon.wait_for("unix:").strip()
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        yield address


def names_alternatives(answered: Answered) -> bool:
    """It ended as it must, and says what else there is."""
    assert (answered.code, answered.error["code"]) == (6, "secret.no-keyring"), answered.said
    return "file:" in answered.error["hint"] and "systemd" in answered.error["hint"]


@pytest.mark.parametrize("backend", ["keyring.backends.fail.Keyring", "keyring.backends.null.Keyring", "asks.Keyring"])
def test_a_keyring_that_cannot_be_trusted_stops_the_job(
    lab: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, backend: str
) -> None:
    # As keyrings.alt and keyrings.cryptfile do: whoever is at the terminal is asked, and a batch job waits for ever.
    (tmp_path / "asks.py").write_text(
        "import getpass, keyring.backend\nclass Keyring(keyring.backend.KeyringBackend):\n    priority = 9\n"
        "    def get_password(self, service, user):\n        return getpass.getpass('?')\n"
        "    def set_password(self, service, user, password):\n        getpass.getpass('?')\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", backend)
    bench = lab(models=["quectel-ec25"])
    assert names_alternatives(Answered.of(bench.run(*INIT, timeout=60)))
    assert not list(bench.home.rglob("*.key.pem"))


def test_a_systemd_credential_takes_its_place(
    lab: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / "ca").write_text("a passphrase of the tests\n")
    bench = lab(models=["quectel-ec25"])
    assert bench.run(*INIT, "--passphrase-file", "credential:ca").returncode == 0
    assert bench.run("ca", "crl", "--passphrase-file", "credential:ca").returncode == 0
    other = Answered.of(bench.run("ca", "crl", "--passphrase-file", "credential:other", "-F", "json"))
    assert (other.code, other.error["code"]) == (6, "secret.missing")


def test_the_desktop_keyring_unlocks_the_authority_until_it_is_locked(
    lab: Callable[..., Any], bus: str, tmp_path: Path
) -> None:
    daemon = [need("gnome-keyring-daemon", "gnome-keyring"), "--foreground", "--unlock", "--components=secrets"]
    process = subprocess.Popen(daemon, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert process.stdin
        process.stdin.write(b"the password of the desktop")
        process.stdin.close()
        # Whoever asks earlier has the bus start a second daemon, which knows no password and stays locked.
        wait_for_owner(bus, SERVICE)
        bench = lab(models=["quectel-ec25"])
        ca = bench.home / "data" / "ca"
        wanted = [ca / "root" / "root.key.pem", *(ca / "issuing" / f"{name}.key.pem" for name in LABELS)]
        for path in wanted:  # as the hint says: keyring set SERVICE USER
            store = [sys.executable, "-m", "keyring", "set", "dongle-cli", str(path)]
            subprocess.run(store, input="a passphrase of the tests\n", text=True, check=True, capture_output=True)
        done = bench.run(*INIT)
        assert done.returncode == 0, done.stderr
        assert bench.run("ca", "crl").returncode == 0
        lock()
        assert names_alternatives(Answered.of(bench.run("ca", "crl", "-F", "json", timeout=60)))
    finally:
        process.terminate()
        process.wait(60)


SERVICE = "org.freedesktop.secrets"
LABELS = ("issuing", "ocsp", "evidence")


def lock() -> None:
    """Lock the default collection, as the screen's lock or a logout does."""
    service = DBusAddress("/org/freedesktop/secrets", SERVICE, "org.freedesktop.Secret.Service")
    with open_dbus_connection(os.environ["DBUS_SESSION_BUS_ADDRESS"]) as line:
        (path,) = line.send_and_get_reply(new_method_call(service, "ReadAlias", "s", ("default",))).body
        line.send_and_get_reply(new_method_call(service, "Lock", "ao", ([path],)))
