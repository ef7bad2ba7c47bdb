"""A small root of a Windows, with settings given as paths of keys; what rules say of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from folder_volume import put
from hive_writer import Expand, hive

from dongle_cli.audit.hives.registry import Registry
from dongle_cli.audit.model import Entry, Finding, Gap, Hit
from dongle_cli.audit.rules import check

CONFIG = "Windows/System32/config"
SID = "S-1-5-21-1-2-3-{number}"
Settings = Mapping[str, Mapping[str, Any]]


def tree(settings: Settings) -> dict[str, Any]:
    r"""{r"Policies\X": {"On": 1}} as nested keys."""
    root: dict[str, Any] = {}
    for path, values in settings.items():
        at = root
        for name in path.split("\\"):
            at = at.setdefault(name, {})
        at.update(values)
    return root


def windows(
    software: Settings | None = None,
    system: Settings | None = None,
    users: Mapping[str, Settings] | None = None,
    files: Mapping[str, bytes | str] | None = None,
) -> dict[str, bytes | str]:
    """The files of such a root; `system` is told without "ControlSet001", and the set in use is the second."""
    people = users if users is not None else {"sakura": {}}
    listed = {
        rf"Microsoft\Windows NT\CurrentVersion\ProfileList\{SID.format(number=1001 + number)}": {
            "ProfileImagePath": Expand(rf"C:\Users\{name}")
        }
        for number, name in enumerate(people)
    }
    sets = {rf"ControlSet002\{path}": values for path, values in (system or {}).items()}
    stale = {"ControlSet001\\Services\\CSC": {"Start": 4}, "ControlSet001\\Services\\USBSTOR": {"Start": 4}}
    return {
        f"{CONFIG}/SOFTWARE": hive(tree({**listed, **(software or {})})),
        f"{CONFIG}/SYSTEM": hive(tree({"Select": {"Current": 2}, **stale, **sets})),
        **{f"Users/{name}/NTUSER.DAT": hive(tree(settings)) for name, settings in people.items()},
        **(files or {}),
    }


def asked(root: Path, files: Mapping[str, bytes | str], *rdp: str) -> tuple[list[Finding], list[Gap]]:
    """What every rule says of a root with these files; `rdp` are the paths that the scan would have recognised."""
    volume = put(root, dict(files))
    hits = [Hit(Entry(path), "rdp", "extension") for path in rdp]
    said = list(check([Registry(volume)], hits))
    return [one for one in said if isinstance(one, Finding)], [one for one in said if isinstance(one, Gap)]


def verdicts(root: Path, rule: str, files: Mapping[str, bytes | str], *rdp: str) -> list[str]:
    """The verdicts of one rule, in the order in which they come; nothing was unreadable."""
    findings, gaps = asked(root, files, *rdp)
    assert gaps == []
    return [one.verdict.value for one in findings if one.rule == rule]
