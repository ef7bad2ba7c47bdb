"""Which certificates a name stands for, and their end; whether a gateway knows of it is another question."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from dongle_cli.binding import ca, crl, publish
from dongle_cli.binding.profile import asset_number
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _
from dongle_cli.identity import Imei
from dongle_cli.register import bindings
from dongle_cli.register.bindings import Binding

if TYPE_CHECKING:
    from dongle_cli.binding.authorities.local import LocalAuthority
    from dongle_cli.binding.ca import Settings
    from dongle_cli.binding.unlock import Unlock
    from dongle_cli.register.register import Register


@dataclass(frozen=True)
class Named:
    """One binding by one of its names; exactly one of the three is given."""

    imei: str | None = None
    asset: str | None = None
    serial: str | None = None

    def find(self, register: Register) -> list[Binding]:
        """Every binding of that name, the newest first; DongleError `binding.unknown` where there never was one."""
        given = [value for value in (self.imei, self.asset, self.serial) if value is not None]
        if len(given) != 1:
            raise DongleError(_("Name one of --imei, --asset and --serial."), code="usage.name")
        if self.imei is not None:
            found = bindings.find(register, imei14=Imei.parse(self.imei).significant)
        elif self.asset is not None:
            found = bindings.find(register, asset_no=asset_number(self.asset))
        else:
            found = bindings.find(register, serial=serial_number(self.serial or ""))
        if not found:
            raise DongleError(
                _("The register knows no binding of {name}.").format(name=given[0]),
                code="binding.unknown",
                hint=_("Compare it with the label on the dongle."),
            )
        return found


def serial_number(text: str) -> str:
    """A serial number as the register has it, from any way of writing hexadecimal ("0x", colons, upper case)."""
    bare = re.sub(r"[\s:]", "", text.lower()).removeprefix("0x").lstrip("0")
    if not re.fullmatch(r"[0-9a-f]{1,40}", bare):
        raise DongleError(
            _("{value} is no serial number (hexadecimal digits).").format(value=ascii(text)), code="usage.serial"
        )
    return "0" * (len(bare) % 2) + bare


def to_end(found: Sequence[Binding], reason: str) -> list[Binding]:
    """Those whose certificate is not revoked yet; one that is on hold can still be ended."""
    begun = [one for one in found if one.revoked is None]
    held = [one for one in found if one.state == "held"] if reason != "certificateHold" else []
    return begun + held


def end(register: Register, found: Sequence[Binding], reason: str, invalid_from: str | None = None) -> list[Binding]:
    """Revoke the certificates of `found` (or release them: removeFromCRL), and return the bindings as they are now."""
    for one in found:
        if reason == "removeFromCRL":
            bindings.release(register, one.id)
        else:
            bindings.revoke(register, one.id, reason=reason, invalid_from=invalid_from)
    return [bindings.get(register, one.id) for one in found]


def write_crl(
    register: Register, settings: Settings, unlock: Unlock, out: Path | None = None, valid: timedelta = crl.VALID
) -> crl.Crl:
    """Sign a new CRL, and put it into the authority's folder and to `out`."""
    from dongle_cli.binding.authorities.local import LocalAuthority

    authority: LocalAuthority = LocalAuthority("", unlock, settings.folder)
    return _published(settings, "crl", crl.build(register, authority.chain[0], authority.key, valid), out)


def write_root_crl(register: Register, settings: Settings, unlock: Unlock, out: Path | None = None) -> crl.Crl:
    """The same for the root's own list; `settings` say where the root's key is now."""
    key = ca.keystore(settings, "root", unlock).key("root")
    made = crl.build(register, ca.certificate(settings, "root"), key, crl.ROOT_VALID)
    return _published(settings, "root-crl", made, out)


def _published(settings: Settings, name: str, made: crl.Crl, out: Path | None) -> crl.Crl:
    publish.write(settings.folder / f"{name}.pem", made.pem)
    if out is not None:
        publish.write(out, made.der if out.suffix.lower() in (".der", ".crl") else made.pem)
    return made


def settings_if_any(folder: Path | None) -> Settings | None:
    """The local authority, where this bench has one."""
    return ca.load(folder) if ca.exists(folder) else None
