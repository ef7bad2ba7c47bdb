"""Secrets that cannot be printed by accident, and references to where they are kept."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _
from dongle_cli.secret_file import first_line

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

MASK = "****"

# Every value that a Secret of this process ever held, by its first four characters: a SIM list brings thousands of
# values and a line of AT text holds none or one.
_known: dict[str, set[str]] = {}
_HEAD = 4

# VERIFY, CHANGE, DISABLE, ENABLE and UNBLOCK PIN (ETSI TS 102 221 clauses 11.1.9 to 11.1.13): a PIN follows the five
# bytes of the header.
_APDU = re.compile(r"\b([0-9A-F]{2}2[0468C][0-9A-F]{6})((?:[0-9A-F]{2}){8,16})\b", re.IGNORECASE)


class Secret:
    """A PIN or password: its repr, str and format are a mask; `reveal()` is the only way to the value."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value
        if len(value) >= _HEAD:  # shorter ones would mask half of every log, and are no PIN (4 to 8 digits)
            _known.setdefault(value[:_HEAD], set()).add(value)

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
    """Where a secret is kept: "keyring:SERVICE/USER", "file:PATH" (first line, mode 0600) or "credential:NAME".

    The last is a file in $CREDENTIALS_DIRECTORY, which systemd guards and fills (systemd.exec(5), LoadCredential=).
    """

    scheme: str
    rest: str

    @classmethod
    def parse(cls, text: str) -> SecretRef | None:
        """The reference in `text`, or None where `text` is no reference."""
        scheme, colon, rest = text.partition(":")
        return cls(scheme, rest) if colon and scheme in ("keyring", "file", "credential") and rest else None

    def load(self) -> Secret:
        """Fetch the secret; DongleError `secret.*` where it is not there, unreadable or readable by everybody."""
        if self.scheme == "file":
            return Secret(first_line(Path(self.rest).expanduser()))
        if self.scheme == "credential":
            # systemd lets the service's user in by an access list, which shows as rights of the group.
            return Secret(first_line(_credential(self.rest), guarded=True))
        service, _slash, user = self.rest.partition("/")
        found = from_keyring(service, user)
        if found is None:
            raise DongleError(
                _("The keyring holds nothing for {service}/{user}.").format(service=service, user=user),
                code="secret.missing",
                hint=_("Store it with: keyring set {service} {user}").format(service=service, user=user),
            )
        return found


def _credential(name: str) -> Path:
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if not folder or "/" in name or name.startswith("."):
        raise DongleError(
            _("There is no systemd credential {name}: this is not a service with credentials.").format(name=name),
            code="secret.missing",
            hint=_("Name it in the unit as LoadCredential= or LoadCredentialEncrypted=."),
        )
    return Path(folder) / name


# Backends of the operating system: they ask nobody at the terminal. Others may (keyrings.alt, keyrings.cryptfile).
_QUIET = ("SecretService", "libsecret", "macOS", "Windows")


def from_keyring(service: str, user: str) -> Secret | None:
    """What the keyring holds, or None; DongleError `secret.no-keyring` where there is no keyring that can be trusted.

    Without a terminal a backend that would prompt is refused: the batch job would wait for an answer for ever.
    """
    import keyring.errors

    try:
        value = _backend().get_password(service, user)
    except (keyring.errors.KeyringError, EOFError) as error:
        raise _no_keyring(str(error) or type(error).__name__) from None
    return Secret(value) if value else None


def to_keyring(service: str, user: str, secret: Secret) -> None:
    """Store `secret` and read it back: DongleError `secret.no-keyring` where it did not arrive."""
    import keyring.errors

    try:
        _backend().set_password(service, user, secret.reveal())
    except (keyring.errors.KeyringError, EOFError) as error:
        raise _no_keyring(str(error) or type(error).__name__) from None
    if from_keyring(service, user) != secret:
        raise _no_keyring(_("it did not keep what was stored"))


def _backend() -> KeyringBackend:
    import keyring
    from keyring.backends import chainer, null

    backend = keyring.get_keyring()
    chained = backend.backends if isinstance(backend, chainer.ChainerBackend) else [backend]
    if not chained or any(isinstance(each, null.Keyring) for each in chained):
        raise _no_keyring(_("it keeps nothing"))
    for each in chained:
        module = type(each).__module__
        quiet = module.startswith("keyring.backends.") and module.split(".")[2] in (*_QUIET, "fail")
        if not quiet and not sys.stdin.isatty():
            raise _no_keyring(_("{backend} may ask at a terminal, and there is none").format(backend=module))
        if module.endswith(_QUIET[:2]) and not sys.stdin.isatty() and _locked():
            raise _no_keyring(_("it is locked, and would ask on a screen that nobody watches"))
    return backend


def _locked() -> bool:
    """Whether the Secret Service would have to ask a person (org.freedesktop.Secret.Service, ReadAlias and Locked)."""
    from jeepney import DBusAddress, DBusErrorResponse, Properties, new_method_call
    from jeepney.io.blocking import open_dbus_connection
    from jeepney.wrappers import unwrap_msg

    service = DBusAddress("/org/freedesktop/secrets", "org.freedesktop.secrets", "org.freedesktop.Secret.Service")
    try:
        with open_dbus_connection() as bus:
            (path,) = unwrap_msg(bus.send_and_get_reply(new_method_call(service, "ReadAlias", "s", ("default",))))
            if path == "/":  # there is none yet, and making one asks for its password
                return True
            at = DBusAddress(path, service.bus_name, "org.freedesktop.Secret.Collection")
            ((_kind, locked),) = unwrap_msg(bus.send_and_get_reply(Properties(at).get("Locked"), timeout=10))
            return bool(locked)
    except (OSError, DBusErrorResponse) as error:
        raise _no_keyring(error) from None


def _no_keyring(why: object) -> DongleError:
    return DongleError(
        _("The keyring cannot be used: {reason}.").format(reason=str(why).rstrip(". ")),
        code="secret.no-keyring",
        hint=_("Keep the secret in a file with mode 0600 and name it as file:PATH, or as a systemd credential."),
    )


@dataclass(frozen=True)
class _Pair:
    """Which fields of an authentication command hold two strings, and in which order the family takes them.

    `order` None: the caller's. "unknown": firmwares of one family differ, so both are hidden unless the caller knows.
    """

    first: int
    second: int
    order: str | None = "user-password"


# Commands whose parameters are PINs or unlock codes: which fields, None for all. Replies of the same name hold none.
_CODES: dict[str, tuple[int, ...] | None] = {
    "+CPIN": None,
    "^CPIN": None,
    "+CPIN2": None,
    "+CPWD": (1, 2),  # 3GPP TS 27.007 clause 7.5
    "+CLCK": (2,),  # clause 7.4
    "^CARDLOCK": None,
    "+CPUK": None,
    "#PASSW": None,
    # One command for every setting, of which the password is one: whichever it is, its value is hidden.
    "+UPSD": (2,),
    "^SICS": (2,),
    "+SAPBR": (3,),
}
# Commands and replies that name a user and a password.
_PAIRS: dict[str, _Pair] = {
    "+CGAUTH": _Pair(2, 3, None),  # the standard: user first (clause 10.1.31); SIMCom: password first
    "^AUTHDATA": _Pair(3, 4, "unknown"),
    "$QCPDPP": _Pair(2, 3, "password-user"),
    "^SGAUTH": _Pair(2, 3, "password-user"),
    "+QICSGP": _Pair(3, 4),
    "#PDPAUTH": _Pair(2, 3),
    "#SGACT": _Pair(2, 3),
    "%IPDPCFG": _Pair(3, 4),
    "*EIAAUW": _Pair(2, 3),
    "+UAUTHREQ": _Pair(2, 3),
    "+XGAUTH": _Pair(2, 3),
    "+MGAUTH": _Pair(2, 3),
    "^NDISDUP": _Pair(3, 4),
    "+CSTT": _Pair(1, 2),
    "+CNCFG": _Pair(3, 4),
    "+ZGPCOAUTH": _Pair(1, 2, "unknown"),
    "+XAUTH": _Pair(2, 3, "unknown"),
    "*AUTHREQ": _Pair(2, 3, "unknown"),
    "%PDNACT": _Pair(3, 4, "unknown"),
}
_APDUS = {"+CSIM": 1, "+CGLA": 2}  # the field that holds a command for the card
# The same commands still being typed: class and instruction, and as much of P1, P2 and length as is there.
_PIN_APDU = re.compile(r"\s*\"?\s*[0-9A-Fa-f]{2}(?:20|24|26|28|2[Cc])[0-9A-Fa-f]{0,6}")


def _spaced(name: str) -> str:
    """Blanks between the letters of a command do not count (ITU-T V.250 clause 5.4.1)."""
    return r"[ \t]*".join(re.escape(char) for char in name)


_NAMED = re.compile(
    "("
    + "|".join(_spaced(name) for name in sorted({*_CODES, *_PAIRS, *_APDUS}, key=len, reverse=True))
    + r")[ \t]*([=:])",
    re.IGNORECASE,
)


def redact(text: str, *, order: str = "user-password") -> str:
    """`text` without secrets: every value a Secret ever held, and the PINs and passwords in AT commands and replies.

    AT text may be cut off anywhere. `order` says how this dongle takes user and password: "user-password",
    "password-user", or "unknown", which hides both. User names stay where it is sure that they are user names.
    """
    # AT text first: a known value that happens to look like a command's name must not hide the command from us.
    text = _APDU.sub(rf"\1{MASK}", _redact_at(text, order))
    for value in sorted(_known_in(text), key=len, reverse=True):
        text = re.sub(rf"(?<![0-9A-Za-z]){re.escape(value)}(?![0-9A-Za-z])", MASK, text)
    return text


def _known_in(text: str) -> set[str]:
    found: set[str] = set()
    for start in range(len(text) - _HEAD + 1):
        values = _known.get(text[start : start + _HEAD])
        if values:  # copied, because other threads may add meanwhile
            found.update(value for value in tuple(values) if text.startswith(value, start))
    return found


_LONGEST = 4096  # characters of parameters; V.250 clause 5.2.4 asks for 40, the longest known firmware takes 2048


def _redact_at(text: str, order: str) -> str:
    pieces, done = [], 0
    while match := _NAMED.search(text, done):
        name, reply = re.sub(r"\s", "", match[1]).upper(), match[2] == ":"
        end = _end(text, match.end())
        parameters = text[match.end() : end]
        # No modem takes a line that long: hide what cannot be told apart in reasonable time.
        shown = MASK if len(parameters) > _LONGEST else _hide(name, reply, parameters, order)
        pieces.append(text[done : match.end()])
        if shown == parameters:  # nothing to hide, but another command may stand on the same line
            done = match.end()
        else:
            pieces.append(_redact_at(shown, order))
            done = end
    return "".join([*pieces, text[done:]])


def _end(text: str, start: int) -> int:
    """Where the parameters end: at the line's end, or outside quotes at a semicolon or a line end written "\\r"."""
    quoted = False
    for index in range(start, len(text)):
        char = text[index]
        if char in "\r\n" or (not quoted and (char == ";" or text[index : index + 2] in ("\\r", "\\n"))):
            return index
        quoted ^= char == '"'
    return len(text)


def _hide(name: str, reply: bool, parameters: str, order: str) -> str:
    if parameters.lstrip().startswith(("?", "(")):  # a test command or its answer
        return parameters
    if name in _APDUS:
        return parameters if reply else _hide_apdu(parameters, _APDUS[name])
    fields = _fields(parameters)
    if name in _CODES:
        hidden = set() if reply else set(_CODES[name] or range(len(fields) + parameters.count(",") + 1))
    else:
        hidden = _hidden_of_pair(name, reply, parameters, fields, order)
    return _masked(parameters, fields, hidden) if hidden else parameters


def _hidden_of_pair(name: str, reply: bool, parameters: str, fields: list[tuple[int, int]], order: str) -> set[int]:
    pair = _PAIRS[name]
    first, second = pair.first, pair.second
    native = order if pair.order is None else pair.order
    if name == "+QICSGP" and reply and not parameters[slice(*fields[1 % len(fields)])].strip().isdecimal():
        first, second = first - 1, second - 1  # the reply does not repeat the context's number
    if native == "unknown" or order == "unknown" or native != order:
        # Families that leave the network code out shift both strings to the left.
        return set(range(2 if name == "^AUTHDATA" else first, second + 1))
    return {second} if native == "user-password" else {first}


def _fields(parameters: str) -> list[tuple[int, int]]:
    """Where the fields stand; a comma inside quotes belongs to its field."""
    spans, start, quoted = [], 0, False
    for index, char in enumerate(parameters):
        if char == '"':
            quoted = not quoted
        elif char == "," and not quoted:
            spans.append((start, index))
            start = index + 1
    return [*spans, (start, len(parameters))]


def _masked(parameters: str, fields: list[tuple[int, int]], hidden: set[int]) -> str:
    sound = all(re.fullmatch(r'\s*(?:"[^"]*"|[^"]*)\s*', parameters[start:end]) for start, end in fields)
    if not sound or len(fields) <= min(hidden) < parameters.count(",") + 1:
        # Quotes are lost or not closed: whatever stands behind the first hidden field's comma may be a part of it.
        commas = [index for index, char in enumerate(parameters) if char == ","]
        if min(hidden) > len(commas):
            return parameters
        start = commas[min(hidden) - 1] + 1 if min(hidden) else 0
        return parameters[:start] + _mask(parameters[start:])
    whole = [_mask(parameters[a:b]) if i in hidden else parameters[a:b] for i, (a, b) in enumerate(fields)]
    return ",".join(whole)


def _mask(value: str) -> str:
    bare = value.strip()
    if bare in ("", '"', '""'):
        return value
    left, right = value[: len(value) - len(value.lstrip())], value[len(value.rstrip()) :]
    opened, closed = bare.startswith('"'), bare.endswith('"') and len(bare) > 1
    return left + ('"' if opened else "") + MASK + ('"' if closed else "") + right


def _hide_apdu(parameters: str, index: int) -> str:
    fields = _fields(parameters)
    if len(fields) <= index:
        return parameters
    start, _ = fields[index]
    tail = parameters[start:]
    header = _PIN_APDU.match(tail)
    if not header or tail[header.end() :].strip() in ("", '"'):
        return parameters
    return parameters[:start] + header[0] + MASK + ('"' if tail.rstrip().endswith('"') else "")
