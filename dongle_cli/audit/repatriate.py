"""Bring found documents home to the shared server: copy, read back, write the receipt, and only then remove.

At every moment a document stands here, or there with its digest verified, or both. A run that was killed anywhere is
finished by running again: names on the far side follow from path and content, so that nothing comes twice.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from dongle_cli.audit.receipt import Receipt
from dongle_cli.audit.share import Share, unreachable

# What a share says of one document's name or size; anything else it says of itself.
_OF_THE_NAME = frozenset((errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ, errno.EFBIG))
_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Moved:
    """What became of one document: "copied", "there" (was so already), "removed", "changed", "vanished", "refused"."""

    path: str
    result: str
    to: str | None = None
    sha256: str | None = None
    detail: str = ""

    @property
    def safe(self) -> bool:
        """Whether the document stands verified on the share."""
        return self.result in ("copied", "there", "removed")


@dataclass(slots=True)
class Repatriation:
    """One run over the documents below `root`."""

    root: str
    share: Share
    receipt: Receipt
    remove: bool = False

    def bring(self, paths: Iterable[str]) -> Iterator[Moved]:
        """Bring each of `paths` (relative to the root); DongleError `audit.share` where the far side fails,
        `audit.receipt` where another run is at it.
        """
        with self.receipt.held():  # of two runs between the same places, one
            top = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                self._finish_removals(top)
                for path in paths:
                    yield self._one(top, path)
            finally:
                os.close(top)

    def _finish_removals(self, top: int) -> None:
        """A kill between a removal and its line in the receipt: the document is gone here and stands there."""
        open_ends: dict[str, dict[str, str]] = {}
        for line in self.receipt.lines():
            if line.get("done") == "removing":
                open_ends[line["path"]] = line
            elif line.get("done") == "removed":
                open_ends.pop(line["path"], None)
        for path, line in open_ends.items():
            name = line["to"]
            if not _exists(top, path) and self.share.holds(name) and self.share.sha256(name) == line["sha256"]:
                self.receipt.note("removed", path=path, to=name, sha256=line["sha256"])

    def _one(self, top: int, path: str) -> Moved:
        try:
            folder, name = _folder_of(top, path)
        except OSError as error:
            return Moved(path, _result(error), detail=str(error.strerror))
        try:
            return self._from(folder, name, path)
        except _Refused as error:
            return Moved(path, error.result, detail=error.detail)
        finally:
            os.close(folder)

    def _from(self, folder: int, name: str, path: str) -> Moved:
        source = _opened(folder, name)
        try:
            before = os.fstat(source)
            there, digest, done = self._copied(source, path, before)
            if _shape(os.fstat(source)) != _shape(before):
                raise _Refused("changed")
            if self.remove:
                self._remove(folder, name, path, before, there, digest)
                done = "removed"
        except _Refused as error:
            if error.result == "changed" and not os.fstat(source).st_nlink:  # removed: that is a change too
                raise _Refused("vanished") from None
            raise
        finally:
            os.close(source)
        return Moved(path, done, there, digest)

    def _copied(self, source: int, path: str, about: os.stat_result) -> tuple[str, str, str]:
        """Where the document stands verified, its digest, and whether that was new."""
        digest = _digest(source)
        for there in _names(path, digest):
            try:
                done = self._put(source, there, digest, about.st_mtime_ns)
                if done is None:
                    continue  # another document has this name
            except OSError as error:
                if error.errno in _OF_THE_NAME:
                    raise _Refused("refused", str(error.strerror)) from None
                raise unreachable(error, path) from None
            self.share.tidy(there)
            self.receipt.note("copied", path=path, to=there, sha256=digest, size=about.st_size)
            return there, digest, done
        raise _Refused("refused", "no free name")

    def _put(self, source: int, there: str, digest: str, mtime_ns: int) -> str | None:
        """Whether the document came to stand under this name now or did so before; None where another one does."""
        if not self.share.holds(there):
            try:
                if self.share.put(source, there, mtime_ns=mtime_ns) != digest:
                    raise _Refused("changed")
                if self.share.sha256(there) != digest:
                    raise _Refused("refused", "reads back different")
                return "copied"
            except FileExistsError:  # another run was faster, perhaps with this very document
                if not self.share.holds(there):
                    return None
        return "there" if self.share.sha256(there) == digest else None

    def _remove(self, folder: int, name: str, path: str, before: os.stat_result, there: str, digest: str) -> None:
        """Take the local document away, if it is still the one that was copied."""
        self.receipt.note("removing", path=path, to=there, sha256=digest)
        try:
            now = os.stat(name, dir_fd=folder, follow_symlinks=False)
            if _shape(now) != _shape(before):
                raise _Refused("changed")
            os.unlink(name, dir_fd=folder)
        except FileNotFoundError:
            raise _Refused("vanished") from None
        except OSError as error:
            raise _Refused("refused", str(error.strerror)) from None
        self.receipt.note("removed", path=path, to=there, sha256=digest)


class _Refused(Exception):
    def __init__(self, result: str, detail: str = "") -> None:
        super().__init__(result)
        self.result = result
        self.detail = detail


def _names(path: str, digest: str) -> Iterator[str]:
    """The same path; where another document has it, one that says whose content it is."""
    yield path
    pure = PurePosixPath(path)
    for length in (8, 64):
        yield str(pure.with_name(f"{pure.stem} ({digest[:length]}){pure.suffix}"))


def _folder_of(top: int, path: str) -> tuple[int, str]:
    """The folder that holds `path`, reached without following a link."""
    *folders, name = [part for part in path.split("/") if part]
    fd = os.dup(top)
    for folder in folders:
        above = fd
        try:
            fd = os.open(folder, _OPEN | os.O_DIRECTORY, dir_fd=above)
        finally:
            os.close(above)
    return fd, name


def _opened(folder: int, name: str) -> int:
    try:
        fd = os.open(name, _OPEN, dir_fd=folder)
    except OSError as error:
        raise _Refused(_result(error), str(error.strerror)) from None
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise _Refused("refused", "not a regular file")
    return fd


def _exists(top: int, path: str) -> bool:
    try:
        folder, name = _folder_of(top, path)
    except OSError:
        return False
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    finally:
        os.close(folder)
    return True


def _result(error: OSError) -> str:
    return "vanished" if isinstance(error, FileNotFoundError) else "refused"


def _shape(about: os.stat_result) -> tuple[int, int, int, int]:
    """What changes when somebody writes to the file or puts another one in its place."""
    return about.st_ino, about.st_size, about.st_mtime_ns, about.st_ctime_ns


def _digest(source: int) -> str:
    digest = hashlib.sha256()
    os.lseek(source, 0, os.SEEK_SET)
    while piece := os.read(source, 1024 * 1024):
        digest.update(piece)
    return digest.hexdigest()
