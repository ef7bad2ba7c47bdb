"""The file or pipe that a secret stands in: looked at before it is read, and never waited for without end."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _, reason

PATIENCE = 120.0  # seconds for whoever fills a pipe: `<(pass show bench)` may ask a person


def first_line(path: Path, *, guarded: bool = False) -> str:
    """The first line of the file or pipe at `path`; DongleError `secret.*` where others can read it, or none is there.

    `guarded`: somebody else sees to it who may read.
    """
    try:
        mode = path.stat().st_mode
        # Only a file or a pipe keeps a secret. A folder or a device that others may use is none, and must stay theirs.
        if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode)):
            raise DongleError(
                _("The secret file {path} is a folder or a device, not a file.").format(path=path),
                code="secret.missing",
                hint=_("Name a file of mode 0600 whose first line is the secret."),
            )
        if not guarded and mode & 0o077:
            raise DongleError(
                _("The secret file {path} can be read by other users.").format(path=path),
                code="secret.permissions",
                hint=_("Run: chmod 600 {path}").format(path=path),
            )
        content = _from_pipe(path) if stat.S_ISFIFO(mode) else path.read_bytes()
        value = content.split(b"\n", 1)[0].decode("utf-8").rstrip("\r")
    except OSError as error:
        raise DongleError(
            _("The secret file {path} cannot be read: {reason}.").format(path=path, reason=reason(error)),
            code="secret.missing",
        ) from None
    except UnicodeDecodeError:
        raise DongleError(_("The secret file {path} is not text.").format(path=path), code="secret.missing") from None
    if not value:
        raise DongleError(_("The secret file {path} is empty.").format(path=path), code="secret.missing")
    return value


def _from_pipe(path: Path) -> bytes:
    """What comes out of the pipe up to its first line's end."""
    import select

    content, deadline = b"", time.monotonic() + PATIENCE
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # opening does not wait for a writer; select does
    try:
        while select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))[0]:
            piece = os.read(descriptor, 4096)
            content += piece
            if not piece or b"\n" in piece:
                return content
    finally:
        os.close(descriptor)
    raise DongleError(
        _("Nothing came out of the pipe {path} within {seconds:.0f} s.").format(path=path, seconds=PATIENCE),
        code="secret.missing",
        hint=_("See to what writes into it, or name a file of mode 0600 whose first line is the secret."),
    )
