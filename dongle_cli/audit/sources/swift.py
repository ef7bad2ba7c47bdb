"""The inner loops of an audit, compiled, where this installation has them; without them Python does the same."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING

from dongle_cli.audit.identify.pages import LOWEST_DPI, SHEETS, SMALLEST
from dongle_cli.audit.identify.signatures import FIRST, NEEDS
from dongle_cli.audit.identify.sniff import BINARY, TAILS
from dongle_cli.audit.sources.quiet import QUIET, SILENT

if TYPE_CHECKING:
    from dongle_cli.audit.sources._native import Filter, Sweep

_native: ModuleType | None
try:
    from dongle_cli.audit.sources import _native
except ImportError:  # no wheel for this system, and no compiler where it was installed from source
    _native = None


def is_there() -> bool:
    """Whether this installation has them."""
    return _native is not None


def filter_for(weak: frozenset[str]) -> Filter | None:
    """The compiled first look for these weak kinds; it passes whatever `sniff` would name. None: not built here."""
    return None if _native is None else _made(weak)


@cache
def _made(weak: frozenset[str]) -> Filter:
    assert _native is not None  # noqa: S101 - for the type checker
    found: Filter = _native.Filter(
        rows=sorted(
            (prefix, *(((), 0) if isinstance(what, str) else NEEDS.get(what, ((), 0))))
            for rows in FIRST.values()
            for prefix, what in rows
        ),
        tails=tuple(tail.encode() for tail in TAILS),
        binary=BINARY,
        weak=0 if not weak else 2 if "txt" in weak else 1,
        smallest=SMALLEST,
        lowest_dpi=LOWEST_DPI,
        sheets=SHEETS,
    )
    return found


def sweep(folder: int, wanted: Filter) -> Sweep:
    """The listing of the folder with descriptor `folder`, which stays the caller's; each file is opened once."""
    assert _native is not None  # noqa: S101 - the filter was made by it
    found: Sweep = _native.Sweep(folder=folder, filter=wanted, silent=SILENT, quiet=QUIET)
    return found


Row = tuple[str, int, int, "Sweep | None", list[str], list[tuple[str, int, bytes]], list[tuple[str, int]]]


def descend(folder: int, names: list[str], wanted: Filter, most: int) -> tuple[int, int, int, list[Row]]:
    """Look at folders in `folder`, from the end of `names` on: folders opened, files, bytes, rows to tell of."""
    assert _native is not None  # noqa: S101 - the filter was made by it
    found: tuple[int, int, int, list[Row]]
    found = _native.descend(folder=folder, names=names, filter=wanted, silent=SILENT, quiet=QUIET, most=most)
    return found


def glance(
    block: bytes, cluster: int, pread: Callable[[int, int], bytes], wanted: Filter, recalls: int
) -> tuple[list[int], list[tuple[int, str, int]], int, int, int]:
    """Records of an $MFT to look at again, deleted ones (offset, name, bytes); files, folders and bytes done with."""
    assert _native is not None  # noqa: S101 - the filter was made by it
    found: tuple[list[int], list[tuple[int, str, int]], int, int, int]
    found = _native.glance(block=block, cluster=cluster, pread=pread, filter=wanted, recalls=recalls)
    return found
