"""The authority of this bench: an issuing key in any keystore, under a root whose key can be locked away."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dongle_cli.binding import ca, profile
from dongle_cli.binding.authorities import Wanted
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _

if TYPE_CHECKING:
    from cryptography import x509

    from dongle_cli.binding.keystores import PrivateKey
    from dongle_cli.binding.unlock import Unlock


class LocalAuthority:
    """Signs here and now; the issuing key is opened when it is needed first."""

    name = "local"

    def __init__(self, place: str, unlock: Unlock, folder: Path | None = None) -> None:
        self.settings = ca.load(Path(place) if place else folder)
        self.chain = ca.chain(self.settings)
        self._unlock = unlock
        self._key: PrivateKey | None = None

    @property
    def key(self) -> PrivateKey:
        """The issuing key; DongleError `keystore.*` where it cannot be opened."""
        if self._key is None:
            self._key = ca.keystore(self.settings, "issuing", self._unlock).key("issuing")
        return self._key

    def new_serial(self) -> int | None:
        return profile.random_serial()

    def issue(self, wanted: Wanted, serial: int | None) -> x509.Certificate:
        ca.check_clock(self.chain[0])
        if serial is None:
            raise DongleError(_("No serial number was reserved."), code="authority.serial")
        builder = profile.client(wanted, self.chain[0], serial, self.settings.urls)
        return ca.sign(builder, self.key)
