"""An export on disk: written whole, again without harm, and never over somebody else's file."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from dongle_cli.binding import publish
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _, reason

MANIFEST = ".dongle-cli.json"

Action = Literal["create", "update", "same", "keep", "remove"]


@dataclass(frozen=True)
class File:
    """One file of an export; `path` is relative to its folder.

    "data" (CRLs, bindings) is always brought up to date; "config" is, unless somebody edited it, then it is kept;
    "once" is written where there is none and then belongs to the administrator.
    """

    path: str
    content: bytes
    kind: Literal["data", "config", "once"] = "data"
    mode: int = 0o644


@dataclass(frozen=True)
class Export:
    """What a gateway is given, and what its administrator reads."""

    gateway: str
    files: tuple[File, ...]
    next_steps: tuple[str, ...]
    links: Mapping[str, str] = field(default_factory=dict)  # name: the file in the same folder it leads to
    folders: Mapping[str, int] = field(default_factory=dict)  # empty ones, and their mode
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Change:
    """What is to be done to one file of the folder, or was."""

    path: str
    action: Action


class Folder:
    """A folder on disk and what the last export left there."""

    def __init__(self, directory: Path, export: Export) -> None:
        """DongleError `export.foreign` where the folder holds another gateway's export, `export.unreadable`."""
        self.directory = directory
        self.export = export
        self._known = self._manifest()

    def plan(self, *, force: bool = False) -> list[Change]:
        """What is still to do, file by file; DongleError `export.foreign` for a file that we did not write.

        `force` writes over those, and over configuration that somebody edited.
        """
        changes = [Change(file.path, self._action(file, force)) for file in self.export.files]
        for name, target in self.export.links.items():
            changes.append(Change(name, self._link_action(name, target)))
        wanted = {file.path for file in self.export.files} | set(self.export.links)
        for path in sorted(set(self._known) - wanted):
            if (self.directory / path).is_symlink() or self._digest(path) in self._known[path]:
                changes.append(Change(path, "remove"))
        return changes

    def write(self, changes: list[Change]) -> None:
        """Do it; DongleError `export.unwritable` where the disk refuses, then every file is the old or the new one."""
        files = {file.path: file for file in self.export.files}
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            for name, mode in self.export.folders.items():
                (self.directory / name).mkdir(mode=mode, parents=True, exist_ok=True)
            # Both digests before and one after: a run that was cut off in between finds its own files again.
            self._note(
                {f.path: [*self._known.get(f.path, []), _sha256(f.content)] for f in files.values() if f.kind != "once"}
            )
            for change in changes:
                path = self.directory / change.path
                path.parent.mkdir(parents=True, exist_ok=True)
                if change.action == "remove":
                    path.unlink(missing_ok=True)
                elif change.action in ("create", "update"):
                    if change.path in files:
                        _put(path, files[change.path].content, files[change.path].mode)
                    else:
                        _link(path, self.export.links[change.path])
            kept = {change.path for change in changes if change.action == "keep"}
            self._known = {}
            self._note(
                {f.path: [_sha256(f.content)] for f in files.values() if f.kind != "once" and f.path not in kept}
            )
        except OSError as error:
            raise DongleError(
                _("{path} cannot be written: {reason}.").format(
                    path=error.filename or self.directory, reason=reason(error)
                ),
                code="export.unwritable",
                hint=_("Every file is as it was or as it should be. Mend it and run the same command again."),
            ) from None

    def _action(self, file: File, force: bool) -> Action:
        path = self.directory / file.path
        if not path.exists() and not path.is_symlink():
            return "create"
        if file.kind == "once":
            return "keep"
        digest = self._digest(file.path)
        if digest == _sha256(file.content):
            return "same" if path.stat().st_mode & 0o777 == file.mode else "update"
        if force or digest in self._known.get(file.path, []):
            return "update"
        if file.kind == "config" and file.path in self._known:
            return "keep"
        raise DongleError(
            _("{path} was not written by dongle-cli, or was changed since.").format(path=path),
            code="export.foreign",
            hint=_("Choose an empty folder, move the file away, or write over it with --force. Nothing was changed."),
            path=str(path),
        )

    def _link_action(self, name: str, target: str) -> Action:
        path = self.directory / name
        if path.is_symlink():
            return "same" if str(path.readlink()) == target else "update"
        return "update" if path.exists() else "create"

    def _digest(self, path: str) -> str | None:
        try:
            return _sha256((self.directory / path).read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unreadable(self.directory / path, error) from None

    def _manifest(self) -> dict[str, list[str]]:
        path = self.directory / MANIFEST
        try:
            held = json.loads(path.read_text(encoding="utf-8"))
            gateway, files = held["gateway"], {str(name): list(digests) for name, digests in held["files"].items()}
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise _unreadable(path, error) from None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise DongleError(
                _("{path} is damaged.").format(path=path),
                code="export.manifest",
                hint=_("It says what was exported here. Choose an empty folder, or delete it and use --force."),
            ) from None
        if gateway != self.export.gateway:
            raise DongleError(
                _("{directory} holds an export for {gateway}.").format(directory=self.directory, gateway=gateway),
                code="export.foreign",
                hint=_("Choose another folder: each gateway has its own."),
            )
        return files

    def _note(self, files: Mapping[str, list[str]]) -> None:
        links: dict[str, list[str]] = {name: [] for name in self.export.links}
        held = {"schema": 1, "gateway": self.export.gateway, "files": {**self._known, **links, **files}}
        _put(self.directory / MANIFEST, (json.dumps(held, indent=1, sort_keys=True) + "\n").encode(), 0o644)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _put(path: Path, content: bytes, mode: int) -> None:
    """The whole file or the old one; a gateway that reads meanwhile sees one of the two."""
    publish.write(path, content, mode=mode)
    if path.stat().st_mode & 0o777 != mode:  # the umask took something away
        path.chmod(mode)


def _link(path: Path, target: str) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.symlink_to(target)
        temporary.replace(path)
    except OSError:  # a medium without links (FAT): a copy does as well
        _put(path, (path.parent / target).read_bytes(), 0o644)
    finally:
        temporary.unlink(missing_ok=True)


def _unreadable(path: Path, error: OSError) -> DongleError:
    return DongleError(
        _("{path} cannot be read: {reason}.").format(path=path, reason=reason(error)), code="export.unreadable"
    )
