"""FreeRADIUS on loopback, and the supplicant that asks it."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gateways.programs import Running, need, running

HOST = "gateway.closed.example"
PEN_3GPP, IMEISV = 10415, 20  # 3GPP TS 29.061 clause 16.4.7


@contextmanager
def freeradius(folder: Path, *, debug: bool = True) -> Iterator[Running]:
    """The server that the exported `folder` describes; `debug` off: it hears SIGHUP."""
    command = [need("freeradius", "freeradius"), "-d", folder, "-n", "dongle", *(["-X"] if debug else ["-f"])]
    with running(command) as server:
        server.wait_for("Ready to process requests")
        yield server


def secret_of(folder: Path) -> str:
    """The secret that the export made for this machine."""
    for line in (folder / "clients-dongle.conf").read_text().splitlines():
        if line.strip().startswith("secret"):
            return line.split('"')[1]
    raise AssertionError("no secret in clients-dongle.conf")


@dataclass(frozen=True)
class Login:
    """How a logon ended: eapol_test's word for it, and everything it said."""

    accepted: bool
    said: str


def login(work: Path, port: int, secret: str, *, ca: Path, pem: Path, key: Path, imeisv: str | None = None) -> Login:
    """One EAP-TLS logon, as a packet gateway would send it on: with the dongle's IMEISV, or without."""
    conf = work / "eapol.conf"
    conf.write_text(
        f'network={{\nkey_mgmt=IEEE8021X\neap=TLS\nidentity="dongle"\nca_cert="{ca}"\nclient_cert="{pem}"\n'
        f'private_key="{key}"\ndomain_match="{HOST}"\n}}\n'
    )
    return supplicant(conf, port, secret, imeisv=imeisv)


def supplicant(conf: Path, port: int, secret: str, *, imeisv: str | None = None) -> Login:
    """One logon with a wpa_supplicant configuration."""
    command = [need("eapol_test", "eapoltest"), "-c", str(conf), "-a", "127.0.0.1", "-p", str(port), "-s", secret,
               "-t", "40", "-r", "0"]  # fmt: skip
    if imeisv is not None:
        vendor = PEN_3GPP.to_bytes(4, "big") + bytes([IMEISV, 2 + len(imeisv)]) + imeisv.encode()
        command += ["-N", f"26:x:{vendor.hex()}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode in (0, 252), done.stdout[-2000:]  # anything else: no answer at all
    return Login(done.returncode == 0, done.stdout)


UDP = socket.SOCK_DGRAM
