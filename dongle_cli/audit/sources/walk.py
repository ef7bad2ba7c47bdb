"""One worker's walk: folders by descriptor, each file opened once, 4 KiB read, what is nothing forgotten at once."""

from __future__ import annotations

import errno
import io
import os
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, cast

from dongle_cli.audit.identify import Limits, settle, sniff
from dongle_cli.audit.model import Entry, Gap, Hit, State, Tally
from dongle_cli.audit.sources import swift
from dongle_cli.audit.sources.quiet import content, silently, why

if TYPE_CHECKING:
    from dongle_cli.audit.sources._native import Filter, Sweep

HEAD = 4096  # bytes of a file that tell what it is; one page costs no more than 16 bytes
SLICE = 1024  # entries of a folder between two looks around
MANY = 4096  # folders that one level may hold back at a time
LEVELS = 200  # folders held open at once; those above them are found again by their path
PATIENCE = 0.25  # seconds until what was found is handed over
Found = Hit | Gap | Tally


@dataclass(frozen=True, slots=True)
class Job:
    """A part of the tree: a folder with all below it, or only the files `names` in it."""

    path: str
    names: tuple[str, ...] | None = None


@dataclass(slots=True)
class Level:
    """A folder that is being walked: its descriptor, what is left of its listing, and folders not yet entered."""

    path: str  # with "/" at its end, or empty for the root
    fd: int | None
    entries: Iterator[os.DirEntry[str]] | Sweep | None
    folders: list[str] = field(default_factory=list)
    seen: int = 0

    def close(self) -> None:
        """Give back its descriptors."""
        if self.entries is not None and hasattr(self.entries, "close"):
            self.entries.close()
        if self.fd is not None:
            os.close(self.fd)
        self.fd = self.entries = None


@dataclass(slots=True)
class Walk:
    """Walks parts of the tree below `root`; `busy` hands work to others when `hungry` says that they have none."""

    root: int  # descriptor of the folder that paths are relative to
    limits: Limits
    skip: dict[str, str | None] = field(default_factory=dict)  # folders not to enter: the reason of a gap, or None
    foreign: bool = False  # a Windows file system: reparse points and cloud files are possible
    hungry: Callable[[], bool] = lambda: False
    give: Callable[[list[Job]], None] = lambda jobs: None
    name_of: Callable[[int], str] = str  # an owner's uid in words
    filter: Filter | None = None  # lists and reads compiled, where that was built; it finds the same
    out: list[Found] = field(default_factory=list)
    levels: list[Level] = field(default_factory=list)
    files: int = 0
    opened: int = 0
    read: int = 0  # bytes of heads

    def lend(self, hungry: Callable[[], bool], give: Callable[[list[Job]], None]) -> None:
        """From now on `hungry` says whether another process has nothing to do, and `give` hands it jobs."""
        self.hungry, self.give = hungry, give

    def run(self, job: Job) -> Iterator[list[Found]]:
        """Everything in `job`, in batches; never raises for what a tree may hold."""
        try:
            self._begin(job)
            last = time.monotonic()
            while self.levels:
                self._step()
                if self.hungry():
                    self._share()
                now = time.monotonic()
                if now - last > PATIENCE or len(self.out) > 500:
                    last = now
                    yield self._batch()
            yield self._batch()
        finally:
            for level in self.levels:
                level.close()
            self.levels.clear()

    def _batch(self) -> list[Found]:
        at = self.levels[-1].path if self.levels else ""
        batch = [*self.out, Tally(self.files, self.opened, self.read, at)]
        self.out, self.files, self.opened, self.read = [], 0, 0, 0
        return batch

    def _begin(self, job: Job) -> None:
        level = Level(job.path + "/" if job.path else "", None, None)
        try:
            level.fd = self._descend(job.path)
            if job.names is None:
                level.entries = self._listing(level.fd)
                self.opened += 1
        except OSError as error:
            level.close()
            self._lost(job.path or ".", error)
            return
        if job.names is None:
            self.levels.append(level)
            return
        for name in job.names:
            self.files += 1
            self._look(level.fd, level.path, name)
        level.close()

    def _descend(self, path: str) -> int:
        """A descriptor of the folder at `path`; name by name, so that no link is followed and no path is too long."""
        fd = os.dup(self.root)
        for name in path.split("/") if path else ():
            above = fd
            try:
                fd = silently(name, above, os.O_DIRECTORY)
            finally:
                os.close(above)
        return fd

    def _step(self) -> None:
        """Look at a slice of the innermost folder, enter one below it, or leave it."""
        level = self.levels[-1]
        if level.folders and self.filter is not None:
            self._swept_below(level, self.filter)
        elif level.folders:
            name = level.folders.pop()
            try:
                if level.fd is None:
                    level.fd = self._descend(level.path.rstrip("/"))
                fd = silently(name, level.fd, os.O_DIRECTORY)
            except OSError as error:
                self._lost(level.path + name, error)
                return
            if not level.folders and level.entries is None:
                self.levels.pop().close()  # a chain of single folders, however deep, takes one descriptor
            self._enter(fd, level.path + name + "/")
        elif level.entries is not None:
            self._more(level)
        else:
            self.levels.pop().close()

    def _enter(self, fd: int, path: str) -> None:
        level = Level(path, fd, None)
        try:
            level.entries = self._listing(fd)
        except OSError as error:
            level.close()
            self._lost(path.rstrip("/"), error)
            return
        self.opened += 1
        self._push(level)

    def _push(self, level: Level) -> None:
        self.levels.append(level)
        if len(self.levels) > LEVELS:
            far = self.levels[-LEVELS - 1]
            if far.entries is None and far.fd is not None:
                os.close(far.fd)
                far.fd = None

    def _listing(self, fd: int) -> Iterator[os.DirEntry[str]] | Sweep:
        return os.scandir(fd) if self.filter is None else swift.sweep(fd, self.filter)

    def _more(self, level: Level) -> None:
        """The next entries of a folder."""
        if self.filter is None:
            self._slice(level, self._look)
        else:
            self._swept(level, cast("Sweep", level.entries))

    def _swept(self, level: Level, entries: Sweep) -> None:
        """As `_slice`: what the compiled look let pass is looked at here, files come open and with their heads."""
        try:
            count, files, read, folders, found, lost = entries.look(SLICE)
        except OSError as error:
            self._lost(level.path.rstrip("/") or ".", error)
            level.entries = None
            return
        if entries.ended:
            level.entries = None
        self._keep(level, folders)
        level.seen += count
        self.files += files
        self.read += read
        self._told(level.path, found, lost)

    def _swept_below(self, level: Level, wanted: Filter) -> None:
        """Enter folders: most are done with at once, and need no level of their own."""
        try:
            if level.fd is None:
                level.fd = self._descend(level.path.rstrip("/"))
        except OSError as error:
            self._lost(level.path.rstrip("/"), error)
            level.folders.clear()
            return
        opened, files, read, rows = swift.descend(level.fd, level.folders, wanted, SLICE)
        self.opened += opened
        self.files += files
        self.read += read
        if not level.folders and level.entries is None:
            self.levels.pop().close()  # a chain of single folders, however deep, takes one descriptor
        for name, number, fd, entries, folders, found, lost in rows:
            path = level.path + name
            if number:
                self._lost(path, OSError(number, os.strerror(number)))
            self._told(path + "/", found, lost)
            if entries is not None:
                below = Level(path + "/", fd, None if entries.ended else entries)
                self._keep(below, folders)
                self._push(below)

    def _told(self, path: str, found: list[tuple[str, int, bytes]], lost: list[tuple[str, int]]) -> None:
        for name, number in lost:
            self._lost(path + name, OSError(number, os.strerror(number)))
        for name, fd, head in found:
            guess = sniff(head, name, self.limits.kinds)
            if guess is None:
                os.close(fd)
            else:
                self._settle(fd, path + name, head, guess)

    def _keep(self, level: Level, folders: list[str]) -> None:
        """Folders to be entered later; those that are not entered are told of."""
        if self.skip:
            for name in folders:
                if level.path + name in self.skip:
                    self._skipped(level.path + name)
            folders = [name for name in folders if level.path + name not in self.skip]
        level.folders += folders

    def _slice(self, level: Level, look: Callable[[int, str, str], None]) -> None:
        """The next entries of a folder: files for `look`, folders kept for later; all else is no file."""
        entries, fd, path, folders = (
            cast("Iterator[os.DirEntry[str]]", level.entries),
            level.fd,
            level.path,
            level.folders,
        )
        assert entries is not None and fd is not None  # noqa: S101 - for the type checker
        count = files = 0
        try:
            for entry in entries:
                count += 1
                if entry.is_file(follow_symlinks=False):
                    files += 1
                    look(fd, path, entry.name)
                elif entry.is_dir(follow_symlinks=False):
                    if self.foreign:
                        self._streams(fd, path, entry.name)
                    if self.skip and path + entry.name in self.skip:
                        self._skipped(path + entry.name)
                    else:
                        folders.append(entry.name)
                elif self.foreign and entry.is_symlink():
                    self._reparse(fd, path, entry.name)
                if count >= SLICE or len(folders) >= MANY:
                    break
            else:
                level.entries = None
        except OSError as error:  # a folder whose listing breaks off
            self._lost(path.rstrip("/") or ".", error)
            level.entries = None
        level.seen += count
        self.files += files

    def _look(self, folder: int, path: str, name: str) -> None:
        """Open one file, read its head, and forget it or settle what it is; the hot path of the whole audit."""
        if self.foreign and self._of_windows(folder, path, name):
            return
        try:
            fd = silently(name, folder)
        except OSError as error:
            self._lost(path + name, error)
            return
        try:
            head = os.read(fd, HEAD)
            guess = sniff(head, name, self.limits.kinds)
            if guess is None:
                os.close(fd)
                self.read += len(head)
                return
        except OSError as error:
            os.close(fd)
            self._lost(path + name, error)
            return
        self.read += len(head)
        self._settle(fd, path + name, head, guess)

    def _beside(self, path: str, name: str) -> BinaryIO:
        """The regular file `name` in the folder of `path`; OSError where there is none."""
        folder = self._descend(path.rpartition("/")[0])
        try:
            if not stat.S_ISREG(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
                raise FileNotFoundError(errno.ENOENT, "not a regular file", name)
            return io.BufferedReader(io.FileIO(silently(name, folder), "rb"))
        finally:
            os.close(folder)

    def _settle(self, fd: int, path: str, head: bytes, guess: str) -> None:
        try:
            about = os.fstat(fd)
        except OSError as error:  # gone from its server meanwhile
            os.close(fd)
            self._lost(path, error)
            return
        with content(fd, about.st_size, head) as file:
            try:
                entry = Entry(path, about.st_size, about.st_mtime, self.name_of(about.st_uid))
                self.out.extend(settle(guess, entry, head, file, self.limits, partial(self._beside, path)))
            except OSError as error:
                self._lost(path, error)
            except Exception as error:  # whatever a stranger's file does to a reader, the walk goes on and it is told
                self.out.append(Gap(path, "damaged", f"{type(error).__name__}: {error}"))

    def _of_windows(self, folder: int, path: str, name: str) -> bool:
        """What a file of Windows has besides its content; True where that is elsewhere and must not be opened."""
        from dongle_cli.audit.sources.reparse import attributes, recalls

        self._streams(folder, path, name)

        found = attributes(folder, name)
        if found is None or not recalls(found):
            return False
        self.out.append(Gap(path + name, "placeholder", f"attributes 0x{found:x}"))
        return True

    def _streams(self, folder: int, path: str, name: str) -> None:
        from dongle_cli.audit.sources import streams

        for stream in streams.names(folder, name):
            whole = f"{path}{name}:{stream}"
            try:
                with streams.opened(folder, name, stream) as file:
                    head = file.read(HEAD)
                    guess = sniff(head, stream, self.limits.kinds)
                    if guess is not None:
                        about = os.stat(name, dir_fd=folder, follow_symlinks=False)
                        size = file.seek(0, os.SEEK_END)
                        owner = self.name_of(about.st_uid)
                        entry = Entry(whole, size, about.st_mtime, owner, State.STREAM)
                        self.out.extend(settle(guess, entry, head, file, self.limits))
            except OSError as error:
                if hidden := streams.gap(whole, error):
                    self.out.append(hidden)
                else:
                    self._lost(whole, error)
            except Exception as error:  # as in _settle
                self.out.append(Gap(whole, "damaged", f"{type(error).__name__}: {error}"))

    def _reparse(self, folder: int, path: str, name: str) -> None:
        from dongle_cli.audit.sources.reparse import unsupported

        if gap := unsupported(folder, name):
            self.out.append(Gap(path + name, *gap))

    def _skipped(self, path: str) -> None:
        reason = self.skip[path]
        if reason is not None:
            self.out.append(Gap(path, reason))

    def _lost(self, path: str, error: OSError) -> None:
        self.out.append(Gap(path, why(error), error.strerror or str(error)))

    def _share(self) -> None:
        """Give half of the outermost waiting folders away; or, in a folder full of files, the next names."""
        for level in self.levels:
            if len(level.folders) > 1 or (level.folders and level is not self.levels[-1]):
                half = level.folders[: (len(level.folders) + 1) // 2][:256]
                del level.folders[: len(half)]
                self.give([Job(level.path + name) for name in half])
                return
        inner = self.levels[-1] if self.levels else None
        if inner is not None and inner.entries is not None and inner.seen >= SLICE:
            names: list[str] = []
            if self.filter is None:
                self._slice(inner, lambda _fd, _path, name: names.append(name))
                self.files -= len(names)  # they are counted by who looks at them
            else:
                folders, names = cast("Sweep", inner.entries).names(SLICE)
                self._keep(inner, folders)
            if names:
                self.give([Job(inner.path.rstrip("/"), tuple(names))])
