"""Alternate data streams of a mounted NTFS, as ntfs-3g shows them: attributes of a file, or files "name:stream"."""

from __future__ import annotations

import errno
import io
import os
from typing import BinaryIO

from dongle_cli.audit.model import Gap
from dongle_cli.audit.sources.quiet import silently
from dongle_cli.audit.sources.reparse import attributes
from dongle_cli.i18n import _

_LIST = "ntfs.streams.list"  # ntfs-3g with streams_interface=windows; without, each stream is an attribute "user.NAME"
_USER = "user."


def names(folder: int, name: str) -> list[str]:
    """The streams of a file or folder beside its own content; none where its file system shows none."""
    path = f"/proc/self/fd/{folder}/{name}"
    try:
        return [os.fsdecode(one) for one in os.getxattr(path, _LIST, follow_symlinks=False).split(b"\0") if one]
    except OSError:
        pass
    try:
        found = os.listxattr(path, follow_symlinks=False)
    except OSError:
        return []
    return [one.removeprefix(_USER) for one in found if one.startswith(_USER)]


def opened(folder: int, name: str, stream: str) -> BinaryIO:
    """The content of a stream; OSError E2BIG where it is an attribute of more than the 64 KiB that Linux hands out."""
    try:
        return io.BufferedReader(io.FileIO(silently(f"{name}:{stream}", folder), "rb"))
    except FileNotFoundError:
        path = f"/proc/self/fd/{folder}/{name}"
        return io.BytesIO(os.getxattr(path, f"{_USER}{stream}", follow_symlinks=False))


def gap(path: str, error: OSError) -> Gap | None:
    """What the ledger says of a stream that its mount does not hand out; None for an error of any other kind."""
    return Gap(path, "unsupported", _mount()) if error.errno == errno.E2BIG else None


def unseen(root: int, kind: str | None) -> Gap | None:
    """The gap of a mounted NTFS that shows no streams at all: ntfs3, or ntfs-3g told to hide them."""
    if attributes(root, ".") is None:
        return None
    shown = kind != "ntfs3"
    if shown:
        try:
            os.getxattr(f"/proc/self/fd/{root}/.", f"{_USER}none")
        except OSError as error:
            shown = error.errno != errno.ENOTSUP or _lists(root)
    return None if shown else Gap(".", "unsupported", _mount())


def _lists(root: int) -> bool:
    try:
        os.getxattr(f"/proc/self/fd/{root}/.", _LIST)
    except OSError as error:
        return error.errno != errno.ENOTSUP
    return True


def _mount() -> str:
    return _("alternate data streams: mount it by ntfs-3g -o ro,streams_interface=windows, or give the image itself")
