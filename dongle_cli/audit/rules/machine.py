"""One Windows installation under audit: its settings, its people and programs, and how a check becomes a finding."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from dongle_cli.audit.hives.profiles import Profile
from dongle_cli.audit.hives.registry import CONFIG, Answer, Registry
from dongle_cli.audit.hives.unreadable import Unreadable
from dongle_cli.audit.model import Finding, Gap, Verdict, Volume
from dongle_cli.audit.rules.products import PRODUCTS
from dongle_cli.i18n import _

if TYPE_CHECKING:
    from dongle_cli.audit.hives.hive import Data
    from dongle_cli.audit.rules.check import Check, Wanted
    from dongle_cli.audit.rules.rule import Rule

SETTINGS = "settings"  # the place of what rules about settings say
_UNINSTALL = (
    r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall",
    r"HKLM\SOFTWARE\WOW6432Node\Microsoft\Windows\CurrentVersion\Uninstall",
)
_MAX_PROGRAMS = 5000
Detail = tuple[str, "str | int | None"]


class Machine:
    """The Windows on one volume."""

    def __init__(self, volume: Volume, registry: Registry) -> None:
        self.volume = volume
        self.registry = registry
        self._titles: list[str] | None = None
        self.software = f"{CONFIG}/SOFTWARE"
        self.system = f"{CONFIG}/SYSTEM"

    def people(self) -> list[Profile]:
        """Who can log on; where nobody has yet (a fresh image), the profile that new users get."""
        return self.registry.users() or [one for one in self.registry.profiles() if one.kind == "default"]

    def read(self, key: str, name: str, profile: Profile | None = None) -> Answer:
        """One value, from its hive or else a local policy file; Unreadable where that cannot be said."""
        return self.registry.read(key, name, profile)

    def has(self, product: str, profile: Profile | None = None) -> bool:
        """Whether a program of `products` is installed; Unreadable where the hive that would say so cannot be read."""
        wanted = PRODUCTS[product]
        folder = f"{profile.folder}/" if profile else None
        for path in wanted.files:
            if not path.startswith("~/"):
                if self.registry.folders.exists(path):
                    return True
            elif folder and self.registry.folders.exists(folder + path[2:]):
                return True
        for key in wanted.keys:
            if (profile or not key.startswith("HKCU")) and self.registry.key(key, profile) is not None:
                return True
        return bool(wanted.titles and self.installed(*wanted.titles))

    def installed(self, *patterns: str) -> str | None:
        """The name of an installed program that fits one of `patterns`, as Windows lists it."""
        if self._titles is None:
            self._titles = list(self._programs())
        folded = [pattern.casefold() for pattern in patterns]
        return next((t for t in self._titles if any(fnmatchcase(t.casefold(), pattern) for pattern in folded)), None)

    def _programs(self) -> Iterator[str]:
        for path in _UNINSTALL:
            listed = self.registry.key(path)
            for name in listed.subkeys()[:_MAX_PROGRAMS] if listed else ():
                below = listed.subkey(name) if listed else None
                title = below.value("DisplayName") if below else None
                if isinstance(title, str):
                    yield title

    def policy_names(self, key: str) -> set[str]:
        """The names of the values that a policy's key holds, in the hive or in a local policy file."""
        found = self.registry.key(key)
        names = set(found.values()) if found else set()
        return names | self.registry.policy_values(key)

    def ask(self, check: Check, rule: Rule, profile: Profile | None = None) -> Iterator[Finding | Gap]:
        """The finding of `check`, and a gap for each hive that could not be read."""
        asked: list[Answer] = []
        unread: list[tuple[Unreadable, str]] = []
        for wanted in check.any_of:
            try:
                answer = self.first(wanted, profile)
            except Unreadable as error:
                unread.append((error, f"{error.path}: {wanted.keys[0].partition(chr(92))[2]}\\{wanted.name}"))
                continue
            if wanted.absent if answer.data is None else wanted.safe(answer.data):
                yield self.say(rule, Verdict.OK, answer, wanted.text, profile, check.note)
                return
            asked.append(answer)
        text = check.wanted
        if unread:
            yield from (error.gap(self.volume.name) for error, _where in unread)
            yield self.unknown(rule, unread[0][1], unread[0][0], text, profile)
            return
        worst = next((one for one in asked if one.data is not None), asked[0])
        verdict = Verdict.VIOLATION
        if worst.data is None and check.of is not None:
            try:
                if not self.has(check.of, profile):
                    verdict = Verdict.NOT_APPLICABLE
            except Unreadable as error:
                yield error.gap(self.volume.name)
                yield self.unknown(rule, error.path, error, text, profile)
                return
        yield self.say(rule, verdict, worst, text, profile, check.note)

    def first(self, wanted: Wanted, profile: Profile | None) -> Answer:
        """What the first key that sets the value says; where none does, where it would stand."""
        unset: Answer | None = None
        mine = False
        for key in wanted.keys:
            if profile is None and key.startswith("HKCU"):
                continue
            answer = self.read(key, wanted.name, profile)
            if answer.data is not None:
                return answer
            if unset is None or (key.startswith("HKCU") and not mine):
                unset, mine = answer, key.startswith("HKCU")
        assert unset is not None  # noqa: S101 - every value of a machine's check has a key of the machine's
        return unset

    def say(
        self,
        rule: Rule,
        verdict: Verdict,
        answer: Answer,
        wanted: str | None,
        profile: Profile | None = None,
        note: str = "",
        *more: Detail,
    ) -> Finding:
        """What `rule` says of a value that was read."""
        detail: list[Detail] = [("found", shown(answer.data)), ("wanted", wanted)]
        if ".pol: " in answer.where.casefold():
            detail.append(("source", "policy-file"))
        if answer.intent is not None:  # the next refresh of policies brings it in
            detail.append(("policy_file", shown(answer.intent)))
        return self.finding(rule, verdict, answer.where, profile, [*detail, *more], note)

    def unknown(
        self, rule: Rule, where: str, error: Unreadable, wanted: str | None, profile: Profile | None = None
    ) -> Finding:
        """What `rule` says where nothing could be read: "could not look" is never "clean"."""
        detail: list[Detail] = [("wanted", wanted), ("reason", error.word)]
        return self.finding(rule, Verdict.UNKNOWN, where, profile, detail)

    def finding(
        self,
        rule: Rule,
        verdict: Verdict,
        path: str,
        profile: Profile | None,
        detail: Sequence[Detail],
        note: str = "",
        **fields: str,
    ) -> Finding:
        """A finding about a setting; its fingerprint is made of rule, place and whose it is, not of what was found."""
        user = profile.name if profile else None
        parts = ("1", rule.id, path, user or "")
        return Finding(
            rule=rule.id,
            severity=rule.severity,
            verdict=verdict,
            place=SETTINGS,
            path=path,
            volume=self.volume.name,
            owner=user,
            fingerprint=hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32],
            detail=(
                *([("user", user)] if user else []),
                *detail,
                *([("note", _(note).format(**fields))] if note else []),
            ),
        )


def shown(data: Data | None) -> str | int | None:
    """A value as findings show it: numbers and texts as they are, bytes as hexadecimal, several texts with ";"."""
    match data:
        case bytes():
            return data[:64].hex()
        case list():
            return "; ".join(data)[:1000]
        case str():
            return data[:1000]
        case _:
            return data
