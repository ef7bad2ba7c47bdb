"""Passphrases: from a file, from the keyring, or from the person at the terminal, in that order, and asked for once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _
from dongle_cli.secrets import Secret, SecretRef, from_keyring

SERVICE = "dongle-cli"  # in the keyring; the user name is the path or the token that the passphrase opens
SHORTEST = 8


@dataclass
class Unlock:
    """Finds the passphrase of one place: `unlock("/home/…/root.key.pem")`.

    `source`: a path, "file:PATH", "credential:NAME" or "keyring:SERVICE/USER", one for all that must be unlocked.
    `ask`: how to ask a person (a prompt, given what for), None where there is no terminal.
    """

    source: str | None = None
    ask: Callable[[str], Secret] | None = None
    _known: dict[str, Secret] = field(default_factory=dict, repr=False)

    def __call__(self, what: str) -> Secret:
        """The passphrase of `what`, as it was chosen before; DongleError `secret.*` where nobody knows it."""
        if what not in self._known:
            self._known[what] = self._find(what, new=False)
        return self._known[what]

    def choose(self, what: str) -> Secret:
        """A passphrase for something new: the same sources, but it must not be empty or short, and is asked twice."""
        if what in self._known:
            return self._known[what]
        found = self._find(what, new=True)
        if len(found.reveal()) < SHORTEST:
            raise DongleError(
                _("The passphrase for {what} is too short.").format(what=what),
                code="secret.short",
                hint=_("Choose one of {count} characters or more.").format(count=SHORTEST),
            )
        self._known[what] = found
        return found

    def asks(self, what: str) -> bool:
        """Whether a person would be asked for the passphrase of `what` now: nothing else knows it."""
        if self.source is not None or self.ask is None or what in self._known:
            return False
        return self._kept(what) is None

    def forget(self, what: str) -> None:
        """Do not offer again what was refused."""
        self._known.pop(what, None)

    def _find(self, what: str, *, new: bool) -> Secret:
        if self.source is not None:
            return (SecretRef.parse(self.source) or SecretRef("file", self.source)).load()
        kept = self._kept(what)
        if kept is not None:
            return kept
        if self.ask is None:
            raise DongleError(
                _("No passphrase is known for {what}, and there is no terminal to ask at.").format(what=what),
                code="secret.missing",
                hint=_("Give --passphrase-file FILE, or store it with: keyring set {service} {user}").format(
                    service=SERVICE, user=what
                ),
            )
        first = self.ask(_("Passphrase for {what}").format(what=what))
        if new and self.ask(_("The same passphrase again")) != first:
            raise DongleError(_("The two passphrases are not the same."), code="secret.repeat")
        return first

    def _kept(self, what: str) -> Secret | None:
        try:
            return from_keyring(SERVICE, what)
        except DongleError as error:
            if self.ask is None:
                hint = _(
                    "Give --passphrase-file FILE (mode 0600, its first line unlocks the keys); file:PATH and, for a "
                    "systemd credential, credential:NAME are taken too."
                )
                raise DongleError(error.message, code=error.code, hint=hint) from None
            return None
