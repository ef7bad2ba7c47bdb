"""What the bench is asked to bind: a laptop, an asset number and a key, from one request file or from loose files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dongle_cli.binding import checks, laptop, pkcs10, profile, publish, request
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _
from dongle_cli.register.bindings import Binding, Pair

if TYPE_CHECKING:
    from cryptography import x509

    from dongle_cli.binding.authorities import PublicKey
    from dongle_cli.identity import DongleIdentity, Laptop


@dataclass(frozen=True)
class Asked:
    """A laptop that wants a certificate."""

    laptop: Laptop
    asset_no: str
    csr: x509.CertificateSigningRequest
    whole: bool  # it came as a request file, and is answered by a file for `bind accept`

    @property
    def public_key(self) -> PublicKey:
        """The key that is to be certified."""
        return pkcs10.public_key(self.csr.public_key())


def read(
    *, request: Path | None = None, csr: Path | None = None, laptop: Path | None = None, asset: str | None = None
) -> Asked:
    """The request in these files, checked; DongleError `usage.*`, `request.*` or `identity.*`."""
    if (request is None) == (csr is None):
        raise DongleError(
            _("Give the laptop's request with --request, or a key's with --csr and --laptop."),
            code="usage.request",
        )
    if request is not None:
        if laptop is not None:
            raise DongleError(
                _("--laptop goes with --csr; a request file names its laptop itself."), code="usage.request"
            )
        return _from_request(request, asset)
    if laptop is None:
        raise DongleError(_("--csr needs --laptop FILE: whose key is it?"), code="usage.request")
    if asset is None:
        raise DongleError(_("Name the asset number: --asset NUMBER."), code="usage.asset")
    return loose(publish.read(csr or Path()), laptop, asset)


def loose(csr: bytes, described: Path | Laptop, asset: str) -> Asked:
    """A request made elsewhere, for the laptop that is described, also by a JSON file."""
    whose = laptop.from_file(described) if isinstance(described, Path) else described
    return Asked(whose, profile.asset_number(asset), pkcs10.read(csr), whole=False)


def _from_request(path: Path, asset: str | None) -> Asked:
    found = request.read(publish.read(path), str(path))
    if asset is not None and found.asset_no is not None and profile.asset_number(asset) != found.asset_no:
        raise DongleError(
            _("The request is for {theirs}, not for {ours}.").format(theirs=found.asset_no, ours=asset),
            code="request.asset",
        )
    number = asset if asset is not None else found.asset_no
    if number is None:
        raise DongleError(_("Name the asset number: --asset NUMBER."), code="usage.asset")
    return Asked(found.laptop, profile.asset_number(number), found.csr, whole=True)


def pair(asked: Asked, who: DongleIdentity, *, authority: str, opaque: bool) -> Pair:
    """The pair of this laptop and the dongle that was read."""
    if who.imei is None:
        raise DongleError(_("The dongle does not say its IMEI."), code="modem.no-imei")
    return Pair(
        asset_no=asked.asset_no,
        imei=str(who.imei),
        iccid=str(who.iccid) if who.iccid else None,
        laptop_uuid=asked.laptop.uuid,
        laptop_serial=asked.laptop.serial,
        laptop_host=asked.laptop.host,
        laptop_ek=asked.laptop.ek_sha256,
        profile="opaque" if opaque else "paired",
        authority=authority,
        spki_sha256=checks.fingerprint(asked.public_key),
    )


def check_names(asked: Asked, wanted: Pair, who: DongleIdentity) -> None:
    """Refuse a request that asks for names that this pair does not have."""
    if who.imei is not None:
        pkcs10.check_names(asked.csr, profile.uris("paired", who.imei, wanted.laptop_uuid))


def answer(asked: Asked, binding: Binding, chain: Sequence[x509.Certificate]) -> bytes:
    """What is written for the laptop: the certificate alone, or the file that `bind accept` takes."""
    certificate = (binding.certificate or "").encode("ascii")
    return request.answer(binding, certificate, chain) if asked.whole else certificate
