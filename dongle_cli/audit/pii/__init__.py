"""How many personal and corporate numbers a document holds: counts only, never a digit of one."""

from __future__ import annotations

from dongle_cli.audit.pii.extract import Unmeasured, count_file
from dongle_cli.audit.pii.numbers import Counts

__all__ = ["Counts", "Unmeasured", "count_file"]
