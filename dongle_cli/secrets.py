"""Secrets that cannot be printed by accident, and references to where they are kept."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _

MASK = "****"

_known: set[str] = set()  # every value that a Secret of this process ever held

# Commands whose arguments are secret, and how many of them, from the left, are not. Where user and password come in an
# order that depends on the model, both are hidden.
_SECRET_ARGUMENTS = {
    "+CPIN": 0, "^CPIN": 0, "+CLCK": 2, "+CPWD": 1, "+SPIC": 0, "+CPUK": 0, "+CGAUTH": 2, "^AUTHDATA": 2, "+QICSGP": 3,
    "$QCPDPP": 2, "#PDPAUTH": 2, "#PASSW": 0, "+XAUTH": 2, "*AUTHREQ": 2, "^NDISDUP": 3, "%PDNACT": 3, "^CARDLOCK": 0,
}  # fmt: skip
_COMMAND = re.compile(r"""([+^$#*%][A-Z]+)(=|: ?)((?:"[^"\r\n]*"?|[^"\r\n;])*)""", re.IGNORECASE)
_ARGUMENT = re.compile(r"""(?:"[^"]*"?|[^,"])+|(?<=,)(?=,|$)|^(?=,)""")
_PIN_WORDS = ("READY", "SIM P", "PH-")  # how the answer to +CPIN? begins, which is no secret
# VERIFY, CHANGE, DISABLE, ENABLE and UNBLOCK PIN (ETSI TS 102 221 clauses 11.1.9 to 11.1.13): a PIN follows the five
# bytes of the header.
_APDU = re.compile(r"\b([0-9A-F]{2}2[0468C][0-9A-F]{6})((?:[0-9A-F]{2}){8,16})\b", re.IGNORECASE)


def redact(text: str) -> str:
    """`text` without secrets: every value a Secret ever held, and the PINs and passwords in AT commands and APDUs."""
    for value in sorted(_known, key=len, reverse=True):
        text = re.sub(rf"(?<![0-9A-Za-z]){re.escape(value)}(?![0-9A-Za-z])", MASK, text)
    return _APDU.sub(rf"\1{MASK}", _COMMAND.sub(_hide_arguments, text))


def _hide_arguments(match: re.Match[str]) -> str:
    name, sign, rest = match.groups()
    shown = _SECRET_ARGUMENTS.get(name.upper())
    if shown is None or (sign != "=" and rest.upper().startswith(_PIN_WORDS)):
        return match.group()
    arguments = _ARGUMENT.findall(rest)
    for index, argument in enumerate(arguments):
        if index >= shown and argument.strip('" '):
            arguments[index] = f'"{MASK}"' if argument.startswith('"') else MASK
    return f"{name}{sign}{','.join(arguments)}"


class Secret:
    """A PIN or password: its repr, str and format are a mask; `reveal()` is the only way to the value."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value
        if len(value) > 3:  # shorter ones would mask half of every log, and are no PIN (4 to 8 digits)
            _known.add(value)

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
