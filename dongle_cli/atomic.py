"""Files that are there whole or not at all: after a kill or on a full disk, the old one or the new one."""

from __future__ import annotations

import errno
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

# What a file system answers that cannot bring a folder's entries to the medium when asked: fsync(2), and shares.
_CANNOT = {errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.EBADF}

_HERE, _NOREPLACE = -100, 1  # AT_FDCWD, RENAME_NOREPLACE


@contextmanager
def draft(path: Path, *, mode: int, new: bool = False, durable: bool = True) -> Iterator[BinaryIO]:
    """A file to fill, which gets the name `path` when the block ends well; OSError, and then nothing has changed.

    It has `mode`, less the umask, from its first moment. What stands at `path` is replaced, be it a symbolic link;
    `new` refuses it with FileExistsError, and of two that are new at once one is first. `durable` False lets the name,
    not the content, be lost with the power: for what the same command writes again.
    """
    if new and os.path.lexists(path):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    # Hidden, nobody else's, and short: a name of NAME_MAX octets has no room for an ending.
    own = path.parent / f".{path.name[:32]}.{secrets.token_hex(8)}.new"
    try:
        with open(own, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if new:
            _take(own, path)
        else:
            own.replace(path)
    finally:
        own.unlink(missing_ok=True)
    if durable:
        _settle(path.parent)


def write(path: Path, data: bytes, *, mode: int, new: bool = False, durable: bool = True) -> None:
    """Put `data` at `path`, whole or not at all, as `draft` does; OSError."""
    with draft(path, mode=mode, new=new, durable=durable) as file:
        file.write(data)


def _take(own: Path, path: Path) -> None:
    """Give a finished file a name that is not taken: unlike a rename, a link never overwrites."""
    try:
        os.link(own, path)
    except FileExistsError:
        raise
    except OSError as error:
        # FAT has no links, and there the kernel can be asked for a rename that does not overwrite: renameat2(2).
        import ctypes  # seldom needed

        rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None) if sys.platform == "linux" else None
        if rename is None:
            raise
        if rename(_HERE, os.fsencode(own), _HERE, os.fsencode(path), _NOREPLACE):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(path)) from error


def _settle(folder: Path) -> None:
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:  # a folder that may be written and not read; on Windows, every folder
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _CANNOT:
            raise
    finally:
        os.close(descriptor)
