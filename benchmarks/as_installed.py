"""A bench's environment: Python keeps its bytecode and buffers its output, whatever a developer's shell says."""

from __future__ import annotations

import os


def environment() -> None:
    """Take out of this process, and so of all that it starts, what makes Python slower than where it is installed."""
    for name in ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "PYTHONDEVMODE"):
        os.environ.pop(name, None)
