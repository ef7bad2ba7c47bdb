"""The shared server as a place to bring documents to: a folder, in practice a mounted share."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _, reason

_PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Share:
    """A folder on the far side; names are bytes as the file system has them, so that every name survives."""

    root: Path

    @classmethod
    def parse(cls, where: str) -> Share:
        """The share at a path or a file: URL; DongleError `audit.share` where it is no folder or of another scheme."""
        parts = urlsplit(where)
        if parts.scheme == "file" and parts.netloc in ("", "localhost"):
            where = unquote(parts.path)
        elif "://" in where:
            raise DongleError(
                _("{where} cannot be written to directly.").format(where=where),
                code="audit.share",
                hint=_("Mount the share, for example with mount -t cifs, and name the folder."),
            )
        root = Path(where)
        if not (where and root.is_dir()):  # Path("") would be the folder where we are
            raise DongleError(
                _("{where} is no folder.").format(where=where or '""'),
                code="audit.share",
                hint=_("Mount the share first; a folder is not made, because it could be on this laptop."),
            )
        return cls(root)

    def holds(self, name: str) -> bool:
        """Whether something has this name already."""
        return os.path.lexists(self.root / name)

    def sha256(self, name: str) -> str:
        """The digest of what stands there, read from the far side as far as the system lets us ask for that."""
        digest = hashlib.sha256()
        with (self.root / name).open("rb", buffering=0) as file:
            with suppress(OSError):  # a file system without cache to drop
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            while piece := file.read(_PIECE):
                digest.update(piece)
        return digest.hexdigest()

    def tidy(self, name: str) -> None:
        """Take away what a copy that was cut off left beside `name`."""
        _part(self.root / name).unlink(missing_ok=True)

    def put(self, source: int, name: str, *, mtime_ns: int) -> str:
        """Copy the open file `source` to `name`, never over anything; returns the digest of what was read.

        It is written under a name of its own, brought to the disk and then renamed: a copy that was cut off is never
        taken for the document, and the next try writes over it. FileExistsError where `name` is taken meanwhile, or
        where another run is bringing something under it.
        """
        target = self.root / name
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except FileExistsError:  # a file has the folder's name: that is not this document's name being taken
            raise NotADirectoryError(20, "a file stands where a folder should", str(target.parent)) from None
        part = _part(target)
        part.unlink(missing_ok=True)  # never write into it: it could be a document's second name
        digest = hashlib.sha256()
        with part.open("xb", buffering=0) as file:
            os.lseek(source, 0, os.SEEK_SET)
            while piece := os.read(source, _PIECE):
                digest.update(piece)
                view = memoryview(piece)
                while view:
                    view = view[file.write(view) :]
            os.fsync(file.fileno())
        try:
            os.utime(part, ns=(mtime_ns, mtime_ns))
            _name(part, target)
        except FileNotFoundError:  # not the folder, which was there: another run took the file that was being written
            if not target.parent.is_dir():
                raise
            raise FileExistsError(17, "taken by another run", name) from None
        _settle(target.parent)
        return digest.hexdigest()


def _name(part: Path, target: Path) -> None:
    """Give what was written its name, which nothing else may have: FileExistsError."""
    try:
        os.link(part, target)  # fails where the name is taken, which a rename does not
    except (FileExistsError, FileNotFoundError):
        raise
    except OSError:  # shares without hard links
        if os.path.lexists(target):
            raise FileExistsError(17, "exists", str(target)) from None
        part.rename(target)
    else:
        part.unlink(missing_ok=True)


def _part(target: Path) -> Path:
    return target.with_name(f".{hashlib.sha256(os.fsencode(target.name)).hexdigest()[:24]}.part")


def _settle(folder: Path) -> None:
    """Bring a folder's entries to the disk, where the file system can be asked to."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with suppress(OSError):
            os.fsync(fd)
    finally:
        os.close(fd)


def unreachable(error: OSError, where: str) -> DongleError:
    """The share failed in the middle: nothing is lost, and the same command goes on."""
    return DongleError(
        _("The share does not take {where}: {reason}.").format(where=where, reason=reason(error)),
        code="audit.share",
        hint=_("No local document was removed that is not verified there. Run the same command again."),
    )
