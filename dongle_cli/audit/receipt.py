"""The receipt of a repatriation: one JSON line for each thing done, on the disk before the next is begun."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _, reason


@dataclass(slots=True)
class Receipt:
    """An append-only file: `copied` (verified on the far side), `removed` (the local one is gone)."""

    path: Path

    @contextmanager
    def held(self) -> Iterator[None]:
        """Nobody else's meanwhile; DongleError `audit.receipt` where another run has it. A kill lets it go."""
        import fcntl  # not there on Windows, from where nothing is brought yet

        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _trouble(self.path, error) from None
        try:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise DongleError(
                    _("Another run is bringing documents home, with the receipt {path}.").format(path=self.path),
                    code="audit.receipt",
                    hint=_("Nothing was copied or removed by this one. When the other has ended, run it again."),
                ) from None
            except OSError as error:  # a file system without locks
                if error.errno not in (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS):
                    raise _trouble(self.path, error) from None
            yield
        finally:
            os.close(fd)

    def lines(self) -> Iterator[dict[str, Any]]:
        """What an earlier run wrote; a last line that was cut off is left out."""
        try:
            text = self.path.read_text("utf-8", "surrogateescape")
        except FileNotFoundError:
            return
        except OSError as error:
            raise _trouble(self.path, error) from None
        for line in text.split("\n")[:-1]:
            try:
                value = json.loads(line)
            except ValueError:
                continue  # cut off by a kill, and ended by the next run
            if isinstance(value, dict):
                yield value

    def note(self, done: str, **values: object) -> None:
        """Append one line and bring it to the disk."""
        at = datetime.now().astimezone().isoformat(timespec="seconds")
        line = json.dumps({"schema": 1, "done": done, "at": at, **values}) + "\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            try:
                size = os.fstat(fd).st_size
                if size and os.pread(fd, 1, size - 1) != b"\n":
                    line = "\n" + line  # end what a kill left open
                os.write(fd, line.encode("ascii"))
                os.fsync(fd)
            finally:
                os.close(fd)
        except OSError as error:
            raise _trouble(self.path, error) from None


def _trouble(path: Path, error: OSError) -> DongleError:
    return DongleError(
        _("The receipt {path} cannot be kept: {reason}.").format(path=path, reason=reason(error)),
        code="audit.receipt",
        hint=_("Nothing is removed without a receipt. Make room, or name another file with --receipt."),
    )
