"""What an audit forbids: kinds and places of documents, what is allowed, how bad each is, and which rules are asked."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase
from functools import lru_cache

from dongle_cli.audit import globs
from dongle_cli.audit.model import Finding, Severity


@dataclass(frozen=True, slots=True)
class Grant:
    """An exception that somebody approved: for what, why, by whom, until when. It never makes a finding clean."""

    id: str
    reason: str
    approver: str
    expires: date  # the last day on which it holds
    rule: str | None = None
    path: str | None = None
    kind: str | None = None
    place: str | None = None
    fingerprint: str | None = None

    def covers(self, finding: Finding) -> bool:
        """Whether every condition it names holds of `finding`."""
        if self.path is not None and not globs.covers(globs.one(self.path), finding.volume, finding.path):
            return False
        return (
            (self.rule is None or fnmatchcase(finding.rule, self.rule))
            and (self.kind is None or fnmatchcase(finding.kind or "", self.kind))
            and (self.place is None or fnmatchcase(finding.place, self.place))
            and (self.fingerprint is None or self.fingerprint == finding.fingerprint)
        )


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy file, read and checked."""

    name: str
    version: str
    digest: str  # SHA-256 of the file as it was read
    title: dict[str, str] = field(default_factory=dict)  # by language
    kinds: frozenset[str] = frozenset()  # words of kinds that count as documents
    places: tuple[str, ...] = ("*",)  # patterns of place words where documents are forbidden
    allow: re.Pattern[str] | None = None  # paths where documents may be
    min_size: int = 0  # bytes; smaller ones are permitted
    min_age: float = 0  # days; what was changed since is permitted
    severity: Severity = Severity.HIGH
    by_place: dict[str, Severity] = field(default_factory=dict)
    by_kind: dict[str, Severity] = field(default_factory=dict)
    by_rule: dict[str, Severity] = field(default_factory=dict)
    rules: tuple[str, ...] = ("*",)  # patterns of rule ids
    network: bool = False  # network file systems are asked for: not looking at them is a gap
    warn_days: int = 30  # an exception that ends within so many days is pointed out
    grants: tuple[Grant, ...] = ()

    def runs(self, rule: str) -> bool:
        """Whether this rule is asked; a pattern with "!" in front takes out."""
        return chosen(self.rules, rule)

    def severity_of(self, rule: str, place: str, kind: str | None, default: Severity | None = None) -> Severity:
        """The rule's own severity where the policy gives one; else the worse of its place's and its kind's."""
        if rule in self.by_rule:
            return self.by_rule[rule]
        named = [table[word] for table, word in ((self.by_place, place), (self.by_kind, kind or "")) if word in table]
        return max(named) if named else self.severity if default is None else default


@lru_cache(1024)  # asked of every document, about a handful of words
def chosen(patterns: tuple[str, ...], word: str) -> bool:
    """Whether the last pattern that fits `word` is one without "!"."""
    verdict = False
    for pattern in patterns:
        if fnmatchcase(word, pattern.removeprefix("!")):
            verdict = not pattern.startswith("!")
    return verdict
