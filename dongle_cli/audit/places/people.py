"""Whose folders are where: each profile of Windows with its folders as the registry has them, each home of Linux."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dongle_cli.audit.hives.profiles import Profile, local
from dongle_cli.audit.hives.registry import CONFIG, Registry
from dongle_cli.audit.hives.unreadable import Unreadable
from dongle_cli.audit.places.tables import ALSO, SHELL_FOLDERS, XDG

_SHELL = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Explorer\User Shell Folders"
_ONEDRIVE = r"HKCU\Software\Microsoft\OneDrive\Accounts"
_KINDS = {"leftover": "profile-leftover", "default": "default-profile"}
_DRIVE = re.compile(r"([A-Za-z]:)[\\/]")
_UNC = re.compile(r"\\\\(?!\?)([^\\]+\\.+)")
_MOST = 4 * 1024 * 1024  # bytes of a text file of settings


@dataclass(frozen=True, slots=True)
class Spot:
    """A folder that has a meaning: its path, whose it is, and the word for what is in it."""

    path: str  # on the volume, or on the drive where one is named
    word: str
    user: str | None = None
    outer: str | None = None  # a word for the profile as a whole: left over, template
    drive: str | None = None  # "D:"; None: on the same volume
    share: bool = False  # on a server: `path` is "server/share/..."

    @property
    def key(self) -> str:
        """What it is looked up by."""
        return self.path.casefold()


def spots(registry: Registry, unread: Callable[[Unreadable], None]) -> Iterator[Spot]:
    """Every folder with a meaning on this system; what could not be read goes to `unread`."""
    yield from _public()
    try:
        profiles = registry.profiles()
    except (Unreadable, OSError) as error:
        unread(error if isinstance(error, Unreadable) else Unreadable.of("Users", error))
        profiles = []
    _whole(registry, unread)
    if registry.folders.exists("NTUSER.DAT"):  # the tree is somebody's folder, and not a whole disk
        profiles = [*profiles, Profile("", "")]
    listed = any(profile.sid for profile in profiles)
    for profile in profiles:
        # Without a list of accounts nothing says that a profile is left over.
        outer = _KINDS.get(profile.kind) if listed or profile.kind == "default" else None
        user = profile.name or None
        yield Spot(profile.folder, "system" if profile.kind == "service" else "profile", user, outer)
        yield from _usual(profile.folder, user, outer)
        if registry.folders.exists(profile.hive):
            try:
                yield from _moved(registry, profile, outer)
            except Unreadable as error:
                unread(error)
    yield from _homes(registry)


def _public() -> Iterator[Spot]:
    yield Spot("Users/Public", "public")
    for word, _values, default in SHELL_FOLDERS:
        yield Spot(f"Users/Public/{default}", word, None, "public")


def _usual(folder: str, user: str | None, outer: str | None) -> Iterator[Spot]:
    """The folders of a person as they are called where nobody has moved them."""
    for name, word in (*((default, word) for word, _values, default in SHELL_FOLDERS), *ALSO.items()):
        yield Spot(f"{folder}/{name}".lstrip("/"), word, user, outer)


def _whole(registry: Registry, unread: Callable[[Unreadable], None]) -> None:
    """Say it where the list of accounts is there and cannot be read."""
    path = f"{CONFIG}/SOFTWARE"
    if registry.folders.exists(path):
        try:
            registry.hive(path).key(r"Microsoft\Windows NT\CurrentVersion\ProfileList")
        except Unreadable as error:
            unread(error)


def _moved(registry: Registry, profile: Profile, outer: str | None) -> Iterator[Spot]:
    """The person's folders where the registry has them, those of OneDrive first."""
    clouds = list(_clouds(registry, profile))
    for cloud in clouds:
        if spot := _spot(cloud, "onedrive", profile, outer):
            yield spot
    shell = registry.key(_SHELL, profile)
    for word, values, _default in SHELL_FOLDERS:
        for value in values:
            path = shell.value(value) if shell else None
            if not isinstance(path, str) or not (spot := _spot(path, word, profile, outer)):
                continue
            kept = [_spot(cloud, "onedrive", profile, outer) for cloud in clouds]
            inside = any(one and spot.key.startswith(one.key + "/") and spot.drive == one.drive for one in kept)
            yield Spot(spot.path, word, spot.user, "onedrive" if inside else outer, spot.drive, spot.share)


def _clouds(registry: Registry, profile: Profile) -> Iterator[str]:
    accounts = registry.key(_ONEDRIVE, profile)
    for name in accounts.subkeys() if accounts else ():
        account = accounts.subkey(name) if accounts else None
        folder = account.value("UserFolder") if account else None
        if isinstance(folder, str) and folder:
            yield folder


def _spot(path: str, word: str, profile: Profile, outer: str | None) -> Spot | None:
    """The folder that a value of the registry names; None where it names none that could be found here."""
    text = path.strip().strip('"')
    text = re.sub("%userprofile%", lambda _match: "C:\\" + profile.folder.replace("/", "\\"), text, flags=re.I)
    text = re.sub("%public%", lambda _match: r"C:\Users\Public", text, flags=re.I)
    text = re.sub("%username%", lambda _match: profile.name, text, flags=re.I)
    if share := _UNC.match(text):
        return Spot(share[1].replace("\\", "/").rstrip("/"), word, profile.name or None, outer, share=True)
    if here := local(text):
        return Spot(here.rstrip("/"), word, profile.name or None, outer)
    if drive := _DRIVE.match(text):
        rest = text[drive.end() :].replace("\\", "/").strip("/")
        return Spot(rest, word, profile.name or None, outer, drive[1].upper()) if rest else None
    return None


def _homes(registry: Registry) -> Iterator[Spot]:
    """Homes of a Linux: those that etc/passwd names, and what else is below /home."""
    named = {folder: name for name, _uid, folder in accounts(registry)}
    try:
        folders = [f"home/{name}" for name, inner in registry.folders.names("home").values() if inner]
    except OSError:  # the walk says so
        folders = []
    for folder in {*folders, *named}:
        user = named.get(folder, folder.rpartition("/")[2])
        yield Spot(folder, "profile", user, "profile-leftover" if named and folder not in named else None)
        yield from _usual(folder, user, None)
        for line in _text(registry, f"{folder}/.config/user-dirs.dirs").splitlines():
            name, _equals, value = line.strip().partition("=")
            inside = value.strip().strip('"').removeprefix("$HOME/").rstrip("/")
            if name in XDG and inside and inside != "$HOME":
                path = inside.removeprefix("/") if inside.startswith("/") else f"{folder}/{inside}"
                yield Spot(path, XDG[name], user)


def accounts(registry: Registry) -> list[tuple[str, str, str]]:
    """Name, number and home (relative to the root) of those people and of root that etc/passwd knows."""
    found = []
    for line in _text(registry, "etc/passwd").splitlines():
        fields = line.split(":")
        if len(fields) == 7 and fields[2].isdigit() and (fields[2] == "0" or 1000 <= int(fields[2]) < 65534):
            home = fields[5].strip("/")
            if home:
                found.append((fields[0], fields[2], home))
    return found


def _text(registry: Registry, path: str) -> str:
    """A small file of settings; empty where there is none or it cannot be read: then the usual folders hold."""
    try:
        with registry.folders.open(path) as file:
            return file.read(_MOST).decode("utf-8", "surrogateescape")
    except (Unreadable, OSError):
        return ""
