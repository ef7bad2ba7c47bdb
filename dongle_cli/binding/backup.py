"""The authority and its register in one file, and the way back; keys stay as encrypted as they are."""

from __future__ import annotations

import io
import json
import sqlite3
import tarfile
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from dongle_cli import paths
from dongle_cli.binding import ca, publish
from dongle_cli.errors import DongleError
from dongle_cli.evidence.canonical import canonical, digest
from dongle_cli.i18n import _, reason

if TYPE_CHECKING:
    from dongle_cli.binding.ca import Settings
    from dongle_cli.binding.unlock import Unlock
    from dongle_cli.register.register import Register

KIND = "authority-backup"
MANIFEST, REGISTER = "manifest.json", "register.db"
_MOST = 1 << 30  # bytes of one file in it
NUMBERS = 1000  # a restored authority leaves out so many CRL numbers: lists made after the backup may be out there


@dataclass(frozen=True)
class Backup:
    """What a backup holds."""

    at: str
    name: str  # of the authority
    files: tuple[str, ...]
    root_key: bool  # whether the root's key is in it
    register: bool  # False where the register is a database of its own, with its own backup
    history: dict[str, Any] | None  # number and digest of the last entry


def write(register: Register, settings: Settings, out: Path | None) -> Backup:
    """Write the backup, mode 0600, and read it back; DongleError `file.unwritable` or `authority.backup`.

    `out` None: say only what would be in it.
    """
    contents = {
        f"ca/{path.relative_to(settings.folder).as_posix()}": publish.read(path)
        for path in sorted(settings.folder.rglob("*"))
        if path.is_file() and not path.is_symlink() and not path.name.startswith(".")
    }
    snapshot = _snapshot()
    if snapshot is not None:
        contents[REGISTER] = snapshot
    last = register.last_link()
    manifest = {
        "schema": 1,
        "kind": KIND,
        "at": datetime.now().astimezone().isoformat(timespec="seconds"),
        "name": settings.name,
        "files": {name: digest(data) for name, data in contents.items()},
        "history": {"seq": last.seq, "digest": last.digest} if last else None,
    }
    if out is None:
        return _about(manifest)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, data in {MANIFEST: canonical(manifest), **contents}.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(data), 0o600
            archive.addfile(member, io.BytesIO(data))
    publish.write(out, buffer.getvalue(), mode=0o600)
    return _about(_read(out)[0])


def _snapshot() -> bytes | None:
    """The register as one whole SQLite file, taken while others may write; None where it is no SQLite file."""
    import sqlalchemy as sa

    url = sa.make_url(paths.register_url())
    if url.get_backend_name() != "sqlite" or not url.database:
        return None
    with tempfile.TemporaryDirectory(dir=paths.data_dir()) as folder:
        copy = Path(folder) / REGISTER
        source, target = sqlite3.connect(url.database), sqlite3.connect(copy)
        try:
            source.backup(target)
        finally:
            source.close()
            target.close()
        return copy.read_bytes()


def _read(path: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Manifest and files; DongleError `authority.backup` where anything is not as the manifest says."""
    try:
        with tarfile.open(path, mode="r:") as archive:
            found = {one.name: _content(archive, one) for one in archive}
        manifest = json.loads(found.pop(MANIFEST))
        if manifest["kind"] != KIND or {name: digest(data) for name, data in found.items()} != manifest["files"]:
            raise ValueError(_("its files are not those that were saved"))
    except (OSError, tarfile.TarError, ValueError, KeyError, TypeError) as error:
        why = reason(error) if isinstance(error, OSError) else str(error)
        raise DongleError(
            _("The backup {path} cannot be used: {reason}.").format(path=path, reason=why),
            code="authority.backup",
            hint=_("Take another copy of it. Nothing was changed."),
        ) from None
    return manifest, found


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    inside = PurePosixPath(member.name)
    file = archive.extractfile(member) if member.isreg() and member.size <= _MOST else None
    if file is None or inside.is_absolute() or ".." in inside.parts:
        raise ValueError(_("it holds something that was not saved by this program: {name}").format(name=member.name))
    return file.read()


def _about(manifest: dict[str, Any]) -> Backup:
    names = tuple(sorted(manifest["files"]))
    root = any(name.startswith("ca/root/") and name.endswith(".key.pem") for name in names)
    return Backup(manifest["at"], manifest["name"], names, root, REGISTER in names, manifest["history"])


def look(path: Path, folder: Path) -> Backup:
    """What the backup at `path` holds, every digest checked, if it can be restored: errors as of `restore`."""
    manifest, found = _read(path)
    _check_free(folder, found)
    return _about(manifest)


def _check_free(folder: Path, found: dict[str, bytes]) -> Path | None:
    """The register's file; DongleError `authority.exists`, `register.exists` where something would be written over."""
    import sqlalchemy as sa

    if (folder / ca.FILE).exists():
        raise DongleError(_("There is an authority in {path} already.").format(path=folder), code="authority.exists")
    url = sa.make_url(paths.register_url())
    database = Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None
    if REGISTER in found and (database is None or database.exists()):
        raise DongleError(
            _("There is a register already: {url}.").format(url=url.render_as_string(hide_password=True)),
            code="register.exists",
            hint=_("Move it away first, and keep it: what was bound since the backup stands only there."),
        )
    return database


def restore(path: Path, folder: Path, unlock: Unlock) -> Backup:
    """Put authority and register back where neither is, and prove that the issuing key opens and is the right one.

    Errors: `authority.backup`, `authority.exists`, `register.exists`, `keystore.*`, `secret.*`. CRL numbers go on far
    behind the last one in the backup, so that no number is given twice.
    """
    manifest, found = _read(path)
    database = _check_free(folder, found)
    for name, data in found.items():
        if name.startswith("ca/") and name != f"ca/{ca.FILE}":
            target = folder / name.removeprefix("ca/")
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            secret = target.name.endswith((".key.pem", ".p12"))
            publish.write(target, data, mode=0o600 if secret else 0o644)
    if REGISTER in found and database is not None:
        database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        publish.write(database, found[REGISTER], mode=0o600)
    publish.write(folder / ca.FILE, found[f"ca/{ca.FILE}"])  # last: from now on there is an authority
    _prove(folder, unlock)
    return _about(manifest)


def _prove(folder: Path, unlock: Unlock) -> None:
    from dongle_cli.binding import profile
    from dongle_cli.register import certificates
    from dongle_cli.register.register import Register

    settings = ca.load(folder)
    issuing = ca.certificate(settings, "issuing")
    if ca.keystore(settings, "issuing", unlock).key("issuing").public_key() != issuing.public_key():
        raise DongleError(
            _("The restored key is not the one of the issuing certificate."),
            code="authority.backup",
            hint=_("Take another copy of it. Nothing was changed."),
        )
    with Register.open() as register:
        certificates.skip_crl_numbers(register, profile.key_identifier(issuing), NUMBERS)
