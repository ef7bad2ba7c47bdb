"""Do certificate, register, dongle and laptop belong together? Each comparison by itself, offline, without any key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from dongle_cli.binding import checks, profile
from dongle_cli.errors import DongleError
from dongle_cli.i18n import N_, _
from dongle_cli.register import bindings, certificates

if TYPE_CHECKING:
    from cryptography import x509

    from dongle_cli.identity import DongleIdentity, Laptop
    from dongle_cli.register.bindings import Binding
    from dongle_cli.register.register import Register

Result = Literal["ok", "bad", "unknown"]  # measured good, measured bad, could not measure
RESULTS = {"ok": N_("matches"), "bad": N_("does not match"), "unknown": N_("could not be read")}


@dataclass(frozen=True)
class Check:
    """One comparison."""

    what: str
    result: Result
    expected: str | None = None
    found: str | None = None


def load(data: bytes, name: str) -> x509.Certificate:
    """The first certificate of a PEM file; DongleError `binding.no-certificate` where there is none."""
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificate(data)
    except ValueError:
        raise DongleError(
            _("{name} holds no certificate in PEM.").format(name=name), code="binding.no-certificate"
        ) from None


def certificate(register: Register, leaf: x509.Certificate) -> tuple[list[Check], Binding | None]:
    """Issuer, validity, revocation and binding of `leaf`, and the binding where the register has one."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    known = certificates.authority_certificates(register, "issuing")
    issuers = [x509.load_pem_x509_certificate(row["certificate"].encode("ascii")) for row in known]
    signed = next((issuer for issuer in issuers if checks.signed_by(leaf, issuer)), None)
    serial = profile.hexadecimal(leaf.serial_number)
    print_ = leaf.fingerprint(hashes.SHA256()).hex()
    rows = [row for row in bindings.find(register, serial=serial) if row.fingerprint_sha256 == print_]
    found = rows[0] if rows else None
    # One that another authority signed was checked when it was bound: the register has its very fingerprint.
    trusted = signed is not None or (found is not None and found.authority != "local")
    now = datetime.now(UTC)
    begin, end = leaf.not_valid_before_utc, leaf.not_valid_after_utc
    result = [
        Check("issuer", "ok" if trusted else "bad", None, leaf.issuer.rfc4514_string()),
        Check("validity", "ok" if begin <= now < end else "bad", None, f"{begin.isoformat()} / {end.isoformat()}"),
        Check(
            "register", "ok" if found and found.state == "active" else "bad", "active", found.state if found else None
        ),
    ]
    if found is not None:
        result.append(Check("revocation", "bad" if found.revoked else "ok", None, found.reason))
    return result, found


def dongle(found: Binding, who: DongleIdentity) -> list[Check]:
    """The plugged dongle against the binding."""
    imei = str(who.imei) if who.imei else None
    iccid = str(who.iccid) if who.iccid else None
    same = imei is not None and imei[:14] == found.imei14
    card: Result = "unknown" if iccid is None or found.iccid is None else "ok" if iccid == found.iccid else "bad"
    return [
        Check("imei", "unknown" if imei is None else "ok" if same else "bad", found.imei, imei),
        Check("iccid", card, found.iccid, iccid),
    ]


def laptop(found: Binding, seen: Laptop) -> list[Check]:
    """The laptop against the binding."""
    uuid: Result = "ok" if seen.uuid == found.laptop_uuid or seen.swapped_uuid == found.laptop_uuid else "bad"
    result = [Check("laptop_uuid", uuid, found.laptop_uuid, seen.uuid)]
    if found.laptop_serial is not None and seen.serial is not None:
        same = seen.serial.casefold() == found.laptop_serial.casefold()
        result.append(Check("laptop_serial", "ok" if same else "bad", found.laptop_serial, seen.serial))
    return result
