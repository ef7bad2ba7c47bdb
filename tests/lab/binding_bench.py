"""A bench with an authority, as the tests of binding need it."""

from __future__ import annotations

import io
import json
import os
import subprocess
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

KEYS = {"asset", "imei", "laptop_uuid", "serial", "not_after", "fingerprint_sha256", "state"}


def openssl(*arguments: str | Path, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    """One run of openssl."""
    return subprocess.run(["openssl", *map(str, arguments)], input=stdin, capture_output=True, timeout=60)


def laptop_file(folder: Path, number: int) -> Path:
    """The description of laptop `number`."""
    path = folder / f"lt{number}.json"
    uuid = f"4c4c4544-0042-3510-8052-b4c04f4a{number:04x}"
    path.write_text(json.dumps({"schema": 1, "serial": f"SN-{number:04}", "uuid": uuid, "host": f"lt{number}"}))
    return path


def csr_file(folder: Path, name: str, *more: str, kind: tuple[str, ...] = ("ec_paramgen_curve:P-256",)) -> Path:
    """A request that openssl made, with its key beside it."""
    out = folder / f"{name}.csr"
    algorithm = ["-newkey", "ec", *(part for option in kind for part in ("-pkeyopt", option))]
    made = openssl("req", "-new", *algorithm, "-nodes", "-keyout", folder / f"{name}.key", "-subj", f"/CN={name}",
                   "-out", out, *more)  # fmt: skip
    assert made.returncode == 0, made.stderr
    return out


@dataclass
class Bench:
    """A lab whose home has an authority."""

    lab: Any
    folder: Path
    unlock: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    first: dict[str, Any] = field(default_factory=dict)  # what the first bind of a test answered

    @property
    def register_url(self) -> str:
        """The bench's register."""
        return self.environment.get("DONGLE_REGISTER", f"sqlite:///{self.home / 'data' / 'register.db'}")

    @property
    def home(self) -> Path:
        """The bench's DONGLE_HOME."""
        return Path(self.lab.home)

    def run(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """`dongle-cli ARGUMENTS` in this process: the same code from the command line on, without starting Python."""
        from dongle_cli.cli.main import run

        out, err, before = io.StringIO(), io.StringIO(), dict(os.environ)
        words = [str(word) for word in arguments]
        try:
            os.environ.clear()
            os.environ.update(self.lab.environment | self.environment)
            with redirect_stdout(out), redirect_stderr(err):
                code = run(words)
        finally:
            os.environ.clear()
            os.environ.update(before)
        self.lab.said += [out.getvalue(), err.getvalue()]
        return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())

    def json(self, *arguments: str | Path) -> dict[str, Any]:
        """What a command that must succeed answers."""
        done = self.run(*arguments, "--format", "json")
        assert done.returncode == 0, done.stdout + done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def refused(self, exit_code: int, code: str, *arguments: str | Path) -> dict[str, Any]:
        """The error of a command that must fail so."""
        done = self.run(*arguments, "--format", "json")
        assert done.returncode == exit_code, done.stdout + done.stderr
        error: dict[str, Any] = json.loads(done.stderr)["error"]
        assert error["code"] == code, error
        return error

    def bind(self, port: str, number: int, *more: str | Path) -> tuple[str | Path, ...]:
        """The words that bind the dongle at `port` to laptop `number`, with a key of openssl's."""
        name = f"lt{number}"
        csr = self.folder / f"{name}.csr"
        if not csr.exists():
            csr_file(self.folder, name)
        loose = ("--csr", csr, "--laptop", laptop_file(self.folder, number), "--asset", f"PF{number:07}")
        return ("bind", "--device", port, *loose, "--out", self.folder / f"{name}.pem", "--yes", *self.unlock, *more)

    def chain(self) -> str:
        """The authority's chain in PEM."""
        out = self.folder / "chain.pem"
        assert self.run("ca", "chain", "--out", out).returncode == 0
        return out.read_text()

    @staticmethod
    def keys_in(path: Path) -> bool:
        """Whether a file holds a private key."""
        return "PRIVATE KEY" in path.read_text(encoding="utf-8", errors="replace")


def make(lab: Any, folder: Path, register: str | None = None) -> Bench:
    """A bench whose authority is new, with its own register or the one at this URL."""
    secret = folder / "pass"
    secret.touch(mode=0o600)
    secret.write_text("a passphrase of the test\n")
    bench = Bench(lab, folder, ("--passphrase-file", str(secret)), {"DONGLE_REGISTER": register} if register else {})
    bench.json("ca", "init", "--name", "Example Prefecture", *bench.unlock)
    return bench


def history(bench: Bench) -> list[tuple[str, dict[str, Any]]]:
    """Kind and body of every entry, oldest first; the chain must hold."""
    from dongle_cli.register.register import Register
    from dongle_cli.register.tables import history as table

    with Register.open(bench.register_url) as register, register.reading() as connection:
        assert register.history_break() is None
        return [(row.kind, json.loads(row.body)) for row in connection.execute(table.select().order_by("seq"))]


def records(bench: Bench, kind: str) -> list[tuple[dict[str, Any], bool]]:
    """The records of this kind that are kept as files, oldest first, each with whether it is signed."""
    files = sorted(
        (bench.home / "data" / "evidence").glob(f"*_{kind}_*.json"), key=lambda path: path.stat().st_mtime_ns
    )
    return [(json.loads(path.read_text()), path.with_name(f"{path.name}.p7s").exists()) for path in files]


def forged(
    certificate: str, chain: str, begin: timedelta = timedelta(hours=-1), end: timedelta = timedelta(days=300)
) -> tuple[str, str]:
    """Chain and certificate of an authority that has the same names and keys of its own; the client's key stays."""
    leaf = x509.load_pem_x509_certificate(certificate.encode())
    issuing, root = x509.load_pem_x509_certificates(chain.encode())
    keys = [ec.generate_private_key(ec.SECP256R1()) for _each in range(2)]
    now = datetime.now(UTC)

    def signed(
        like: x509.Certificate, public: Any, issuer: x509.Name, key: Any, *limits: timedelta
    ) -> x509.Certificate:
        builder = x509.CertificateBuilder(issuer, like.subject, public, like.serial_number, *(now + d for d in limits))
        for extension in like.extensions:
            if not isinstance(extension.value, x509.AuthorityKeyIdentifier | x509.SubjectKeyIdentifier):
                builder = builder.add_extension(extension.value, extension.critical)
        return builder.sign(key, hashes.SHA256())

    year = (timedelta(days=-365), timedelta(days=365))
    top = signed(root, keys[0].public_key(), root.subject, keys[0], *year)
    middle = signed(issuing, keys[1].public_key(), root.subject, keys[0], *year)
    bottom = signed(leaf, leaf.public_key(), issuing.subject, keys[1], begin, end)
    pem = [one.public_bytes(Encoding.PEM).decode() for one in (middle, top, bottom)]
    return pem[0] + pem[1], pem[2]
