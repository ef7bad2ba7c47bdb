"""What an export is made of: the CA's public files and the bindings in force. No key comes near it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _

if TYPE_CHECKING:
    from cryptography import x509

SOON = timedelta(days=1)


@dataclass(frozen=True)
class Bound:
    """A certificate in force: its serial number in lower-case hexadecimal of even length, and what it stands for."""

    serial: str
    asset_no: str
    imei14: str
    canary: bool = False  # the bench's own, for measuring: there is no laptop


@dataclass(frozen=True)
class Material:
    """`chain` leads from the issuing CA to the root; `lists` has the newest CRL of each that has one."""

    chain: tuple[x509.Certificate, ...]
    lists: tuple[x509.CertificateRevocationList, ...]
    bindings: tuple[Bound, ...]

    @property
    def root(self) -> x509.Certificate:
        """The trust anchor."""
        return self.chain[-1]

    def names(self) -> list[str]:
        """A file's name for each certificate of the chain."""
        if len(self.chain) == 1:
            return ["root"]
        return ["issuing", *(f"intermediate-{i}" for i in range(1, len(self.chain) - 1)), "root"]

    def list_of(self, authority: x509.Certificate) -> x509.CertificateRevocationList | None:
        """The CRL that `authority` signed, or None."""
        return next((each for each in self.lists if each.issuer == authority.subject), None)

    def ca_files(self) -> dict[str, bytes]:
        """NAME.pem for each CA and NAME-crl.pem for each list, in PEM."""
        found = {f"{name}.pem": pem([each]) for name, each in zip(self.names(), self.chain, strict=True)}
        for name, authority in zip(self.names(), self.chain, strict=True):
            if (revoked := self.list_of(authority)) is not None:
                found[f"{name}-crl.pem"] = pem([revoked])
        return found

    def every_list(self) -> bytes:
        """The lists of the whole chain in PEM; DongleError `export.no-crl` where one is missing."""
        for authority in self.chain:
            if self.list_of(authority) is None:
                raise DongleError(
                    _("There is no revocation list of {name}, and this gateway refuses everybody without it.").format(
                        name=authority.subject.rfc4514_string()
                    ),
                    code="export.no-crl",
                    hint=_("Have it made first: dongle-cli ca crl"),
                )
        return pem(self.lists)

    def warnings(self, now: datetime | None = None) -> list[str]:
        """What will make a gateway refuse everybody, now or soon."""
        now = now or datetime.now(UTC)
        found = []
        for each in self.lists:
            until = each.next_update_utc
            if until is None or until - now > SOON:
                continue
            text = (
                _("The revocation list of {name} has expired on {time}: gateways refuse everybody.")
                if until <= now
                else _("The revocation list of {name} expires on {time}: then gateways refuse everybody.")
            )
            found.append(
                text.format(name=each.issuer.rfc4514_string(), time=until.astimezone().isoformat(" ", "minutes"))
            )
        return found


def pem(things: Iterable[x509.Certificate | x509.CertificateRevocationList]) -> bytes:
    """The certificates or CRLs one after the other in PEM."""
    from cryptography.hazmat.primitives.serialization import Encoding

    return b"".join(each.public_bytes(Encoding.PEM) for each in things)


def only(bindings: Sequence[Bound], asset: str | None) -> list[Bound]:
    """The bindings that the client profiles are for: all, or that of `asset`; DongleError `binding.unknown`."""
    found = [each for each in bindings if (asset is None or each.asset_no == asset) and not each.canary]
    if asset is not None and not found:
        raise DongleError(
            _("There is no binding in force for {asset}.").format(asset=asset),
            code="binding.unknown",
            hint=_("See what there is: dongle-cli register bindings"),
        )
    return found
