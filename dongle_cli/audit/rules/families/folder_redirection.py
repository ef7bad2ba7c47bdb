"""Folder redirection: Desktop, Documents and Downloads of each user stand on a server."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dongle_cli.audit.hives.profiles import Profile
from dongle_cli.audit.hives.unreadable import Unreadable
from dongle_cli.audit.model import Finding, Gap, Severity, Verdict
from dongle_cli.audit.rules.check import Family, on_a_server
from dongle_cli.audit.rules.machine import Machine
from dongle_cli.audit.rules.rule import Rule
from dongle_cli.i18n import N_

_RULE = Rule(
    "E-folder-redirection",
    N_("Desktop, Documents and Downloads are folders on a server"),
    N_(
        "What people save without thinking goes there. Redirected folders are cached locally as long as Offline "
        "Files are on (E-offline-files), and other folders stay local whatever this says."
    ),
    N_('Redirect the folders by group policy ("Folder Redirection") to \\\\server\\share, with "Move the contents".'),
    Severity.MEDIUM,
    subject="user",
)
_KEY = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Explorer\User Shell Folders"
_FOLDERS = {"Desktop": "Desktop", "Personal": "Documents", "{374DE290-123F-4565-9164-39C4925E467B}": "Downloads"}
_HOME = re.compile(r"%(HOMESHARE|HOMEDRIVE)%", re.IGNORECASE)
_WANTED = r"\\server\..."
_ELSEWHERE = N_("Where the home folder is stands in the directory, not on this machine.")


def look(machine: Machine) -> Iterator[Finding | Gap]:
    """Each folder of each user."""
    for profile in machine.people():
        for name, folder in _FOLDERS.items():
            try:
                yield _folder(machine, profile, name, folder)
            except Unreadable as error:
                yield error.gap(machine.volume.name)
                where = f"{error.path}: {_KEY[5:]}\\{name}"
                yield machine.unknown(_RULE, where, error, _WANTED, profile)


def _folder(machine: Machine, profile: Profile, name: str, folder: str) -> Finding:
    answer = machine.read(_KEY, name, profile)
    path, note = answer.data, ""
    verdict = Verdict.OK if path is not None and on_a_server(path) else Verdict.VIOLATION
    if isinstance(path, str) and verdict is Verdict.VIOLATION:
        if _HOME.match(path):
            verdict, note = Verdict.UNKNOWN, _ELSEWHERE
        elif re.match(r"[D-Zd-z]:\\", path):
            mapped = machine.read(rf"HKCU\Network\{path[0]}", "RemotePath", profile).data
            verdict = Verdict.OK if mapped is not None and on_a_server(mapped) else verdict
    return machine.say(_RULE, verdict, answer, _WANTED, profile, note, ("folder", folder))


FAMILY = Family((_RULE,), look=look)
