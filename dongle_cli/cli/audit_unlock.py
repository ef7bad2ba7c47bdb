"""`--unlock`: what opens the BitLocker volumes of an image, fetched from where it is kept; never from argv itself."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from dongle_cli.cli import state
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _
from dongle_cli.secrets import Secret, SecretRef

_KINDS = ("password", "recovery", "startup")


def keys(asked: Iterable[str]) -> tuple[tuple[str, Secret], ...]:
    """Each KIND[:WHERE] as (kind, value); of a startup key the value is the path of its .BEK file."""
    return tuple(_key(text) for text in asked)


def _key(text: str) -> tuple[str, Secret]:
    kind, _colon, where = text.partition(":")
    if kind not in _KINDS:
        raise DongleError(
            _("{kind} opens no volume.").format(kind=repr(kind)),
            code="usage.unlock",
            hint=_("Name one of {kinds}, and where it is kept: password:file:PATH.").format(kinds=", ".join(_KINDS)),
        )
    if kind == "startup":
        return kind, Secret(_startup_file(where))
    if not where:
        return kind, _ask(kind)
    ref = SecretRef.parse(where)
    if ref is None:  # perhaps the secret itself: it is not repeated
        raise DongleError(
            _("What follows {kind}: must say where the secret is kept, and may never be the secret itself.").format(
                kind=kind
            ),
            code="usage.unlock",
            hint=_(
                "Write file:PATH, keyring:SERVICE/USER or credential:NAME, or only {kind} to be asked for it."
            ).format(kind=kind),
        )
    return kind, ref.load()


def _startup_file(where: str) -> str:
    path = Path(where.removeprefix("file:")).expanduser()
    if not where or not path.is_file():
        raise DongleError(
            _("There is no startup key {path}.").format(path=path if where else "''"),
            code="usage.unlock",
            hint=_("Name the .BEK file of the volume: startup:PATH."),
        )
    return str(path)


def _ask(kind: str) -> Secret:
    from getpass import getpass

    if state.json or not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise DongleError(
            _("Nobody can be asked for the secret: there is no terminal."),
            code="usage.unlock",
            hint=_("Say where it is kept: --unlock {kind}:file:PATH").format(kind=kind),
        )
    what = _("Password of the volume") if kind == "password" else _("Recovery key of the volume (8 groups of 6 digits)")
    return Secret(getpass(f"{what}: ", stream=sys.stderr))
