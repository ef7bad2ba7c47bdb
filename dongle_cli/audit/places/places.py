"""Names the place of each file that was recognised."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property

from dongle_cli.audit.hives.folders import Folders
from dongle_cli.audit.hives.registry import Registry
from dongle_cli.audit.model import Entry, Gap, State
from dongle_cli.audit.places.below import Below
from dongle_cli.audit.places.layout import Layout
from dongle_cli.audit.places.place import Place

_STATES = {State.DELETED: "deleted", State.STREAM: "stream", State.SHADOW: "shadow"}
_MOUNTS = ("mnt", "media", "run/media")
_SYSTEM = ("windows", "users", "etc", "home")  # a folder with one of these in it may be a system's disk
_MOST = 64  # systems below one folder


class Places:
    """The places of a source's volumes, prepared when the first is asked for; `of` is for each document found."""

    def __init__(self, registries: Sequence[Registry]) -> None:
        self._registries = registries  # one for each volume

    def of(self, entry: Entry) -> Place:
        """The place of `entry`; every file has one."""
        layout, path = self._layout(entry)
        place = layout.place(path, self.sids)
        if layout.outer is not None and place.word not in (layout.outer, "recycle-bin"):
            place = replace(place, word=layout.outer, hint=None if place.word == "folder" else place.word)
        state = _STATES.get(entry.state)
        return place if state is None else replace(place, word=state, hint=place.word)

    def unread(self) -> Iterator[Gap]:
        """What would say more of places and could not be read: hives, records of the Recycle Bin, histories."""
        seen = set()
        for layout in self.layouts:
            for gap in layout.unread:
                if gap not in seen:
                    seen.add(gap)
                    yield gap

    @cached_property
    def layouts(self) -> list[Layout]:
        """Every system, and every volume, of the source."""
        found = [layout for registry in self._registries for layout in _systems(registry)]
        systems = {id(layout.volume) for layout in found if layout.prefix == "" and _is_system(layout.registry.folders)}
        for layout in found:
            if systems and layout.prefix == "" and id(layout.volume) not in systems:
                layout.outer = layout.outer or "other-volume"
            for spot in layout.elsewhere:
                for other in found:
                    named = other.volume.name.casefold().startswith((spot.drive or "").casefold())
                    if other is not layout and (named or other.registry.folders.exists(spot.path)):
                        other.add(replace(spot, drive=None))
        return found

    @cached_property
    def sids(self) -> dict[str, str]:
        """Names by SID, of every Windows of the source: the bins of a data disk are theirs."""
        return {sid: name for layout in reversed(self.layouts) for sid, name in layout.sids.items()}

    @cached_property
    def _by_volume(self) -> dict[str, list[Layout]]:
        found: dict[str, list[Layout]] = {}
        for layout in sorted(self.layouts, key=lambda one: -len(one.prefix)):
            found.setdefault(layout.volume.name, []).append(layout)
        return found

    def _layout(self, entry: Entry) -> tuple[Layout, str]:
        path = entry.path
        if entry.state is State.STREAM:
            folder, slash, name = path.rpartition("/")
            path = folder + slash + name.partition(":")[0]
        layouts = self._by_volume.get(entry.volume) or self.layouts
        if not layouts:
            raise ValueError(f"no volume {entry.volume!r}")
        for layout in layouts:
            if path.startswith(layout.prefix):
                return layout, path[len(layout.prefix) :]
        return layouts[-1], path


def _is_system(folders: Folders) -> bool:
    return folders.exists("Windows/System32") or (folders.exists("etc") and folders.exists("usr"))


def _systems(registry: Registry) -> Iterator[Layout]:
    """The volume itself, previous Windows installations on it, and disks that are mounted or copied below it."""
    yield Layout(registry)
    volume, folders = registry.volume, registry.folders
    for name in _listed(folders, ""):
        if name.casefold().startswith("windows.old"):
            yield Layout(Registry(Below(volume, name)), f"{name}/", "windows-old")
    below: list[tuple[str, str | None]] = [
        (path, "other-volume") for mount in _MOUNTS for path in _deeper(folders, mount)
    ]
    if not _is_system(folders):
        below += [(path, None) for path in _listed(folders, "")]
    for path, outer in below[:_MOST]:
        if any(name.casefold() in _SYSTEM for name in _listed(folders, path)):
            yield Layout(Registry(Below(volume, path)), f"{path}/", outer)


def _deeper(folders: Folders, mount: str) -> Iterator[str]:
    """Folders below a place for mounts, one and two deep (/mnt/disk, /media/person/disk)."""
    for name in _listed(folders, mount):
        yield f"{mount}/{name}"
        for inner in _listed(folders, f"{mount}/{name}"):
            yield f"{mount}/{name}/{inner}"


def _listed(folders: Folders, path: str) -> list[str]:
    """The folders in a folder; none where it cannot be listed, which the walk says."""
    try:
        return [name for name, inner in folders.names(path).values() if inner]
    except OSError:
        return []
