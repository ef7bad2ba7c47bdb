"""This machine: on Linux every local file system below "/", each once; on Windows (not yet run there) every drive."""

from __future__ import annotations

import sys
from pathlib import Path

from dongle_cli.audit.model import Source
from dongle_cli.audit.sources import Options


def live_source(options: Options) -> Source:
    """The machine that this program runs on."""
    if sys.platform == "win32":
        from dongle_cli.audit.sources.windows import WindowsSource
        from dongle_cli.audit.sources.windows_calls import System

        return WindowsSource(System(), options.limits, ask_network=options.ask_network)
    from dongle_cli.audit.sources.directory import DirectorySource

    return DirectorySource("/", options.limits, options.jobs, options.ask_network, name_of=_name_of)


def windows_folder(target: str, options: Options) -> Source:
    """One folder on a running Windows."""
    if sys.platform == "win32":
        from dongle_cli.audit.sources.windows import WindowsSource
        from dongle_cli.audit.sources.windows_calls import System

        return WindowsSource(System(), options.limits, str(Path(target).absolute()))
    raise NotImplementedError(sys.platform)


_names: dict[int, str] = {}


def _name_of(uid: int) -> str:
    """The user's name on this machine, or the number where it has none."""
    import pwd

    if uid not in _names:
        try:
            _names[uid] = pwd.getpwuid(uid).pw_name
        except KeyError:
            _names[uid] = str(uid)
    return _names[uid]
