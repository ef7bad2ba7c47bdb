"""What is kept of a defect: the traceback without locals, redacted, where only this user can read it."""

from __future__ import annotations

import logging
import sys
import traceback
from datetime import datetime
from pathlib import Path

from dongle_cli import __version__, paths
from dongle_cli.secrets import redact


class RedactingFormatter(logging.Formatter):
    """The second line of defence: what a log call let through is masked before it is shown."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, with passwords and PINs masked."""
        return redact(super().format(record))


def record(error: BaseException) -> Path | None:
    """Write crash-*.log among the state and return its path, or None where even that cannot be done."""
    now = datetime.now().astimezone()
    text = f"dongle-cli {__version__}, Python {sys.version}\n{now.isoformat()}\n\n" + "".join(
        traceback.format_exception(error)
    )
    path = paths.state_dir() / f"crash-{now:%Y%m%d-%H%M%S-%f}.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(redact(text), encoding="utf-8", errors="backslashreplace")
    except OSError:
        return None
    return path
