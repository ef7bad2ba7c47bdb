"""What browsers remember of downloads: where each file was saved, also when it is long gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from dongle_cli.audit.hives.registry import Registry
from dongle_cli.audit.hives.unreadable import Unreadable
from dongle_cli.audit.places import sqlite
from dongle_cli.audit.places.people import Spot

# Below the folder of a person: Edge, Chrome and others built on Chromium; then Firefox.
CHROMIUM = (
    "AppData/Local/Microsoft/Edge*/User Data/*/History", "AppData/Local/Google/Chrome*/User Data/*/History",
    "AppData/Local/Chromium/User Data/*/History", "AppData/Local/BraveSoftware/*/User Data/*/History",
    "AppData/Local/Vivaldi/User Data/*/History",
    ".config/google-chrome*/*/History", ".config/chromium/*/History", ".config/microsoft-edge*/*/History",
    ".config/BraveSoftware/*/*/History", "snap/chromium/common/chromium/*/History",
    ".var/app/*/config/google-chrome*/*/History", ".var/app/*/config/chromium/*/History",
    ".var/app/*/config/microsoft-edge*/*/History",
)  # fmt: skip
FIREFOX = (
    "AppData/Roaming/Mozilla/Firefox/Profiles/*/places.sqlite", ".mozilla/firefox/*/places.sqlite",
    "snap/firefox/common/.mozilla/firefox/*/places.sqlite", ".var/app/*/.mozilla/firefox/*/places.sqlite",
)  # fmt: skip
_OF_CHROMIUM = "SELECT DISTINCT target_path FROM downloads WHERE target_path <> '' LIMIT 200000"
_OF_FIREFOX = (
    "SELECT DISTINCT a.content FROM moz_annos a JOIN moz_anno_attributes n ON n.id = a.anno_attribute_id"
    " WHERE n.name = 'downloads/destinationFileURI' LIMIT 200000"
)


@dataclass(frozen=True, slots=True)
class History:
    """One browser's memory: the file that it stands in, whose it is, and the paths that were saved to."""

    path: str
    user: str | None
    targets: tuple[str, ...]  # as the system wrote them: C:\\... or /home/...


def histories(registry: Registry, people: list[Spot], unread: Callable[[Unreadable], None]) -> Iterator[History]:
    """Every history of every person on this system; one that cannot be read goes to `unread`."""
    for person in people:
        for patterns, query in ((CHROMIUM, _OF_CHROMIUM), (FIREFOX, _OF_FIREFOX)):
            for pattern in patterns:
                try:
                    found = [
                        path
                        for path, folder in registry.folders.glob(f"{person.path}/{pattern}".lstrip("/"))
                        if not folder
                    ]
                except OSError:  # a folder that cannot be listed: the walk says so
                    continue
                for path in found:
                    try:
                        yield History(path, person.user, targets(registry, path, query))
                    except Unreadable as error:
                        unread(error)


def targets(registry: Registry, path: str, query: str) -> tuple[str, ...]:
    """The paths that the history at `path` names."""
    wal = f"{path}-wal"
    data = _whole(registry, path)
    log = _whole(registry, wal) if registry.folders.exists(wal) else b""
    with sqlite.opened(data, log, path) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not tables & {"downloads", "moz_annos"}:  # of a version that keeps them elsewhere, or not at all
            return ()
        rows = [value for (value,) in connection.execute(query) if isinstance(value, str)]
    return tuple(filter(None, map(plain, rows)))


def plain(target: str) -> str | None:
    """A target as a path of its system; None for what is no file."""
    if not target.casefold().startswith("file:"):
        return target
    try:
        parts = urlsplit(target)
    except ValueError:
        return None
    path = unquote(parts.path, errors="surrogateescape")
    if parts.netloc:
        return "\\\\" + parts.netloc + path.replace("/", "\\")
    return path[1:].replace("/", "\\") if path[2:3] == ":" else path


def _whole(registry: Registry, path: str) -> bytes:
    try:
        with registry.folders.open(path) as file:
            data = file.read(sqlite.LARGEST + 1)
    except OSError as error:
        raise Unreadable.of(path, error) from None
    if len(data) > sqlite.LARGEST:
        raise Unreadable(path, "limit", f"> {sqlite.LARGEST} bytes")
    return data
