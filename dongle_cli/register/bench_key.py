"""The key of this bench, by which fingerprints in the register mean something here and nothing elsewhere."""

from __future__ import annotations

import os
import secrets as random

from dongle_cli import paths
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _, reason


def bench_key() -> bytes:
    """32 random bytes, made on first use; kept beside the register, never in it. DongleError `register.key`."""
    path = paths.data_dir() / "register.key"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            # Written whole under another name and linked: of two processes that start together one is first.
            temporary = path.with_name(f".{path.name}.{os.getpid()}.{random.token_hex(4)}")
            with os.fdopen(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
                file.write(random.token_bytes(32))
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(temporary, path)
            except FileExistsError:
                pass
            finally:
                temporary.unlink()
        return path.read_bytes()
    except OSError as error:
        raise DongleError(
            _("The key of the register, {path}, cannot be used: {reason}.").format(path=path, reason=reason(error)),
            code="register.key",
        ) from None
