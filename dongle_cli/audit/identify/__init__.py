"""What a file is by its content, whatever its name: a guess from the first 4 KiB, then a look inside where it pays."""

from __future__ import annotations

from dongle_cli.audit.identify.kinds import KINDS, Kind
from dongle_cli.audit.identify.limits import Limits
from dongle_cli.audit.identify.settle import settle
from dongle_cli.audit.identify.sniff import sniff

__all__ = ["KINDS", "Kind", "Limits", "settle", "sniff"]
