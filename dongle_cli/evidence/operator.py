"""Who did it: the operator that records, history and reports name."""

from __future__ import annotations

import getpass
import os


def account() -> str:
    """The account of who runs this, the person's own behind sudo; its number where it has no name."""
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):  # the latter from Python 3.13 on
        return str(os.getuid()) if hasattr(os, "getuid") else "?"
