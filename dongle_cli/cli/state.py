"""What the root's options set, for the one command that this process runs."""

from __future__ import annotations

import os
from pathlib import Path

from dongle_cli import i18n, paths
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _

quiet = False
json = False
verbosity = 0

# Settings a config.toml may hold; each stands for a variable, and the variable wins.
SETTINGS = {"bus": "DONGLE_BUS", "device": "DONGLE_DEVICE", "register": "DONGLE_REGISTER", "tsa": "DONGLE_TSA"}


def reset(*, json: bool) -> None:
    """Start of a command line."""
    global quiet, verbosity
    quiet, verbosity = False, 0
    globals()["json"] = json


def be_verbose(count: int) -> None:
    """Log to stderr: once steps, twice AT traffic; every line is redacted once more before it is shown."""
    global verbosity
    if count <= verbosity:
        return
    verbosity = count
    import logging

    from dongle_cli.cli.crash import RedactingFormatter

    handler = logging.StreamHandler()
    handler.setFormatter(RedactingFormatter("%(asctime)s %(name)s %(message)s"))
    logger = logging.getLogger("dongle_cli")
    logger.handlers[:] = [handler]
    logger.setLevel(logging.INFO if count == 1 else logging.DEBUG)


def read_config(path: str | None) -> None:
    """Take settings from `path`, or from config.toml if there is one; DongleError `usage.config` if it is wrong."""
    file = Path(path) if path else paths.config_dir() / "config.toml"
    import tomllib

    try:
        settings = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        if path is None and isinstance(error, FileNotFoundError | NotADirectoryError):
            return
        reason: object = i18n.reason(error)
    except ValueError as error:
        reason = error
    else:
        for key, value in settings.items():
            if key not in SETTINGS or not isinstance(value, str):
                known = ", ".join(SETTINGS)
                reason = _("{key} is no setting with a text value (known: {known})").format(key=key, known=known)
                break
            os.environ.setdefault(SETTINGS[key], value)
        else:
            return
    raise DongleError(
        _("The settings file {path} cannot be used: {reason}.").format(path=file, reason=reason), code="usage.config"
    )
