"""A bench with one dongle, a laptop whose key openssl made, and `dongle-cli bind` between them."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509

UUID = "4c4c4544-0042-3510-8052-b4c04f4a3132"


@dataclass
class Answered:
    """How a command ended, its answer and its error, both parsed."""

    code: int
    answer: dict[str, Any]
    error: dict[str, Any]
    said: str

    @classmethod
    def of(cls, done: subprocess.CompletedProcess[str]) -> Answered:
        last = done.stderr.strip().rpartition("\n")[2]
        error = json.loads(last)["error"] if done.returncode and last.startswith("{") else {}
        return cls(done.returncode, json.loads(done.stdout) if done.stdout.strip() else {}, error, done.stderr)


@dataclass
class Desk:
    """One pair that is to be bound."""

    bench: Any  # the Lab of tests/conftest.py
    work: Path
    asset: str = "PF0000001"
    port: str = "1-1"

    @property
    def imei(self) -> str:
        return str(self.bench.status()[int(self.port[2:]) - 1]["imei"])

    @property
    def uuid(self) -> str:
        """Of the laptop at this port."""
        return f"{UUID[:-1]}{self.port[2:]}"

    @property
    def uris(self) -> list[str]:
        """The names that the certificate must have (RFC 7254)."""
        return [f"urn:gsma:imei:{self.imei[:8]}-{self.imei[8:14]}-0", f"urn:uuid:{self.uuid}"]

    @property
    def certificate(self) -> x509.Certificate:
        """What `bind` wrote."""
        return x509.load_pem_x509_certificate((self.work / "lt.pem").read_bytes())

    def request(self, *options: str, names: bool = True, key: str = "ec:P-256") -> Path:
        """A request with the names of the pair, as a laptop's openssl makes it; `options` go into the settings."""
        (self.work / "lt.json").write_text(json.dumps({"schema": 1, "serial": f"SN-{self.port}", "uuid": self.uuid}))
        settings = self.work / "req.cnf"
        san = f"subjectAltName=URI:{',URI:'.join(self.uris)}\n" if names else ""
        settings.write_text(
            "[req]\ndistinguished_name=dn\nreq_extensions=ext\nattributes=att\nprompt=no\n"
            f"[dn]\nCN={self.asset}\nserialNumber={self.asset}\n"
            f"[att]\n" + "".join(f"{option}\n" for option in options) + f"[ext]\nkeyUsage=digitalSignature\n{san}"
        )
        kind = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"] if key == "ec:P-256" else [key]
        command = ["openssl", "req", "-new", "-newkey", *kind, "-nodes", "-config", settings, "-keyout",
                   self.work / "lt.key", "-out", self.work / "lt.csr"]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True)
        return self.work / "lt.csr"

    def bind(self, authority: str, *more: str | Path) -> Answered:
        """Ask `authority` for the certificate of this pair."""
        loose = ("--csr", self.work / "lt.csr", "--laptop", self.work / "lt.json", "--asset", self.asset)
        command = ("bind", "--device", self.port, *loose, "--out", self.work / "lt.pem", "--authority", authority)
        return Answered.of(self.bench.run(*command, "--yes", "-F", "json", *more))

    def states(self) -> list[str]:
        """The state of every binding of the register, the oldest first."""
        import sqlite3

        register = self.bench.home / "data" / "register.db"
        with sqlite3.connect(register) as connection:
            return [row[0] for row in connection.execute("select state from bindings order by id")]
