"""One PKCS#11 token, opened once: which one (RFC 7512), its PIN, and what it says when it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from dongle_cli.errors import DongleError
from dongle_cli.i18n import N_, _
from dongle_cli.secrets import Secret, SecretRef

if TYPE_CHECKING:
    import pkcs11

    from dongle_cli.binding.unlock import Unlock

_PATH = ("token", "serial", "manufacturer", "model")
_QUERY = ("module-path", "pin-source")


@dataclass(frozen=True)
class TokenUri:
    """The part of an RFC 7512 URI that names a token: token=…;serial=…?module-path=…&pin-source=file:…"""

    module: str
    label: str | None = None
    serial: str | None = None
    manufacturer: str | None = None
    model: str | None = None
    pin: SecretRef | None = None

    @classmethod
    def parse(cls, text: str) -> TokenUri:
        """The URI in `text`, with or without "pkcs11:"; DongleError `usage.keystore` for what cannot be used.

        A PIN itself (pin-value) is refused: command lines and settings are read by others.
        """
        path, _mark, query = text.removeprefix("pkcs11:").partition("?")
        given = _pairs(path.split(";"), _PATH) | _pairs(query.split("&"), _QUERY)
        if "module-path" not in given:
            raise _unusable(text, _("it does not say module-path=, the token's library"))
        pin = SecretRef.parse(given["pin-source"]) if "pin-source" in given else None
        if "pin-source" in given and pin is None:
            raise _unusable(text, _("pin-source= must be file:PATH, credential:NAME or keyring:SERVICE/USER"))
        return cls(
            given["module-path"], given.get("token"), given.get("serial"),
            given.get("manufacturer"), given.get("model"), pin,
        )  # fmt: skip

    def __str__(self) -> str:
        return ";".join(f"{n}={v}" for n, v in (("token", self.label), ("serial", self.serial)) if v) or self.module

    def names(self, token: pkcs11.Token) -> bool:
        """Whether `token` is the one that is meant."""
        serial = token.serial.decode("utf-8", "replace") if token.serial else ""
        wanted = (self.label, token.label), (self.serial, serial), (self.model, token.model)
        return all(want in (None, has) for want, has in (*wanted, (self.manufacturer, token.manufacturer_id)))


def _pairs(words: list[str], known: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for word in filter(None, words):
        name, equals, value = word.partition("=")
        if name not in known or not equals:
            raise _unusable(name, _("known are: {known}").format(known=", ".join((*_PATH, *_QUERY))))
        found[name] = unquote(value)
    return found


def _unusable(text: str, why: str) -> DongleError:
    return DongleError(
        _("{text} does not name a token: {reason}.").format(text=text, reason=why),
        code="usage.keystore",
        hint=_("Example: {example}").format(example="pkcs11:token=bench?module-path=/usr/lib/softhsm/libsofthsm2.so"),
    )


class OpenToken:
    """Finds the token, logs in at the first need, and never offers a second PIN by itself."""

    def __init__(self, uri: TokenUri, unlock: Unlock) -> None:
        self.uri = uri
        self._unlock = unlock
        self._session: pkcs11.Session | None = None
        self._refused: DongleError | None = None

    @property
    def session(self) -> pkcs11.Session:
        """A session in which the user is logged in; DongleError `keystore.*`."""
        if self._refused is not None:  # this process has offered a wrong PIN: the next try is a person's decision
            raise self._refused
        if self._session is None:
            with refusals(self.uri):
                self._session = self._login(self._find())
        return self._session

    def close(self) -> None:
        """Log out; harmless where the token is gone."""
        from pkcs11.exceptions import PKCS11Error

        session, self._session = self._session, None
        if session is not None:
            try:
                session.close()
            except PKCS11Error:
                return

    def _find(self) -> pkcs11.Token:
        try:
            import pkcs11
        except ImportError:
            raise DongleError(
                _("Tokens need a library that is not installed."),
                code="keystore.extra",
                hint=_("Run: {command}").format(command='pip install "dongle-cli[pkcs11]"'),
            ) from None
        try:
            library = pkcs11.lib(self.uri.module)
        except (RuntimeError, OSError) as error:
            raise DongleError(
                _("The token's library {path} cannot be loaded: {reason}.").format(path=self.uri.module, reason=error),
                code="keystore.module",
            ) from None
        found = [token for slot in library.get_slots(token_present=True) if self.uri.names(token := slot.get_token())]
        if not found:
            hint = _("Plug it in, or check its label with: pkcs11-tool --module MODULE --list-slots")
            raise _error(N_("The token {token} is not there."), "keystore.removed", self.uri, hint)
        if len(found) > 1:
            hint = _("Add serial= of the one that is meant.")
            raise _error(N_("Several tokens are called {token}."), "keystore.several", self.uri, hint)
        return found[0]

    def _login(self, token: pkcs11.Token) -> pkcs11.Session:
        import pkcs11
        from pkcs11.exceptions import PinIncorrect, PinInvalid, PinLenRange, UserAlreadyLoggedIn

        flags = token.flags
        if flags & pkcs11.TokenFlag.USER_PIN_LOCKED:
            hint = _("Its security officer unlocks it.")
            raise _error(N_("The PIN of the token {token} is locked."), "keystore.locked", self.uri, hint)
        what = f"pkcs11:{self.uri}"
        typed = self.uri.pin is None and self._unlock.asks(what)
        if flags & (pkcs11.TokenFlag.USER_PIN_COUNT_LOW | pkcs11.TokenFlag.USER_PIN_FINAL_TRY) and not typed:
            # Whoever repeats a failed job would use up the tries one by one.
            hint = _("Log in once by hand: pkcs11-tool --module MODULE --login --list-objects")
            what_is = N_("The last PIN that the token {token} was given was wrong. None is sent by itself.")
            raise _error(what_is, "keystore.pin-tries", self.uri, hint)
        pin: Secret = self.uri.pin.load() if self.uri.pin else self._unlock(what)
        try:
            return token.open(rw=True, user_pin=pin.reveal())
        except UserAlreadyLoggedIn:  # another part of this process did it; a login is the whole application's
            return token.open(rw=True)
        except (PinIncorrect, PinInvalid, PinLenRange):
            self._unlock.forget(what)
            hint = _("Check the PIN before you try again: a few wrong ones lock the token.")
            wrong = N_("The PIN of the token {token} is wrong. It was tried once.")
            self._refused = _error(wrong, "keystore.pin", self.uri, hint)
            raise self._refused from None


# Which exception of the library means what; the first that fits.
_REFUSALS = (
    (("PinLocked",), "keystore.locked", N_("The PIN of the token {token} is locked.")),
    (("PinExpired", "UserPinNotInitialized"), "keystore.pin", N_("The PIN of the token {token} must be set first.")),
    (
        ("TokenNotPresent", "DeviceRemoved", "TokenNotRecognised", "SessionHandleInvalid", "SessionClosed",
         "ObjectHandleInvalid", "KeyHandleInvalid", "SlotIDInvalid", "NoSuchToken"),
        "keystore.removed",
        N_("The token {token} was removed."),
    ),
    (("DeviceMemory",), "keystore.full", N_("The token {token} is full.")),
    (("TokenWriteProtected", "SessionReadOnly"), "keystore.unwritable", N_("The token {token} is write-protected.")),
)  # fmt: skip


@contextmanager
def refusals(uri: TokenUri) -> Iterator[None]:
    """Turn what the PKCS#11 library raises into DongleError `keystore.*` that names the token."""
    try:
        import pkcs11.exceptions as library
    except ImportError:
        yield  # the first use says what is missing
        return
    try:
        yield
    except library.PKCS11Error as error:
        for names, code, message in _REFUSALS:
            if isinstance(error, tuple(getattr(library, name) for name in names)):
                raise _error(message, code, uri) from None
        raise DongleError(
            _("The token {token} refused: {reason}.").format(token=uri, reason=str(error) or type(error).__name__),
            code="keystore.token",
        ) from None


def _error(message: str, code: str, uri: TokenUri, hint: str | None = None) -> DongleError:
    return DongleError(_(message).format(token=uri), code=code, hint=hint)
