"""The folder of the local authority: what it is called, where its keys are, its certificates, and its clock."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dongle_cli import paths
from dongle_cli.binding import publish
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _

if TYPE_CHECKING:
    from cryptography import x509

    from dongle_cli.binding.keystores import Keystore, PrivateKey
    from dongle_cli.binding.unlock import Unlock

FILE = "authority.json"  # written last by `ca init`: without it there is no authority
_RELEASED = datetime(2025, 1, 1, tzinfo=UTC)  # no clock that is right shows less
_LONG_AGO = timedelta(days=2 * 365)  # since the last entry of the register: rather the clock than a rest


@dataclass(frozen=True)
class Settings:
    """What `ca init` was told, and where the keys are."""

    folder: Path
    name: str
    created: str
    root_keystore: str = "pem:root"  # a relative place is below the folder
    issuing_keystore: str = "pem:issuing"
    crl_url: str | None = None
    ocsp_url: str | None = None
    days: int | None = None  # lifetime of client certificates; None: drawn, see profile.lifetime

    @property
    def urls(self) -> dict[str, str]:
        """What goes into certificates: where the CRL and the OCSP responder are."""
        return {name: url for name, url in (("crl", self.crl_url), ("ocsp", self.ocsp_url)) if url}


def _pointer() -> Path:
    """The file that remembers where `ca init --dir` put the authority."""
    return paths.data_dir() / FILE


def place(folder: Path | None) -> Path:
    """The authority's folder: the one that is named, the one that `ca init` remembered, or the usual one."""
    if folder is not None:
        return folder
    try:
        return Path(json.loads(_pointer().read_text(encoding="utf-8"))["dir"])
    except FileNotFoundError:
        return paths.data_dir() / "ca"
    except (OSError, ValueError, KeyError, TypeError):
        raise DongleError(
            _("{path} should say where the authority is, and does not.").format(path=_pointer()),
            code="authority.damaged",
            hint=_("Name the folder with --dir, or write it there again with: dongle-cli ca use DIR"),
        ) from None


def remember(folder: Path) -> None:
    """Make `folder` the authority that commands take where none is named."""
    _pointer().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    publish.write(_pointer(), json.dumps({"schema": 1, "dir": str(folder.resolve())}).encode())


def exists(folder: Path | None = None) -> bool:
    """Whether there is an authority on this bench."""
    return (place(folder) / FILE).exists()


def load(folder: Path | None = None) -> Settings:
    """The authority's settings; DongleError `authority.missing` where there is none yet."""
    at = place(folder)
    try:
        values: dict[str, Any] = json.loads((at / FILE).read_text(encoding="utf-8"))
        values.pop("schema")
        return Settings(folder=at, **values)
    except FileNotFoundError:
        raise DongleError(
            _("There is no authority in {path}.").format(path=at),
            code="authority.missing",
            hint=_("Make one with: dongle-cli ca init --name NAME"),
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DongleError(
            _("The authority's file {path} cannot be used: {reason}.").format(path=at / FILE, reason=error),
            code="authority.damaged",
            hint=_("Put the authority back from its backup."),
        ) from None


def save(settings: Settings) -> None:
    """Write the settings; from now on the authority exists."""
    values = {"schema": 1, **{name: value for name, value in asdict(settings).items() if name != "folder"}}
    publish.write(settings.folder / FILE, json.dumps(values, ensure_ascii=False, indent=1).encode())


def keystore(settings: Settings, which: str, unlock: Unlock) -> Keystore:
    """The keystore of "root" or "issuing" (which also holds the keys "ocsp" and "evidence")."""
    from dongle_cli.binding.keystores import FOLDERS, open_keystore

    spec = settings.root_keystore if which == "root" else settings.issuing_keystore
    kind, _colon, where = spec.partition(":")
    if kind in FOLDERS and not Path(where).is_absolute():
        if which == "root" and not (settings.folder / where).is_dir() and exists(settings.folder):
            raise root_away()
        spec = f"{kind}:{settings.folder / where}"
    return open_keystore(spec, unlock)


def root_away() -> DongleError:
    """The error for what needs the root key while it is locked away."""
    return DongleError(
        _("The root key is not here: it was moved away."),
        code="authority.root-offline",
        hint=_("Bring the medium with it."),
    )


def certificate(settings: Settings, label: str) -> x509.Certificate:
    """One of the authority's own certificates: "root", "issuing", "ocsp" or "evidence"."""
    from cryptography import x509

    path = settings.folder / f"{label}.pem"
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError):
        raise DongleError(
            _("The authority's certificate {path} is missing or damaged.").format(path=path), code="authority.damaged"
        ) from None


def chain(settings: Settings) -> tuple[x509.Certificate, ...]:
    """The issuing certificate and the root."""
    return certificate(settings, "issuing"), certificate(settings, "root")


def pem(*certificates: x509.Certificate) -> bytes:
    """Certificates as one PEM file."""
    from cryptography.hazmat.primitives.serialization import Encoding

    return b"".join(one.public_bytes(Encoding.PEM) for one in certificates)


def sign(builder: x509.CertificateBuilder, key: PrivateKey) -> x509.Certificate:
    """Sign with SHA-256, or SHA-384 for a key on P-384."""
    return builder.sign(key, digest_for(key))


def digest_for(key: PrivateKey) -> Any:
    """The hash that goes with a key."""
    from cryptography.hazmat.primitives import hashes

    return hashes.SHA384() if key.key_size == 384 else hashes.SHA256()


def check_clock(issuing: x509.Certificate, last_entry: str | None = None) -> None:
    """DongleError `authority.clock` where this machine's clock cannot be right: certificates would be void or eternal.

    `last_entry`: when the register was written last.
    """
    now = datetime.now(UTC)
    last = datetime.fromisoformat(last_entry) if last_entry else None
    why = None
    if now < _RELEASED:
        why = _("that is before this program was made")
    elif now < issuing.not_valid_before_utc:
        why = _("that is before the issuing certificate was made, {moment}").format(
            moment=issuing.not_valid_before_utc.isoformat()
        )
    elif last and now < last - timedelta(days=1):
        why = _("the register was written later, {moment}").format(moment=last_entry)
    elif last and now > last + _LONG_AGO:
        why = _("the register was written last {moment}, years ago").format(moment=last_entry)
    if why:
        raise DongleError(
            _("This machine's clock says {now}: {why}. Nothing is signed with a wrong clock.").format(
                now=now.isoformat(timespec="seconds"), why=why
            ),
            code="authority.clock",
            hint=_("Set the clock, then run the same command again. If the clock is right, use --force."),
        )
    if now >= issuing.not_valid_after_utc:
        raise DongleError(
            _("The issuing certificate ended {moment}; this machine's clock says {now}.").format(
                moment=issuing.not_valid_after_utc.isoformat(), now=now.isoformat(timespec="seconds")
            ),
            code="authority.expired",
            hint=_("If the clock is wrong, set it. Otherwise make a new authority: dongle-cli ca init"),
        )
