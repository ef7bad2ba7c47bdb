"""What libmagic says of what was found; asked on request, about findings only, and shown where it differs."""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Sequence
from dataclasses import replace

from dongle_cli.audit.identify.kinds import KINDS
from dongle_cli.audit.model import Finding, State, Volume
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _

_MIME = 0x10  # MAGIC_MIME_TYPE of magic.h
_MOST = 1 << 20  # bytes that it is shown
_NAMES = ("libmagic.so.1", "libmagic.dylib", "libmagic-1.dll", "magic1.dll")

# What it may say of each family without disagreeing: beginnings of MIME types. It often knows a container only.
_OFFICE = (
    "application/msword", "application/vnd.ms-", "application/vnd.openxmlformats-",
    "application/vnd.oasis.opendocument", "application/vnd.sun.xml",
    "application/x-ole-storage", "application/cdfv2", "application/zip", "text/xml",
    "application/encrypted", "application/octet-stream", "application/x-hwp", "application/haansoft",
    "application/vnd.lotus", "application/vnd.wordperfect", "application/vnd.ms-works",
)  # fmt: skip
_TEXT = ("text/", "application/csv", "message/", "application/mbox", "application/json")
_ACCESS = ("application/x-msaccess", "application/vnd.ms-access")
_AGREES: dict[str, tuple[str, ...]] = {
    "pdf": ("application/pdf",), "rtf": ("text/rtf", "application/rtf"), "epub": ("application/epub",),
    "mbox": _TEXT, "eml": _TEXT, "mhtml": _TEXT, "csv": _TEXT, "txt": _TEXT, "scan": ("image/",),
    "pst": ("application/vnd.ms-outlook", "application/octet-stream"), "ost": ("application/vnd.ms-outlook",),
    "mdb": _ACCESS, "accdb": _ACCESS,
    "one": ("application/onenote",),
}  # fmt: skip


class SecondOpinion:
    """Asked for each finding about a whole file; DongleError where the library is not there."""

    def __init__(self) -> None:
        self._volumes: dict[str, Volume] = {}
        self._library = _library()
        self._cookie = ctypes.c_void_p(self._library.magic_open(_MIME))
        if not self._cookie or self._library.magic_load(self._cookie, None) != 0:
            raise _missing("magic.mgc")

    def over(self, volumes: Sequence[Volume]) -> None:
        """From now on findings are in these volumes."""
        self._volumes = {volume.name: volume for volume in volumes}

    def asked(self, finding: Finding) -> Finding:
        """The finding, with `second_opinion` in its detail where libmagic takes the file for something else."""
        volume = self._volumes.get(finding.volume)
        if finding.member is not None or finding.kind not in KINDS or volume is None:
            return finding
        if finding.state in (State.DELETED, State.SHADOW):
            return finding
        try:
            with volume.open(finding.path) as file:
                said = self._of(file.read(_MOST))
        except OSError:
            return finding  # it has gone meanwhile; that it was found stands
        if said.casefold().startswith(_AGREES.get(finding.kind, _OFFICE)):
            return finding
        return replace(finding, detail=(*finding.detail, ("second_opinion", said)))

    def _of(self, data: bytes) -> str:
        said = self._library.magic_buffer(self._cookie, data, len(data))
        return said.decode("ascii", "replace") if said else "?"


def _library() -> ctypes.CDLL:
    for name in (*_NAMES, ctypes.util.find_library("magic")):
        try:
            library = ctypes.CDLL(name) if name else None
        except OSError:
            continue
        if library is not None:
            library.magic_open.restype = ctypes.c_void_p
            library.magic_load.argtypes = (ctypes.c_void_p, ctypes.c_char_p)
            library.magic_buffer.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t)
            library.magic_buffer.restype = ctypes.c_char_p
            return library
    raise _missing("libmagic")


def _missing(name: str) -> DongleError:
    return DongleError(
        _("For a second opinion, {name} is missing.").format(name=name),
        code="audit.extra-missing",
        hint=_("Install it with: {command}").format(command="apt install libmagic1"),
    )
