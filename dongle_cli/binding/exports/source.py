"""Where an export's material comes from: the register, and the authority's public files or somebody else's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dongle_cli.binding import ca, canary, profile, publish
from dongle_cli.binding.exports.material import Bound, Material
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _
from dongle_cli.register import bindings

if TYPE_CHECKING:
    from cryptography import x509

    from dongle_cli.register.register import Register


def material(
    register: Register, folder: Path | None = None, chain: Path | None = None, lists: Sequence[Path] = ()
) -> Material:
    """What gateways are given; `chain` and `lists` are files of an authority that somebody else runs.

    DongleError `authority.missing` where there is neither an authority on this bench nor a `chain`, `export.chain`.
    """
    certificates = _chain(chain) if chain else ca.chain(ca.load(folder))
    paths = list(lists)
    if not paths and chain is None:
        at = ca.load(folder).folder
        paths = [path for path in (at / "crl.pem", at / "root-crl.pem") if path.exists()]
    found = tuple(_list(path) for path in paths)
    return Material(certificates, found, bound(register, certificates[0]))


def bound(register: Register, issuing: x509.Certificate) -> tuple[Bound, ...]:
    """The certificates of `issuing` that get in: those in force, and replaced ones that laptops may still be using."""
    now = datetime.now(UTC).isoformat()
    rows = bindings.find(register, states=("active", "superseded"), issuer=profile.key_identifier(issuing))
    good = [row for row in rows if row.serial and row.revoked is None and (row.not_after or "") > now]
    return tuple(
        Bound(str(row.serial), row.asset_no, row.imei14, row.profile == canary.PROFILE) for row in reversed(good)
    )


def stale(register: Register, material: Material) -> str | None:
    """What to say where the register revoked something after the list was signed; None where the list knows it all."""
    issuing = material.chain[0]
    newest = material.list_of(issuing)
    if newest is None:
        return None
    rows = bindings.find(register, issuer=profile.key_identifier(issuing))
    revoked = [row for row in rows if row.revoked and row.serial]
    on_list = newest.get_revoked_certificate_by_serial_number
    missing = [row for row in revoked if on_list(int(row.serial or "", 16)) is None]
    if not missing:
        return None
    names = ", ".join(sorted({row.asset_no for row in missing})[:5])
    return _("The revocation list does not name {asset} yet. Sign a new one: dongle-cli ca crl").format(asset=names)


def _chain(path: Path) -> tuple[x509.Certificate, ...]:
    """The certificates of a PEM file, from the issuing one to the root."""
    from cryptography import x509

    from dongle_cli.binding.keystores import in_order

    try:
        given = x509.load_pem_x509_certificates(publish.read(path))
    except ValueError:
        raise _unfit(path, _("it holds no certificates in PEM")) from None
    ordered = [chain for one in given if len(chain := (one, *in_order(one, given))) == len(given)]
    if not ordered or ordered[0][-1].subject != ordered[0][-1].issuer:
        raise _unfit(path, _("its certificates do not lead from one issuing CA to a root"))
    return ordered[0]


def _list(path: Path) -> x509.CertificateRevocationList:
    from cryptography import x509

    data = publish.read(path)
    try:
        return x509.load_pem_x509_crl(data) if data.startswith(b"-----") else x509.load_der_x509_crl(data)
    except ValueError:
        raise _unfit(path, _("it holds no revocation list")) from None


def _unfit(path: Path, why: str) -> DongleError:
    return DongleError(
        _("{path} cannot be used: {reason}.").format(path=path, reason=why),
        code="export.chain",
        hint=_("Ask those who run the authority for its chain and its revocation lists."),
    )
