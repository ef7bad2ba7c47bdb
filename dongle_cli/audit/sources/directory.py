"""A folder as a source: the root of a mounted disk, or any tree; opened for reading, and never out of its root."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from dongle_cli.audit.identify import Limits
from dongle_cli.audit.model import Entry, Gap, Hit, State, Tally, Volume
from dongle_cli.audit.sources import crew, mounts, reparse, streams, swift
from dongle_cli.audit.sources.quiet import silently
from dongle_cli.audit.sources.walk import Walk
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _, reason


@dataclass(slots=True)
class Tree:
    """A folder's files, looked up by path; no link is followed, and case is ignored where exact spelling finds none."""

    root: str
    name: str = ""

    def find(self, path: str) -> Entry | None:
        """The file or folder at `path`, or None."""
        try:
            fd, real = self._reach(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        try:
            about = os.fstat(fd)
        finally:
            os.close(fd)
        return Entry(real, about.st_size, about.st_mtime, str(about.st_uid), State.LIVE, volume=self.name)

    def list(self, path: str) -> Iterator[tuple[str, bool]]:
        """Names in a folder, each with whether it is a folder."""
        fd, _real = self._reach(path)
        try:
            with os.scandir(fd) as entries:
                for entry in entries:
                    yield entry.name, entry.is_dir(follow_symlinks=False)
        finally:
            os.close(fd)

    def open(self, path: str) -> BinaryIO:
        """A regular file's content; anything else is an OSError, and is not opened for good."""
        fd, real = self._reach(path)
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            os.close(fd)
            raise FileNotFoundError(2, "not a regular file", real)
        return os.fdopen(fd, "rb")

    def _reach(self, path: str) -> tuple[int, str]:
        """A descriptor of what is at `path`, and how its names are really spelled."""
        fd = silently(self.root, more=os.O_DIRECTORY)
        real: list[str] = []
        for name in [part for part in path.split("/") if part]:
            above = fd
            try:
                fd, spelled = _open_named(above, name)
            finally:
                os.close(above)
            real.append(spelled)
        return fd, "/".join(real)


def _open_named(folder: int, name: str) -> tuple[int, str]:
    try:
        return _open_checked(folder, name), name
    except FileNotFoundError:
        wanted = name.casefold()
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.casefold() == wanted:
                    return _open_checked(folder, entry.name), entry.name
        raise


def _open_checked(folder: int, name: str) -> int:
    """A descriptor of `name`; FileNotFoundError where it is neither file nor folder: no device is ever opened.

    OSError too for a file that would be fetched from a cloud if it were opened.
    """
    mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise FileNotFoundError(2, "neither a file nor a folder", name)
    found = reparse.attributes(folder, name) if stat.S_ISREG(mode) else None
    if found is not None and reparse.recalls(found):
        raise OSError(errno.EREMOTE, "its content is not here", name)
    return silently(name, folder)


@dataclass(slots=True)
class DirectorySource:
    """A tree below one folder, walked by several processes."""

    target: str
    limits: Limits = field(default_factory=Limits)
    jobs: int = 1
    ask_network: bool = False  # network file systems below are gaps, not passed over in silence
    name_of: Callable[[int], str] = str
    sees_deleted: bool = False

    def scan(self) -> Iterator[Hit | Gap | Tally]:
        """Look at every file below the folder once."""
        root = _open_root(self.target)
        try:
            table = mounts.mounted()
            top = os.path.realpath(self.target)
            foreign = mounts.foreign(top, table)
            start = Walk(
                root,
                self.limits,
                skip=mounts.not_entered(top, table, ask_network=self.ask_network),
                foreign=foreign,
                name_of=self.name_of,
                filter=None if foreign else swift.filter_for(self.limits.kinds),
            )
            here = mounts.home_of(top, table)
            if start.foreign and (gap := streams.unseen(root, here.kind if here else None)):
                yield gap
            yield from crew.scan(start, self.jobs)
        finally:
            os.close(root)

    def volumes(self) -> list[Volume]:
        """The one file tree that a folder is."""
        return [Tree(os.path.realpath(self.target))]


def _open_root(target: str) -> int:
    """The folder that the operator named; a link there is his own choice, those below are not followed."""
    try:
        return silently(os.path.realpath(target), more=os.O_DIRECTORY)
    except OSError as error:
        raise DongleError(
            _("The folder {path} cannot be looked at: {reason}.").format(path=Path(target), reason=reason(error)),
            code="audit.target",
            hint=_("Name a folder, a disk image or a mounted disk that you may read."),
        ) from None
