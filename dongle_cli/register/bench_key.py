"""The key of this bench, by which fingerprints in the register mean something here and nothing elsewhere."""

from __future__ import annotations

import secrets
from contextlib import suppress

from dongle_cli import atomic, paths
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _, reason


def bench_key() -> bytes:
    """32 random bytes, made on first use; kept beside the register, never in it. DongleError `register.key`."""
    path = paths.data_dir() / "register.key"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileExistsError):  # of two processes that start together one is first
            atomic.write(path, secrets.token_bytes(32), mode=0o600, new=True)
        return path.read_bytes()
    except OSError as error:
        raise DongleError(
            _("The key of the register, {path}, cannot be used: {reason}.").format(path=path, reason=reason(error)),
            code="register.key",
        ) from None
