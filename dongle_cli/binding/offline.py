"""The root's key moves to a medium: copied, read back, opened there; only then is it gone from here, provably."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from dongle_cli.binding import ca
from dongle_cli.binding.keystores import files, open_keystore
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _, reason

if TYPE_CHECKING:
    from dongle_cli.binding.ca import Settings
    from dongle_cli.binding.unlock import Unlock
    from dongle_cli.register.register import Register


@dataclass(frozen=True)
class Moved:
    """Where the key is now, and how many files were searched for what it was."""

    to: Path
    searched: int


def from_medium(settings: Settings, medium: Path | None) -> Settings:
    """The settings with the root's key where `medium` is mounted; None: where it was made."""
    if medium is None:
        return settings
    kind, _colon, where = settings.root_keystore.partition(":")
    folder = medium / where if (medium / where).is_dir() else medium
    return replace(settings, root_keystore=f"{kind}:{folder.resolve()}")


def check(settings: Settings, to: Path, *, force: bool = False) -> tuple[Path, Path]:
    """Where the root's key is, and where on the medium it would be.

    Errors: `authority.root-offline` (it is away already), `authority.not-a-file` (a token keeps it),
    `authority.same-disk` (`force` allows it), `keystore.unwritable`.
    """
    kind, _colon, where = settings.root_keystore.partition(":")
    if kind not in ("pem", "pkcs12"):
        raise DongleError(
            _("The root's key is in {place}, not in a file: take that out instead.").format(
                place=settings.root_keystore
            ),
            code="authority.not-a-file",
        )
    here = settings.folder / where
    if not here.is_dir():
        raise ca.root_away()
    _check_medium(settings.folder, to, force=force)
    return here, to / where


def move(register: Register, settings: Settings, to: Path, unlock: Unlock, *, force: bool = False) -> Moved:
    """Move the root's key to the folder `to`; whatever fails before it is proven there leaves it here.

    Errors: those of `check`, `authority.not-proven`, `keystore.*`.
    """
    here, target = check(settings, to, force=force)
    kind = settings.root_keystore.partition(":")[0]
    secrets = _copy(here, target)
    _prove(settings, f"{kind}:{target.resolve()}", unlock)
    for path in sorted(here.iterdir()):
        _erase(path)
    here.rmdir()
    searched = _search(settings.folder, secrets)
    with register.writing() as connection:
        register.append(connection, "root-offline", {"to": str(target), "searched": searched})
    return Moved(target, searched)


def _check_medium(folder: Path, to: Path, *, force: bool) -> None:
    try:
        same = to.stat().st_dev == folder.stat().st_dev
    except OSError as error:
        raise DongleError(
            _("{path} cannot be written: {reason}. What was there is unchanged.").format(path=to, reason=reason(error)),
            code="keystore.unwritable",
            hint=_("Mount the medium, and name a folder on it."),
        ) from None
    if same and not force:
        raise DongleError(
            _("{path} is on the same disk as the authority: that is not away.").format(path=to),
            code="authority.same-disk",
            hint=_("Name a folder on a medium that can be locked away; --force goes on all the same."),
        )


def _copy(here: Path, target: Path) -> list[bytes]:
    """Copy every file of the keystore and read each back; returns what they hold."""
    try:
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        contents = []
        for path in sorted(here.iterdir()):
            data = path.read_bytes()
            files.write(target / path.name, data)
            if (target / path.name).read_bytes() != data:
                raise OSError(5, "read back different")
            contents.append(data)
    except OSError as error:
        raise files.unwritable(target, error) from None
    return contents


def _prove(settings: Settings, spec: str, unlock: Unlock) -> None:
    """Open the key on the medium; it must be the one of the root's certificate."""
    if open_keystore(spec, unlock).key("root").public_key() != ca.certificate(settings, "root").public_key():
        raise DongleError(
            _("The key on the medium is not the root's. Nothing was removed here."), code="authority.not-proven"
        )


def _erase(path: Path) -> None:
    """Overwrite and remove; on flash and copy-on-write disks old blocks may stay: they are encrypted all the same."""
    with path.open("r+b") as file:
        file.write(b"\0" * path.stat().st_size)
        file.flush()
        os.fsync(file.fileno())
    path.unlink()


def _search(folder: Path, secrets: list[bytes]) -> int:
    """Look for what was moved in every file that is left; DongleError `authority.not-proven` where it still stands."""
    parts = [secret[len(secret) // 3 : len(secret) // 3 + 64] for secret in secrets if b"PRIVATE KEY" in secret]
    count = 0
    for path in _files(folder):
        count += 1
        if any(part in path.read_bytes() for part in parts):
            raise DongleError(
                _("The root's key is on the medium, but a copy of it stands in {path}.").format(path=path),
                code="authority.not-proven",
                hint=_("Remove that file, then look again with: dongle-cli ca status"),
            )
    return count


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield path
