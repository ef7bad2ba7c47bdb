"""The bench signs what it keeps: records, reports and, once a day, the head of the register's history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dongle_cli import __version__, paths
from dongle_cli.binding import ca, publish
from dongle_cli.errors import DongleError
from dongle_cli.evidence import cms, timestamp
from dongle_cli.evidence.canonical import canonical, digest
from dongle_cli.evidence.files import safe, write_once
from dongle_cli.evidence.operator import account
from dongle_cli.evidence.trust import Anchors, Revocation
from dongle_cli.evidence.verify import signature_of
from dongle_cli.register import certificates
from dongle_cli.register import evidence as kept

if TYPE_CHECKING:
    from cryptography import x509

    from dongle_cli.binding.ca import Settings
    from dongle_cli.binding.keystores import PrivateKey
    from dongle_cli.binding.unlock import Unlock
    from dongle_cli.register.register import Register

HEAD = "history-head"  # the kind of a record that says how far the history went, and its digest


@dataclass(frozen=True)
class Signer:
    """The bench's key for evidence, opened; `tsa` is the time-stamping authority's URL, where there is one."""

    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    key: PrivateKey
    tsa: str | None = None

    @classmethod
    def open(cls, settings: Settings, unlock: Unlock, tsa: str | None = None) -> Signer:
        """The authority's evidence key; DongleError `keystore.*`, `secret.*` or `authority.*`."""
        key = ca.keystore(settings, "issuing", unlock).key("evidence")
        return cls(ca.certificate(settings, "evidence"), ca.chain(settings), key, tsa)

    def sign(self, path: Path) -> Path:
        """Write the signature beside `path`, with a time stamp where one is configured; returns the signature's path.

        A time stamp that cannot be had raises DongleError `evidence.timestamp` after the signature is written.
        """
        content = publish.read(path, most=1 << 32)
        signature = cms.sign(content, self.key, self.certificate, self.chain)
        at = signature_of(path)
        stamp = at.with_name(at.name + timestamp.SUFFIX)
        stamp.unlink(missing_ok=True)  # it is of the signature that is replaced now
        publish.write(at, signature, mode=0o640)
        if self.tsa is not None:
            publish.write(stamp, timestamp.request(self.tsa, cms.verify(content, signature).value), mode=0o640)
        return at


def folder() -> Path:
    """Where the bench keeps its evidence."""
    return paths.data_dir() / "evidence"


def record(register: Register, kind: str, name: str, body: Mapping[str, object]) -> Path:
    """Keep what was done (`kind`, "bind") to `name` (an asset number) as a file, and its digest in the history."""
    now = datetime.now().astimezone()
    told = {
        "schema": 1,
        "kind": kind,
        "tool": {"name": "dongle-cli", "version": __version__},
        "operator": account(),
        "at": now.isoformat(timespec="milliseconds"),
        **body,
    }
    data = canonical(told)
    path = write_once(folder(), f"{safe(name)}_{kind}_{now:%Y%m%d-%H%M%S}", data)
    kept.note(register, kind, path.name, digest(data))
    return path


def head(register: Register) -> Path | None:
    """Keep the number and digest of the history's last entry as a file; None while there is no history."""
    last = register.last_link()
    if last is None:
        return None
    body = {"schema": 1, "kind": HEAD, "seq": last.seq, "digest": last.digest, "at": last.at}
    return write_once(folder(), f"history_{datetime.now():%Y%m%d}_{last.seq}", canonical(body))


def daily(register: Register, signer: Signer) -> Path | None:
    """Sign the history's head, unless one was signed today; returns the new file."""
    today = list(folder().glob(f"history_{datetime.now():%Y%m%d}_*.json"))
    if any(signature_of(path).exists() for path in today):
        return None
    path = head(register)
    if path is not None:
        signer.sign(path)
    return path


def anchors(register: Register) -> Anchors:
    """The authority's certificates as the register has them, and which of them are revoked."""
    from cryptography import x509

    rows = certificates.authority_certificates(register)
    revoked = {
        row["fingerprint_sha256"]: Revocation(datetime.fromisoformat(row["revoked"]).astimezone(UTC), row["reason"])
        for row in rows
        if row["revoked"]
    }
    above = [
        x509.load_pem_x509_certificate(row["certificate"].encode("ascii"))
        for row in rows
        if row["purpose"] in ("root", "issuing")
    ]
    return Anchors(above, (), revoked, asked=bool(above))


def load_pem(path: Path) -> tuple[list[x509.Certificate], list[x509.CertificateRevocationList]]:
    """The certificates and the CRLs of a PEM file, or of one CRL in DER; DongleError `evidence.unreadable`."""
    from cryptography import x509

    from dongle_cli.i18n import _

    data = publish.read(path)
    try:
        if not data.lstrip().startswith(b"-----BEGIN"):
            return [], [x509.load_der_x509_crl(data)]
        parts = [b"-----BEGIN" + part for part in data.split(b"-----BEGIN")[1:]]
        lists = [x509.load_pem_x509_crl(part) for part in parts if part.startswith(b"-----BEGIN X509 CRL")]
        single = [x509.load_pem_x509_certificate(part) for part in parts if part.startswith(b"-----BEGIN CERT")]
    except ValueError:
        raise DongleError(
            _("{path} holds neither certificates nor a revocation list.").format(path=path),
            code="evidence.unreadable",
        ) from None
    return single, lists
