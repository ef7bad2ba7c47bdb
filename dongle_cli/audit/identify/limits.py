"""How far a container is opened: every archive ends, however it was made."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that looking into one file may cost."""

    depth: int = 4  # containers inside containers
    entries: int = 100_000  # members of all containers in one file, and slots of an OLE2 directory
    ratio: int = 200  # decompressed to compressed, counted once a mebibyte has come out
    bytes: int = 256 * MIB  # decompressed in all
    member: int = 32 * MIB  # one member held in memory, to look into it
    disks: int = 2  # disk images inside disk images
    files: int = 10_000_000  # on one disk image among the files; a laptop's disk has a tenth of that
    seconds: float = 3600.0  # for one disk image among the files
    quiet: float = 60.0  # seconds that a file system is looked at without a byte read from it
    kinds: frozenset[str] = frozenset()  # weak ones that are wanted too: csv, txt, scan


class Spent(Exception):
    """A limit was reached; its words say which."""


@dataclass(slots=True)
class Budget:
    """What is left of the limits while one file is looked into; shared by all its nested containers."""

    limits: Limits
    entries: int = 0
    bytes: int = 0

    def entry(self) -> None:
        """Count one member; Spent where there were too many."""
        self.entries += 1
        if self.entries > self.limits.entries:
            raise Spent(f"more than {self.limits.entries} members")

    def took(self, count: int) -> None:
        """Count `count` decompressed bytes; Spent where there were too many."""
        self.bytes += count
        if self.bytes > self.limits.bytes:
            raise Spent(f"more than {self.limits.bytes} bytes unpacked")

    def fits(self, plain: int, packed: int) -> None:
        """Spent where `plain` bytes out of `packed` are no honest compression."""
        if plain > MIB and plain > packed * self.limits.ratio:
            raise Spent(f"more than {self.limits.ratio} times its packed size")
