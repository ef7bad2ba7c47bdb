"""The registry of a running Windows: its hives are locked files, so keys are asked for by name; nothing is loaded.

Not yet run on Windows; the reading is tested with a registry that answers as `winreg` documents it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from dongle_cli.audit.hives.hive import Data, Hive, Key, plain
from dongle_cli.audit.hives.profiles import local
from dongle_cli.audit.hives.unreadable import Unreadable

MACHINE, USERS = 0x80000002, 0x80000003  # HKEY_LOCAL_MACHINE, HKEY_USERS
_READ = 0x20019 | 0x0100  # KEY_READ, and the view of 64-bit programs whatever this one is
_LIST = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList"
_OF_MACHINE = {"windows/system32/config/software": "SOFTWARE", "windows/system32/config/system": "SYSTEM"}
_CLASSES = "/appdata/local/microsoft/windows/usrclass.dat"
_NO_MORE = 259  # ERROR_NO_MORE_ITEMS


class Answers(Protocol):
    """What is used of the module `winreg`."""

    def OpenKeyEx(self, key: Any, sub_key: str, reserved: int, access: int) -> Any: ...
    def EnumKey(self, key: Any, index: int) -> str: ...
    def EnumValue(self, key: Any, index: int) -> tuple[str, Any, int]: ...


class LiveHive(Hive):
    """One hive of the running system: a root of the registry and the path of its key there."""

    def __init__(self, answers: Answers, root: int, base: str, where: str) -> None:
        self.where = where
        self._answers, self._root, self._base = answers, root, base

    def key(self, path: str) -> Key | None:
        """The key at `path`, or None where there is none."""
        name = "\\".join(part for part in (self._base, path.strip("\\")) if part)
        try:
            opened = self._answers.OpenKeyEx(self._root, name, 0, _READ)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Unreadable.of(self.where, error) from None
        return LiveKey(self, self._answers, opened, path.strip("\\"))


class LiveKey(Key):
    """One key of the running system."""

    def __init__(self, hive: LiveHive, answers: Answers, opened: Any, path: str) -> None:
        self._live, self._answers, self._opened, self._path = hive, answers, opened, path

    @property
    def name(self) -> str:
        """The key's own name."""
        return self._path.rpartition("\\")[2]

    def subkeys(self) -> list[str]:
        """The names below."""
        return list(self._each(self._answers.EnumKey))

    def subkey(self, name: str) -> Key | None:
        """The key of that name below, or None."""
        return self._live.key(f"{self._path}\\{name}")

    def values(self) -> dict[str, tuple[str, Data]]:
        """Every value by its folded name: its name as it is written, and what it holds."""
        found = self._each(self._answers.EnumValue)
        return {name.casefold(): (name, plain(b"" if data is None else data)) for name, data, _kind in found}

    def _each(self, ask: Any) -> Iterator[Any]:
        index = 0
        while True:
            try:
                yield ask(self._opened, index)
            except OSError as error:
                if getattr(error, "winerror", None) in (None, _NO_MORE):
                    return
                raise Unreadable.of(self._live.where, error) from None
            index += 1


def hive_at(answers: Answers, path: str) -> LiveHive | None:
    """The loaded hive whose file is at `path` of the system's drive; None where it is not loaded and can be opened."""
    folded = path.casefold()
    if name := _OF_MACHINE.get(folded):
        return LiveHive(answers, MACHINE, name, path)
    for end, suffix in (("/ntuser.dat", ""), (_CLASSES, "_Classes")):
        if folded.endswith(end):
            sid = _sid(answers, folded.removesuffix(end))
            loaded = LiveHive(answers, USERS, f"{sid}{suffix}", path) if sid else None
            return loaded if loaded is not None and loaded.key("") is not None else None
    return None


def _sid(answers: Answers, folder: str) -> str | None:
    listed = LiveHive(answers, MACHINE, _LIST, "SOFTWARE").key("")
    for sid in listed.subkeys() if listed else ():
        key = listed.subkey(sid) if listed else None
        image = key.value("ProfileImagePath") if key else None
        if isinstance(image, str) and (local(image) or "").casefold() == folder:
            return sid
    return None
