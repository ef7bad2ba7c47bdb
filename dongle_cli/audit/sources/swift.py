"""The walk's inner loop, compiled, where this installation has it; without it the walk does the same in Python."""

from __future__ import annotations

from collections.abc import Collection
from types import ModuleType
from typing import TYPE_CHECKING

from dongle_cli.audit.identify.pages import LOWEST_DPI, SHEETS, SMALLEST
from dongle_cli.audit.identify.signatures import FIRST, ROOT, XML_WORDS, office_xml
from dongle_cli.audit.identify.sniff import BINARY, TAILS
from dongle_cli.audit.sources.quiet import QUIET, SILENT

if TYPE_CHECKING:
    from dongle_cli.audit.sources._sweep import Filter, Sweep

_sweep: ModuleType | None
try:
    from dongle_cli.audit.sources import _sweep
except ImportError:  # no wheel for this system, and no compiler where it was installed from source
    _sweep = None


def is_there() -> bool:
    """Whether this installation has it."""
    return _sweep is not None


def filter_for(weak: Collection[str]) -> Filter | None:
    """The compiled first look for these weak kinds; it passes whatever `sniff` would name. None: not built here."""
    if _sweep is None:
        return None
    found: Filter = _sweep.Filter(
        rows=sorted(
            (prefix, XML_WORDS if what is office_xml else ()) for rows in FIRST.values() for prefix, what in rows
        ),
        root=ROOT,
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
    assert _sweep is not None  # noqa: S101 - a filter was made by it
    found: Sweep = _sweep.Sweep(folder=folder, filter=wanted, silent=SILENT, quiet=QUIET)
    return found
