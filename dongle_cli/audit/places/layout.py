"""One tree that has the shape of a system's disk: a volume, a Windows.old on it, a disk that is mounted below it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

from dongle_cli.audit.hives.profiles import local
from dongle_cli.audit.hives.registry import Registry
from dongle_cli.audit.hives.unreadable import Unreadable
from dongle_cli.audit.model import Gap, Volume
from dongle_cli.audit.places import history, people, recycle, trash
from dongle_cli.audit.places.people import Spot
from dongle_cli.audit.places.place import Place
from dongle_cli.audit.places.tables import NAMES, PERSON, SYSTEM

_CSC = re.compile(r"windows/csc/v[^/]*/namespace/", re.IGNORECASE)
_NAMESPACE = "windows/csc/v2.0.6/namespace"
# Where the person's folder is by its path alone: no hive is left that names it, or it was deleted with its profile.
_PERSON = re.compile(r"(?:users|documents and settings|home)/([^/]+)(?=/)|root(?=/)", re.IGNORECASE)
_PERSONS = ("profile", "system")  # the folder of a person or of a service as a whole
_GENERIC = (None, "app-data", "onedrive", "templates")  # a folder that the registry names says more than these
_DOWNLOADED = ("folder", "profile", "public", "other-volume")  # places that say less than that a browser saved it


@dataclass(slots=True)
class Layout:
    """What is where in this tree, read once."""

    registry: Registry  # of the volume, or of the tree as if it were one
    prefix: str = ""  # of the tree on the volume, with "/" at its end
    outer: str | None = None  # the word for the tree as a whole: windows-old, other-volume
    spots: dict[str, Spot] = field(default_factory=dict)
    elsewhere: list[Spot] = field(default_factory=list)  # folders of these people on other drives
    sids: dict[str, str] = field(default_factory=dict)
    uids: dict[str, str] = field(default_factory=dict)
    targets: set[str] = field(default_factory=set)
    histories: list[history.History] = field(default_factory=list)
    unread: list[Gap] = field(default_factory=list)

    def __post_init__(self) -> None:
        for spot in people.spots(self.registry, self._lost):
            self.add(spot)
        try:
            self.sids = {p.sid.casefold(): p.name for p in self.registry.profiles() if p.sid}
        except (Unreadable, OSError):  # said above
            self.sids = {}
        self.uids = {uid: name for name, uid, _home in people.accounts(self.registry)}
        persons = [spot for spot in self.spots.values() if spot.word == "profile"]
        self.histories = list(history.histories(self.registry, persons, self._lost))
        for target in (target for one in self.histories for target in one.targets):
            path = target[1:] if target.startswith("/") else local(target)
            if path:
                self.targets.add(path.casefold())

    @property
    def volume(self) -> Volume:
        """What the tree is on."""
        return self.registry.volume

    def add(self, spot: Spot) -> None:
        """Take a folder that has a meaning; what was named first stays, so that a later default changes nothing."""
        if spot.drive is not None:
            self.elsewhere.append(spot)
        elif spot.share:
            key = f"{_NAMESPACE}/{spot.key}"
            self.spots.setdefault(key, replace(spot, path=key, outer="csc"))
        elif spot.outer == "onedrive" or spot.word == "onedrive" or spot.key not in self.spots:
            self.spots[spot.key] = spot

    def _lost(self, error: Unreadable) -> None:
        self.unread.append(Gap(self.prefix + error.path, error.word, error.detail, self.volume.name))

    def place(self, path: str, sids: dict[str, str]) -> Place:
        """The place of the file at `path` of this tree."""
        folded = path.casefold()
        if "$recycle.bin/" in folded and (found := self._bin(path, sids)):
            return found
        if "trash" in folded and (found := self._trash(path)):
            return found
        place = self._named(folded)
        if NAMES.word(folded.rpartition("/")[2]):
            return replace(place, word="office-temp", hint=place.word)
        if folded in self.targets:
            word, other = ("browser-downloads", place.word) if place.word in _DOWNLOADED else (place.word, None)
            hint = other if other else place.hint or (None if word == "downloads" else "browser-downloads")
            return replace(place, word=word, hint=hint)
        if match := _CSC.match(path):
            rest = path[match.end() :]
            return replace(place, original="\\\\" + rest.replace("/", "\\"))
        return place

    def _named(self, folded: str) -> Place:
        spot = self._spot(folded)
        person = spot if spot is None or spot.word in _PERSONS else self._spot(folded, _PERSONS)
        known = spot.word if spot is not None and spot is not person else None
        user, outer = (spot.user, spot.outer) if spot is not None else (None, None)
        below = ""
        if person is not None:
            below = folded[len(person.key) + 1 :] if person.key else folded
        elif spot is None and (match := _PERSON.match(folded)):
            below, user = folded[match.end() + 1 :], match[1] or match[0]
        word = PERSON.word(below) if below else None
        if known is not None:
            return _wrapped(known, user, outer) if word in _GENERIC else _wrapped(word, user, outer, known)
        if not below or (person is not None and person.word == "system"):
            return _wrapped(SYSTEM.word(folded) if word in _GENERIC else word, user, outer)
        return _wrapped(word or "profile", user, outer)

    def _spot(self, folded: str, words: tuple[str, ...] = ()) -> Spot | None:
        """The innermost folder around the file that has a meaning (a stream may be the folder's own); of `words`."""
        at = len(folded)
        while at > 0:
            spot = self.spots.get(folded[:at])
            if spot is not None and (not words or spot.word in words):
                return spot
            at = folded.rfind("/", 0, at)
        return self.spots.get("")  # where the tree itself is a person's folder

    def _bin(self, path: str, sids: dict[str, str]) -> Place | None:
        found = recycle.where(path)
        if found is None:
            return None
        sid, info, below = found
        user = sids.get(sid.casefold(), sid)
        try:
            data = self._small(info, recycle.LONGEST)
            if data is None:
                return Place("recycle-bin", user)
            said = recycle.parse(data, info)
        except Unreadable as error:
            self._lost(error)
            return Place("recycle-bin", user)
        original = said.original + below.replace("/", "\\")
        inner = local(original)
        hint = self._named(inner.casefold()).word if inner else None
        return Place("recycle-bin", user, original, hint, said.deleted_at)

    def _trash(self, path: str) -> Place | None:
        spot = trash.where(path)
        if spot is None:
            return None
        owner = self._spot(path.casefold(), _PERSONS)
        user = self.uids.get(spot.uid, spot.uid) if spot.uid else owner.user if owner else None
        try:
            data = self._small(spot.info, trash.LONGEST)
            if data is None:
                return Place("recycle-bin", user)
            said = trash.parse(data, spot.info, self._zone())
        except Unreadable as error:
            self._lost(error)
            return Place("recycle-bin", user)
        whole = said.original if said.original.startswith("/") else f"/{spot.top}{said.original}"
        original = whole + spot.below
        return Place("recycle-bin", user, original, self._named(original[1:].casefold()).word, said.deleted_at)

    def _small(self, path: str, most: int) -> bytes | None:
        """The file's content; None where there is none any more."""
        try:
            if self.registry.folders.real(path) is None:
                return None
            with self.registry.folders.open(path) as file:
                return file.read(most)
        except OSError as error:
            raise Unreadable.of(path, error) from None

    def _zone(self) -> ZoneInfo | None:
        try:
            with self.registry.folders.open("etc/timezone") as file:
                return ZoneInfo(file.read(100).decode("ascii").strip())
        except (Unreadable, OSError, ValueError, LookupError):  # no such file or zone: this machine's holds
            return None


def _wrapped(word: str | None, user: str | None, outer: str | None, hint: str | None = None) -> Place:
    word = word or "folder"
    return Place(word, user, hint=hint) if outer is None else Place(outer, user, hint=hint if word == outer else word)
