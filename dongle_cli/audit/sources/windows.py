r"""A running Windows as a source: every drive by the file interface, attributes before content, no junction followed.

Not yet run on Windows. The calls stand in `windows_calls`; what is here is tested with a system that answers as Windows
documents it. Deleted records and shadow copies are for an image: the file interface does not show them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import BinaryIO, Protocol

from dongle_cli.audit.hives.live import Answers, LiveHive, hive_at
from dongle_cli.audit.identify import settle, sniff
from dongle_cli.audit.identify.limits import Limits
from dongle_cli.audit.model import Entry, Gap, Hit, State, Tally, Volume
from dongle_cli.audit.sources.reparse import is_cloud, recalls

HEAD = 4096  # bytes of a file that tell what it is
PATIENCE = 0.25  # seconds between two tallies
FOLDER, REPARSE = 0x10, 0x400  # [MS-FSCC] 2.6
_SURROGATE = 0x20000000  # [MS-FSCC] 2.1.2.1: the reparse point stands for something elsewhere
# Sockets, devices and links of WSL, and the doors of Store programs: no file behind them.
_NO_FILE = frozenset((0x8000001B, 0x80000023, 0x80000024, 0x80000025, 0x80000026))
# GetDriveTypeW: these hold files of their own; 4 is a network drive, 0 and 1 are none.
_LOCAL, _NETWORK = frozenset((2, 3, 5, 6)), 4
_REASONS = {
    2: "vanished", 3: "vanished", 5: "permission", 19: "permission", 32: "locked", 33: "locked", 1920: "permission",
    206: "limit", 8: "limit", 1450: "limit", 362: "placeholder", 395: "permission", 6000: "encrypted",
    -2144272384: "encrypted", 0x80310000: "encrypted",
}  # fmt: skip
_NOT_READY = frozenset((21, 1112))  # a drive without a medium
# What Windows holds open while it runs: its memory (reported by a rule) and its registry (asked by name).
_HELD_ROOT = frozenset(("pagefile.sys", "hiberfil.sys", "swapfile.sys", "dumpstack.log.tmp", "dumpstack.log"))
_HELD = ("ntuser.dat", "usrclass.dat", "windows/system32/config/", "bootstat.dat", "boot/bcd")


@dataclass(frozen=True, slots=True)
class Named:
    """One name in a folder with what FindNextFileW says of it: nothing was opened for that."""

    name: str
    attributes: int
    tag: int  # of its reparse point; 0 where it is none
    size: int
    mtime: float


class Calls(Protocol):
    """What is asked of the operating system; errors are OSError with `winerror`."""

    def drives(self) -> str: ...  # GetLogicalDriveStringsW: "C:\\", NUL, "D:\\", NUL, NUL
    def kind(self, root: str) -> int: ...  # GetDriveTypeW
    def identity(self, root: str) -> str: ...  # GetVolumeNameForVolumeMountPointW; empty: none
    def list(self, path: str) -> Iterator[Named]: ...
    def look(self, path: str) -> Named: ...  # of one file or folder
    def streams(self, path: str) -> Iterator[tuple[str, int]]: ...  # FindFirstStreamW: ":name:$DATA", size
    def open(self, path: str) -> BinaryIO: ...  # shared with everybody, fetching nothing from a cloud
    def registry(self) -> Answers: ...  # the module winreg


def drive_names(buffer: str) -> list[str]:
    """The drives of GetLogicalDriveStringsW's buffer: "C:", "D:"."""
    return [root.rstrip("\\") for root in buffer.split("\0") if root]


def stream_name(raw: str) -> str | None:
    r"""The name in what FindFirstStreamW says (":name:$DATA"); None for the file's own content."""
    _empty, name, kind = [*raw.split(":"), "", ""][:3]
    return name if name and kind.upper() in ("$DATA", "") else None


def why(error: OSError) -> str:
    """The ledger's word for an error of Windows."""
    code = getattr(error, "winerror", None)
    if code is None:
        return {2: "vanished", 13: "permission", 1: "permission"}.get(error.errno or 0, "damaged")
    return _REASONS.get(code, "damaged")


def whole(root: str, path: str) -> str:
    r"""A path as Windows takes it at any length: \\?\C:\Users\x, \\?\UNC\server\share\x."""
    lead = f"UNC\\{root[2:]}" if root.startswith("\\\\") else root
    return f"\\\\?\\{lead}\\" + path.replace("/", "\\")


@dataclass(slots=True)
class WindowsVolume:
    """One drive; names are matched whatever their case, as Windows itself does."""

    calls: Calls
    root: str  # "C:", or a folder
    name: str  # the drive; empty of a folder

    def find(self, path: str) -> Entry | None:
        """The file or folder at `path`, or None."""
        try:
            found = self.calls.look(whole(self.root, path))
        except OSError as error:
            if why(error) == "vanished":
                return None
            raise
        return Entry(path, None if found.attributes & FOLDER else found.size, found.mtime, volume=self.name)

    def list(self, path: str) -> Iterator[tuple[str, bool]]:
        """Names in a folder, each with whether it is a folder that is here and not elsewhere."""
        for found in self.calls.list(whole(self.root, path)):
            yield found.name, bool(found.attributes & FOLDER) and not leads_away(found)

    def open(self, path: str) -> BinaryIO:
        """The file's content; one that would have to be fetched from a cloud is an OSError."""
        if recalls(self.calls.look(whole(self.root, path)).attributes):
            raise PermissionError(13, "it is not on this machine", path)
        return self.calls.open(whole(self.root, path))

    def hive(self, path: str) -> LiveHive | None:
        """The registry's own view of a hive that is loaded: those of this machine's drives, not of a disk's below."""
        if not self.name:
            return None
        return hive_at(self.calls.registry(), path)


def leads_away(found: Named) -> bool:
    """Whether it is a junction, a mount point or a symbolic link, or nothing that has content."""
    return (
        bool(found.attributes & REPARSE)
        and (bool(found.tag & _SURROGATE) or found.tag in _NO_FILE)
        and not is_cloud(found.tag)
    )


@dataclass(slots=True)
class WindowsSource:
    """Every local drive of this machine, or one folder of it."""

    calls: Calls
    limits: Limits
    target: str = ""  # a folder, by its full path; empty: the machine
    ask_network: bool = False
    sees_deleted: bool = False
    files: int = 0
    folders: int = 0
    read: int = 0
    said: float = field(default_factory=time.monotonic)

    def volumes(self) -> list[Volume]:
        """The drives that hold files of their own, each once."""
        return [WindowsVolume(self.calls, root, name) for root, name in self._roots()[0]]

    def scan(self) -> Iterator[Hit | Gap | Tally]:
        """Look at every file of every drive once."""
        roots, network = self._roots()
        for name in network if self.ask_network else ():
            yield Gap("", "network", "", name)
        for root, name in roots:
            yield from self._tree(WindowsVolume(self.calls, root, name))
        yield self._tally("")

    def _roots(self) -> tuple[list[tuple[str, str]], list[str]]:
        """What to walk, each with its drive's name; and the drives that are of the network."""
        if self.target:
            return [(self.target.rstrip("\\/"), "")], []
        local, network, seen = [], [], set()
        for name in drive_names(self.calls.drives()):
            kind = self.calls.kind(f"{name}\\")
            identity = self.calls.identity(f"{name}\\")
            if kind == _NETWORK:
                network.append(name)
            elif kind in _LOCAL and identity not in seen:  # SUBST gives a second letter and no identity
                local.append((name, name))
                seen.add(identity)
        return local, network

    def _tree(self, volume: WindowsVolume) -> Iterator[Hit | Gap | Tally]:
        waiting = [""]
        while waiting:
            path = waiting.pop()
            self.folders += 1
            try:
                for found in self.calls.list(whole(volume.root, path)):
                    below = f"{path}/{found.name}" if path else found.name
                    if leads_away(found):
                        continue
                    if found.attributes & FOLDER:
                        waiting.append(below)
                        yield from self._streams(volume, below, found)
                    else:
                        self.files += 1
                        yield from self._file(volume, below, found)
                        if self.files % 256 == 0 and time.monotonic() - self.said > PATIENCE:
                            yield self._tally(f"{volume.name}/{below}".lstrip("/"))
            except OSError as error:
                if path or getattr(error, "winerror", None) not in _NOT_READY:
                    yield Gap(path, why(error), error.strerror or str(error), volume.name)

    def _tally(self, at: str) -> Tally:
        tally = Tally(self.files, self.folders, self.read, at)
        self.files = self.folders = self.read = 0
        self.said = time.monotonic()
        return tally

    def _file(self, volume: WindowsVolume, path: str, found: Named) -> Iterator[Hit | Gap | Tally]:
        if recalls(found.attributes):
            yield Gap(path, "placeholder", f"attributes 0x{found.attributes:x}", volume.name)
            return
        yield from self._content(volume, Entry(path, found.size, found.mtime, volume=volume.name))
        yield from self._streams(volume, path, found)

    def _streams(self, volume: WindowsVolume, path: str, found: Named) -> Iterator[Hit | Gap | Tally]:
        try:
            for raw, size in self.calls.streams(whole(volume.root, path)):
                if name := stream_name(raw):
                    stream = Entry(f"{path}:{name}", size, found.mtime, state=State.STREAM, volume=volume.name)
                    yield from self._content(volume, stream)
        except OSError as error:
            if not held(path):
                yield Gap(path, why(error), error.strerror or str(error), volume.name)

    def _beside(self, volume: WindowsVolume, path: str, name: str) -> BinaryIO:
        return self.calls.open(whole(volume.root, "".join((*path.rpartition("/")[:2], name))))

    def _content(self, volume: WindowsVolume, entry: Entry) -> Iterator[Hit | Gap | Tally]:
        name = entry.path.rpartition("/")[2]
        if entry.state is State.STREAM:
            name = name.partition(":")[2]
        try:
            with self.calls.open(whole(volume.root, entry.path)) as file:
                head = file.read(HEAD)
                self.read += len(head)
                guess = sniff(head, name, bool(self.limits.kinds))
                if guess is not None:
                    beside = partial(self._beside, volume, entry.path) if entry.state is State.LIVE else None
                    yield from settle(guess, entry, head, file, self.limits, beside)
        except OSError as error:
            if not (why(error) == "locked" and held(entry.path)):
                yield Gap(entry.path, why(error), error.strerror or str(error), volume.name)
        except Exception as error:  # whatever a stranger's file does to a reader, the audit goes on and it is told
            yield Gap(entry.path, "damaged", f"{type(error).__name__}: {error}", volume.name)


def held(path: str) -> bool:
    """Whether Windows itself keeps this file open: no document can stand in it, or rules read it by other ways."""
    folded = path.casefold()
    if "/" not in folded:
        return folded in _HELD_ROOT
    name = folded.rpartition("/")[2]
    return any(folded.startswith(one) or name.startswith(one) or folded.endswith(one) for one in _HELD)
