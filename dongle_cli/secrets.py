"""Secrets that cannot be printed by accident, and references to where they are kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _

MASK = "****"


class Secret:
    """A PIN or password: its repr, str and format are a mask; `reveal()` is the only way to the value."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself, for the wire and nowhere else."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return MASK

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __reduce__(self) -> str:
        raise TypeError("a Secret is not pickled: it would leave the process")


@dataclass(frozen=True)
class SecretRef:
    """Where a secret is kept: "keyring:SERVICE/USER" or "file:PATH" (first line, mode 0600 or stricter for others)."""

    scheme: str
    rest: str

    @classmethod
    def parse(cls, text: str) -> SecretRef | None:
        """The reference in `text`, or None where `text` is no reference."""
        scheme, colon, rest = text.partition(":")
        return cls(scheme, rest) if colon and scheme in ("keyring", "file") and rest else None

    def load(self) -> Secret:
        """Fetch the secret; DongleError `secret.*` where it is not there, unreadable or readable by everybody."""
        return self._from_file() if self.scheme == "file" else self._from_keyring()

    def _from_file(self) -> Secret:
        path = Path(self.rest).expanduser()
        try:
            if path.stat().st_mode & 0o077:
                raise DongleError(
                    _("The secret file {path} can be read by other users.").format(path=path),
                    code="secret.permissions",
                    hint=_("Run: chmod 600 {path}").format(path=path),
                )
            value = path.read_text(encoding="utf-8").split("\n", 1)[0].rstrip("\r")
        except OSError as error:
            raise DongleError(
                _("The secret file {path} cannot be read: {reason}.").format(path=path, reason=error.strerror),
                code="secret.missing",
            ) from None
        if not value:
            raise DongleError(_("The secret file {path} is empty.").format(path=path), code="secret.missing")
        return Secret(value)

    def _from_keyring(self) -> Secret:
        import keyring
        import keyring.errors

        service, _slash, user = self.rest.partition("/")
        try:
            value = keyring.get_password(service, user)
        except keyring.errors.KeyringError as error:
            raise DongleError(
                _("The keyring cannot be used: {reason}.").format(reason=error),
                code="secret.no-keyring",
                hint=_("Keep the secret in a file with mode 0600 and name it as file:PATH."),
            ) from None
        if value is None:
            raise DongleError(
                _("The keyring holds nothing for {service}/{user}.").format(service=service, user=user),
                code="secret.missing",
                hint=_("Store it with: keyring set {service} {user}").format(service=service, user=user),
            )
        return Secret(value)
