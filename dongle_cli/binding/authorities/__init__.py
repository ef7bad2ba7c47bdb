"""Who signs: one Protocol, found through a table of lazy names; the answer is checked the same whoever gave it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    from dongle_cli.binding.unlock import Unlock

    PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey


@dataclass(frozen=True)
class Wanted:
    """What the certificate has to say, whoever signs it."""

    asset_no: str
    uris: tuple[str, ...]  # subject alternative names; none in the opaque profile
    public_key: PublicKey
    not_before: datetime
    not_after: datetime
    request: x509.CertificateSigningRequest | None = None  # None: the same key is certified anew


class Authority(Protocol):
    """One who signs requests. DongleError `authority.*` where it refuses or cannot be reached."""

    @property
    def name(self) -> str:
        """As the register keeps it: "local", "est:https://ca.example:8443"."""

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        """The issuing certificate, then what leads from it to the root; the root is the last."""

    def new_serial(self) -> int | None:
        """A serial number to reserve before signing; None where the authority chooses it itself."""

    def issue(self, wanted: Wanted, serial: int | None) -> x509.Certificate:
        """The certificate; `authority.waiting` where it comes later: run again, and the same row goes on."""


# The word before the colon of a specification, and what opens it: Class(rest, unlock, folder).
AUTHORITIES = {
    "local": "dongle_cli.binding.authorities.local:LocalAuthority",
    "est": "dongle_cli.binding.authorities.est:EstAuthority",
    "scep": "dongle_cli.binding.authorities.scep:ScepAuthority",
    "csr": "dongle_cli.binding.authorities.csr:FileAuthority",
}


def open_authority(spec: str, unlock: Unlock, folder: Path | None = None) -> Authority:
    """The authority that `spec` names, a KIND or "KIND:PLACE"; `folder` is the local one's where it is not the usual.

    DongleError `usage.authority` for another word.
    """
    kind, _colon, place = spec.partition(":")
    if kind not in AUTHORITIES:
        raise DongleError(
            _("{spec} names no authority. Known: {known}.").format(spec=spec, known=", ".join(AUTHORITIES)),
            code="usage.authority",
        )
    module, _colon, name = AUTHORITIES[kind].partition(":")
    opened: Authority = getattr(import_module(module), name)(place, unlock, folder)
    return opened
