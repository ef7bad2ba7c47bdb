"""Do certificate, register, dongle and laptop belong together? Each comparison by itself, offline, without any key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from dongle_cli.binding import checks, profile
from dongle_cli.errors import DongleError
from dongle_cli.i18n import N_, _

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography import x509

    from dongle_cli.binding.known import Known
    from dongle_cli.identity import DongleIdentity, Laptop
    from dongle_cli.register.bindings import Binding

Result = Literal["ok", "bad", "unknown"]  # measured good, measured bad, could not measure
RESULTS = {"ok": N_("matches"), "bad": N_("does not match"), "unknown": N_("could not be read")}
WHAT = {
    "issuer": N_("issuer"), "validity": N_("validity"), "register": N_("register"), "revocation": N_("revocation"),
    "imei": N_("dongle: IMEI"), "iccid": N_("dongle: SIM (ICCID)"), "laptop_uuid": N_("laptop: UUID"),
    "laptop_serial": N_("laptop: serial number"), "laptop_ek": N_("laptop: TPM"),
}  # fmt: skip


@dataclass(frozen=True)
class Check:
    """One comparison."""

    what: str  # a key of WHAT
    result: Result
    expected: str | None = None
    found: str | None = None


@dataclass(frozen=True)
class Verdict:
    """All comparisons, and what they were made with."""

    checks: tuple[Check, ...]
    binding: Binding | None  # of the certificate
    dongle_of: Binding | None = None  # to whom the plugged dongle belongs, where that is somebody else
    laptop_of: Binding | None = None  # likewise

    def first(self, result: Result) -> Check | None:
        """The first comparison that ended so."""
        return next((check for check in self.checks if check.result == result), None)

    @property
    def word(self) -> Literal["ok", "mismatch", "incomplete"]:
        """The whole in one word: what is bad wins over what could not be measured."""
        return "mismatch" if self.first("bad") else "incomplete" if self.first("unknown") else "ok"


def load(data: bytes, name: str) -> x509.Certificate:
    """The first certificate of a PEM file; DongleError `binding.no-certificate` where there is none."""
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificate(data)
    except ValueError:
        raise DongleError(
            _("{name} holds no certificate in PEM.").format(name=name), code="binding.no-certificate"
        ) from None


@dataclass(frozen=True)
class Seen:
    """What is at hand beside the certificate; `...asked` says that it was to be compared even where it is None."""

    dongle: DongleIdentity | None = None
    laptop: Laptop | None = None
    dongle_asked: bool = False
    laptop_asked: bool = False


def verify(known: Known, leaf: x509.Certificate, seen: Seen) -> Verdict:
    """Every comparison of `leaf` with what is known, and of what is known with what is at hand."""
    found, about = certificate(known, leaf)
    if seen.dongle_asked:
        about += dongle(found, seen.dongle)
    if seen.laptop_asked:
        about += laptop(found, seen.laptop)
    other_dongle = other_laptop = None
    if seen.dongle is not None and seen.dongle.imei is not None:
        other_dongle = _other(known.bindings(imei14=seen.dongle.imei.significant), found)
    if seen.laptop is not None:
        uuids = (seen.laptop.uuid, seen.laptop.swapped_uuid)
        other_laptop = _other([one for uuid in uuids for one in known.bindings(laptop_uuid=uuid)], found)
    return Verdict(tuple(about), found, other_dongle, other_laptop)


def _other(bound: Sequence[Binding], found: Binding | None) -> Binding | None:
    return next((one for one in bound if one.live and (found is None or one.asset_no != found.asset_no)), None)


def certificate(known: Known, leaf: x509.Certificate) -> tuple[Binding | None, list[Check]]:
    """The binding of `leaf` where there is one; its issuer, validity, place in the register, and revocation."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    issuers = [x509.load_pem_x509_certificate(pem.encode("ascii")) for pem in known.issuers()]
    signed = any(checks.signed_by(leaf, issuer) for issuer in issuers)
    print_ = leaf.fingerprint(hashes.SHA256()).hex()
    rows = known.bindings(serial=profile.hexadecimal(leaf.serial_number))
    found = next((row for row in rows if row.fingerprint_sha256 == print_), None)
    # One that another authority signed was checked when it was bound: the register has its very fingerprint.
    trusted = signed or (found is not None and found.authority != "local")
    nothing: Result = "unknown" if found is None and not trusted and known.empty() else "bad"
    now = datetime.now(UTC)
    begin, end = leaf.not_valid_before_utc, leaf.not_valid_after_utc
    # One that was renewed and not revoked is good until it ends: its laptop may not have the new one yet.
    in_force = found is not None and (found.state == "active" or (found.state == "superseded" and not found.revoked))
    state: Result = "ok" if in_force else nothing
    result = [
        Check("issuer", "ok" if trusted else nothing, None, leaf.issuer.rfc4514_string()),
        Check("validity", "ok" if begin <= now < end else "bad", None, f"{begin.isoformat()} / {end.isoformat()}"),
        Check("register", state, "active", found.state if found else None),
    ]
    if found is not None:
        result.append(Check("revocation", "bad" if found.revoked else "ok", None, found.reason))
    return found, result


def _compared(what: str, expected: str | None, seen: str | None, same: bool | None = None) -> Check:
    if expected is None or seen is None:
        return Check(what, "unknown", expected, seen)
    return Check(what, "ok" if (expected == seen if same is None else same) else "bad", expected, seen)


def dongle(found: Binding | None, who: DongleIdentity | None) -> list[Check]:
    """The plugged dongle against the binding; IMEI are compared on the 14 digits that name a device."""
    imei = str(who.imei) if who and who.imei else None
    iccid = str(who.iccid) if who and who.iccid else None
    same = imei[:14] == found.imei14 if imei and found else None
    about = [_compared("imei", found.imei if found else None, imei, same)]
    if found is None or found.iccid is not None or iccid is not None:
        about.append(_compared("iccid", found.iccid if found else None, iccid))
    return about


def laptop(found: Binding | None, seen: Laptop | None) -> list[Check]:
    """The laptop against the binding; what the binding does not know of it is not asked for."""
    uuid = seen.uuid if seen else None
    same = found.laptop_uuid in (seen.uuid, seen.swapped_uuid) if found and seen else None
    about = [_compared("laptop_uuid", found.laptop_uuid if found else None, uuid, same)]
    if found is not None and found.laptop_serial is not None and seen is not None and seen.serial is not None:
        same = seen.serial.casefold() == found.laptop_serial.casefold()
        about.append(_compared("laptop_serial", found.laptop_serial, seen.serial, same))
    if found is not None and found.laptop_ek is not None and seen is not None and seen.ek_sha256 is not None:
        about.append(_compared("laptop_ek", found.laptop_ek, seen.ek_sha256))
    return about
