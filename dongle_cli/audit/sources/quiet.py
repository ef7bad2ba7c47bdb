"""Opening for reading without a trace: no access time where the system lets it be, no link, no terminal, no waiting."""

from __future__ import annotations

import errno
import io
import os
from typing import BinaryIO

QUIET = os.O_RDONLY
for _name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_NOCTTY"):  # Windows has none of them
    QUIET |= getattr(os, _name, 0)
SILENT = QUIET | getattr(os, "O_NOATIME", 0)  # refused for what belongs to others, unless by root

_REASONS = {
    errno.EACCES: "permission", errno.EPERM: "permission", errno.ENOENT: "vanished", errno.ESTALE: "vanished",
    errno.ELOOP: "vanished", errno.ENOTDIR: "vanished", errno.EBUSY: "locked", errno.ETXTBSY: "locked",
    errno.EAGAIN: "locked", errno.ENXIO: "vanished", errno.EMFILE: "limit", errno.ENFILE: "limit",
    errno.ENOMEM: "limit", errno.ENOKEY: "encrypted",
}  # fmt: skip


def silently(name: str, folder: int | None = None, more: int = 0) -> int:
    """A descriptor of `name` (in the folder of descriptor `folder`); OSError where it cannot be opened."""
    try:
        return os.open(name, SILENT | more, dir_fd=folder)
    except PermissionError as error:
        if error.errno != errno.EPERM:
            raise
        return os.open(name, QUIET | more, dir_fd=folder)


def content(fd: int, size: int, head: bytes) -> BinaryIO:
    """All of the open file `fd`, which it closes; one that ends where its `head` ends is at hand already."""
    if size == len(head):
        os.close(fd)
        return io.BytesIO(head)
    return io.BufferedReader(io.FileIO(fd, "rb"))


def why(error: OSError) -> str:
    """The ledger's word for what the system said; what is none of the usual is damage (EIO, EUCLEAN, EOVERFLOW...)."""
    return _REASONS.get(error.errno or 0, "damaged")
