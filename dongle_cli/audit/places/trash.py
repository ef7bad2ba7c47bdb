"""The trash of Linux desktops (freedesktop.org Trash specification 1.0): info/X.trashinfo says where files/X stood."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, tzinfo
from urllib.parse import unquote_to_bytes

from dongle_cli.audit.hives.unreadable import Unreadable
from dongle_cli.i18n import _

LONGEST = 256 * 1024  # bytes; a path is at most 4096, three times that when quoted
_TRASH = re.compile(r"(?P<top>.*?)(?P<home>\.local/share/Trash|\.Trash/(?P<uid>\d+)|\.Trash-(?P<number>\d+))/files/")


@dataclass(frozen=True, slots=True)
class Thrown:
    """What a .trashinfo says."""

    original: str  # absolute for a person's own trash, else relative to the top of the volume
    deleted_at: str | None  # ISO 8601 with offset


@dataclass(frozen=True, slots=True)
class Spot:
    """Where in a trash a path is."""

    top: str  # what the trash stands in, with "/" at its end or empty
    info: str
    below: str  # what follows the thing that was thrown away
    uid: str | None  # of a volume's trash


def where(path: str) -> Spot | None:
    """The trash that `path` is in, or None."""
    match = _TRASH.match(path)
    if match is None:
        return None
    name, slash, rest = path[match.end() :].partition("/")
    info = f"{path[: match.end('home')]}/info/{name}.trashinfo"
    return Spot(match["top"], info, slash + rest, match["uid"] or match["number"])


def parse(data: bytes, path: str, zone: tzinfo | None) -> Thrown:
    """The content of a .trashinfo; its time has no offset and is taken as of `zone`, None: this machine's."""
    lines = data.decode("utf-8", "surrogateescape").splitlines()
    if not lines or lines[0].strip() != "[Trash Info]":
        raise Unreadable(path, "damaged", _("it does not begin with {text}").format(text="[Trash Info]"))
    said: dict[str, str] = {}
    for line in lines[1:]:
        name, _equals, value = line.partition("=")
        said.setdefault(name.strip(), value.strip())  # of several the first counts, says the specification
    original = unquote_to_bytes(said.get("Path", "").encode("utf-8", "surrogateescape"))
    if not original:
        raise Unreadable(path, "damaged", _("it names no path"))
    return Thrown(original.decode("utf-8", "surrogateescape"), _moment(said.get("DeletionDate", ""), zone))


def _moment(text: str, zone: tzinfo | None) -> str | None:
    try:
        when = datetime.fromisoformat(text)
        if when.tzinfo is None:
            when = when.replace(tzinfo=zone) if zone else when.astimezone()
        return when.isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):  # no time, or one that no calendar has
        return None
