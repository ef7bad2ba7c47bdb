"""What `verify` compares with: the register itself, or a signed extract of it where there is no register to reach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from dongle_cli.register import bindings, certificates

if TYPE_CHECKING:
    from dongle_cli.register.bindings import Binding
    from dongle_cli.register.register import Register


class Known(Protocol):
    """The few questions of a verification."""

    @property
    def as_of(self) -> str | None:
        """When this was true, ISO 8601; None: it is true now."""

    def issuers(self) -> list[str]:
        """The issuing certificates of our own authority, in PEM."""

    def bindings(self, **equal: str) -> list[Binding]:
        """Those of one `serial`, one `imei14` or one `laptop_uuid`, the newest first."""

    def empty(self) -> bool:
        """Whether nothing was ever bound here: then a certificate that is not found says nothing."""


class RegisterKnown:
    """What the register knows at this moment."""

    as_of = None

    def __init__(self, register: Register) -> None:
        self._register = register

    def issuers(self) -> list[str]:
        return [row["certificate"] for row in certificates.authority_certificates(self._register, "issuing")]

    def bindings(self, **equal: str) -> list[Binding]:
        return bindings.find(self._register, states=(), **equal)

    def empty(self) -> bool:
        return not self.issuers() and bindings.none(self._register)
