"""A bench as the command line leaves it: lab dongles, an authority, bound pairs; every step is a command."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from gateways.pki import Pair, name, sign
from gateways.programs import need


@dataclass(frozen=True)
class Bound:
    """A pair that `bind` bound: certificate with its chain, the key that openssl made, and the answer in JSON."""

    pem: Path
    key: Path
    answer: dict[str, Any]

    @property
    def imeisv(self) -> str:
        """What the network says of its dongle: 14 digits of the IMEI and a software version."""
        return str(self.answer["imei"])[:14] + "03"


@dataclass
class Bench:
    """Runs `dongle-cli` in the lab's environment; `work` holds what it writes."""

    lab: Any
    work: Path

    @property
    def unlock(self) -> tuple[str, str]:
        """How every key is unlocked."""
        return ("--passphrase-file", str(self.work / "pass"))

    def run(self, *arguments: str | Path, code: int = 0) -> str:
        """stdout of a command that ends with `code`."""
        done = self.lab.run(*arguments)
        assert done.returncode == code, (arguments, done.returncode, done.stdout, done.stderr)
        return str(done.stdout)

    def json(self, *arguments: str | Path, code: int = 0) -> dict[str, Any]:
        """The answer of a command in JSON."""
        answer: dict[str, Any] = json.loads(self.run(*arguments, "--format", "json", code=code))
        return answer

    def init(self, *options: str) -> None:
        """The authority, and the chain in a file."""
        passphrase = self.work / "pass"
        passphrase.touch(mode=0o600)
        passphrase.write_text("a passphrase of the tests\n")
        self.run("ca", "init", "--name", "Example Prefecture", *options, *self.unlock)
        self.run("ca", "chain", "--out", self.work / "chain.pem")

    def bind(self, number: int, device: str | None = None) -> Bound:
        """Bind the dongle at 1-NUMBER to laptop NUMBER."""
        at = self.work / f"lt{number}"
        key, csr, laptop, pem = (at.with_suffix(end) for end in (".key", ".csr", ".json", ".pem"))
        subprocess.run(
            [need("openssl", "openssl"), "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-keyout", key, "-subj", f"/CN=lt{number}", "-out", csr], check=True, capture_output=True,
        )  # fmt: skip
        key.chmod(0o600)
        uuid = f"4c4c4544-0042-3510-8052-b4c04f4a{number:04x}"
        laptop.write_text(json.dumps({"schema": 1, "serial": f"SN-{number}", "uuid": uuid, "host": f"lt{number}"}))
        asset = f"PF{number:07}"
        answer = self.json(
            "bind", "--device", device or f"1-{number}", "--csr", csr, "--laptop", laptop, "--asset", asset,
            "--out", pem, "--yes", *self.unlock,
        )  # fmt: skip
        return Bound(self.with_chain(pem), key, answer)

    def with_chain(self, pem: Path) -> Path:
        """The leaf with the issuing CA behind it, as a client sends it."""
        leaf = x509.load_pem_x509_certificates(pem.read_bytes())[0]
        issuing = x509.load_pem_x509_certificates((self.work / "chain.pem").read_bytes())[0]
        whole = pem.with_suffix(".chain.pem")
        encoding = serialization.Encoding.PEM
        whole.write_bytes(leaf.public_bytes(encoding) + issuing.public_bytes(encoding))
        return whole

    def server(self, host: str) -> tuple[Path, Path]:
        """A gateway's own certificate with its chain, signed by the bench's issuing key."""
        key_pem = (self.ca / "issuing" / "issuing.key.pem").read_bytes()
        key = serialization.load_pem_private_key(key_pem, b"a passphrase of the tests")
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        issuing = Pair(x509.load_pem_x509_certificates((self.work / "chain.pem").read_bytes())[0], key)
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        pair = sign(name(host), issuing, usage, x509.SubjectAlternativeName([x509.DNSName(host)]))
        return pair.write(self.work, "server", issuing)

    @property
    def root(self) -> Path:
        """The trust anchor alone."""
        path = self.work / "root.pem"
        path.write_bytes((self.ca / "root.pem").read_bytes())
        return path

    @property
    def ca(self) -> Path:
        """The authority's folder."""
        return Path(self.lab.home) / "data" / "ca"
