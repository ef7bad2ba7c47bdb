"""The people of a Windows installation: each profile with its folder, whether the registry names it or not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dongle_cli.audit.hives.folders import Folders
from dongle_cli.audit.hives.hive import Hive
from dongle_cli.audit.hives.unreadable import Unreadable

_LIST = r"Microsoft\Windows NT\CurrentVersion\ProfileList"
_PERSON = re.compile(r"S-1-(5-21|12-1)-[0-9-]+(\.bak)?", re.IGNORECASE)
_NOBODY = {"public", "all users", "default", "default user", "desktop.ini"}


@dataclass(frozen=True, slots=True)
class Profile:
    """One profile; `kind` is "user", "leftover" (a folder that no account has), "service" or "default"."""

    name: str  # the folder's name, which is what people know
    folder: str  # on the volume
    kind: str = "user"
    sid: str | None = None

    @property
    def hive(self) -> str:
        """Where the person's own settings are."""
        return f"{self.folder}/NTUSER.DAT"


def local(path: str, system_drive: str = "C:") -> str | None:
    r"""`path` of Windows ("C:\Users\x", "%SystemDrive%\Users\x") as one on the system's volume; None if elsewhere."""
    text = path.strip().strip('"').replace("/", "\\").removeprefix("\\\\?\\")
    lower = text.casefold()
    for variable, meaning in (("%systemdrive%", system_drive), ("%systemroot%", rf"{system_drive}\Windows")):
        if lower.startswith(variable):
            text = meaning + text[len(variable) :]
    drive, colon, rest = text.partition(":")
    if not colon or drive.casefold() != system_drive[0].casefold() or not rest.startswith("\\"):
        return None
    return "/".join(part for part in rest.split("\\") if part not in ("", "."))


def profiles(folders: Folders, software: Hive | None) -> Iterator[Profile]:
    """Every profile, once; without the SOFTWARE hive each folder with a hive in it counts as a user's."""
    seen: set[str] = set()
    listed = software.key(_LIST) if software else None
    for sid in listed.subkeys() if listed else ():
        key = listed.subkey(sid) if listed else None
        image = key.value("ProfileImagePath") if key else None
        folder = local(image) if isinstance(image, str) else None
        try:
            real = folders.real(folder) if folder else None
        except OSError as error:
            raise Unreadable.of(str(folder), error) from None
        if real is None or real.casefold() in seen:
            continue
        seen.add(real.casefold())
        kind = "service" if not _PERSON.fullmatch(sid) else "leftover" if sid.casefold().endswith(".bak") else "user"
        yield Profile(real.rpartition("/")[2], real, kind, sid)
    for parent in ("Users", "Documents and Settings"):
        try:
            inside = list(folders.names(folders.real(parent) or parent).values())
        except OSError as error:
            raise Unreadable.of(parent, error) from None
        for name, is_folder in inside:
            path = f"{folders.real(parent)}/{name}"
            if not is_folder or path.casefold() in seen:
                continue
            seen.add(path.casefold())
            if name.casefold() in ("default", "default user"):
                yield Profile(name, path, "default")
            elif name.casefold() not in _NOBODY:
                hive = folders.exists(f"{path}/NTUSER.DAT")
                yield Profile(name, path, "user" if hive and not listed else "leftover")
