"""The inner loops of an audit, compiled from native/: optional, see swift.py."""

from collections.abc import Callable, Sequence
from typing import final

@final
class Filter:
    """What makes a head or a name worth a closer look."""

    def __new__(
        cls,
        rows: Sequence[tuple[bytes, tuple[bytes, ...], int]],
        tails: tuple[bytes, ...],
        binary: bytes,
        weak: int,
        smallest: int,
        lowest_dpi: int,
        sheets: Sequence[tuple[int, int, int, int]],
    ) -> Filter:
        """`rows`: sorted prefixes, each with words of which one must stand early (none: any do).

        `tails`: the last four characters of names; `binary`: bytes that no text holds; `weak`: 0 none, 1 tables and
        pictures, 2 any text too; the others say which pictures may be pages, as in identify.pages.
        """

    def wants(self, head: bytes, name: bytes, /) -> bool:
        """Whether a file with this head and this name (as the file system spells it) may be something."""

@final
class Sweep:
    """What is left of a folder's listing."""

    ended: bool

    def __new__(cls, folder: int, filter: Filter, silent: int, quiet: int) -> Sweep: ...
    def look(
        self, most: int, /
    ) -> tuple[int, int, int, list[str], list[tuple[str, int, bytes]], list[tuple[str, int]]]:
        """The next entries, at most so many: how many, files among them, bytes read, folders, found, lost.

        `found` are files worth a closer look (name, descriptor, head), open, for the caller to close; `lost` those that
        could not be read (name, errno). OSError where the listing itself broke off, once all before it was handed over.
        """

    def names(self, most: int, /) -> tuple[list[str], list[str]]:
        """The next entries by name only, unopened: folders and files."""

def descend(
    folder: int, names: list[str], filter: Filter, silent: int, quiet: int, most: int
) -> tuple[
    int, int, int,
    list[tuple[str, int, int, Sweep | None, list[str], list[tuple[str, int, bytes]], list[tuple[str, int]]]],
]:  # fmt: skip
    """Takes names of folders in `folder` off the end of `names` and looks at each, until some `most` entries were seen.

    Folders opened, files and bytes looked at, and a row for each folder of which something is to be told: its name;
    errno where it could not be opened or listed to its end, else 0; its descriptor, for the caller to close, and what
    is left of it, where it is not done with (else -1 and None; one row at most, the last); folders, found, lost.
    """

def glance(
    block: bytes, cluster: int, pread: Callable[[int, int], bytes], filter: Filter, recalls: int
) -> tuple[list[int], list[tuple[int, str, int]], int, int, int]:
    """The first look at a stretch of an $MFT with records of 1 KiB, as in ntfs_glance.

    `pread` reads the volume, `recalls` are attributes of files whose content is elsewhere. Offsets to look at again;
    deleted ones that only their name may tell of (offset, name, bytes read); files, folders and bytes done with.
    """
