"""Goes through the machines, people and .rdp files of a source and asks each what concerns it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence

from dongle_cli.audit.hives.profiles import Profile
from dongle_cli.audit.hives.registry import CONFIG, Registry
from dongle_cli.audit.hives.unreadable import Unreadable
from dongle_cli.audit.model import Finding, Gap, Hit, State, Verdict, Volume
from dongle_cli.audit.rules import rdpfile
from dongle_cli.audit.rules.check import Check, Family, Line
from dongle_cli.audit.rules.machine import SETTINGS, Machine
from dongle_cli.audit.rules.rule import Rule

Rules = Mapping[str, Rule]


def machines(registries: Sequence[Registry]) -> Iterator[Machine]:
    """Each volume that a Windows stands on; one whose folders cannot be read is passed over."""
    for registry in registries:
        if Registry.is_windows(registry.folders):
            yield Machine(registry.volume, registry)


def ask(
    registries: Sequence[Registry], settings: Sequence[Hit], families: Sequence[Family], rules: Rules
) -> Iterator[Finding | Gap]:
    """What every rule about settings says of this source."""
    said: set[str] = set()
    for one in _all(registries, settings, families, rules):
        if isinstance(one, Finding):
            said.add(one.rule)
        yield one
    for rule in rules.values():
        if rule.id not in said:
            yield Finding(rule.id, rule.severity, Verdict.NOT_APPLICABLE, SETTINGS, "")


def _all(
    registries: Sequence[Registry], settings: Sequence[Hit], families: Sequence[Family], rules: Rules
) -> Iterator[Finding | Gap]:
    for registry in registries:
        volume = registry.volume
        try:
            windows = registry.folders.real(CONFIG) is not None
        except OSError as error:
            yield Unreadable.of(CONFIG, error).gap(volume.name)
            for rule in rules.values():
                yield Finding(rule.id, rule.severity, Verdict.UNKNOWN, SETTINGS, CONFIG, volume.name)
            continue
        if windows:
            machine = Machine(volume, registry)
            for family in families:
                for one in _machine(machine, family, rules):
                    if isinstance(one, Gap) or one.rule in rules:
                        yield one
    lines = [line for family in families for line in family.lines if line.rule in rules]
    by_name = {registry.volume.name: registry.volume for registry in registries}
    for hit in settings:
        if hit.entry.state is State.LIVE and hit.entry.volume in by_name:  # what is deleted is no setting any more
            yield from _rdp(by_name[hit.entry.volume], hit, lines, rules)


def _machine(machine: Machine, family: Family, rules: Rules) -> Iterator[Finding | Gap]:
    for check in family.checks:
        if check.rule in rules:
            try:
                yield from _check(machine, check, rules[check.rule])
            except Unreadable as error:  # the folder of users
                yield error.gap(machine.volume.name)
                yield machine.unknown(rules[check.rule], error.path, error, check.wanted)
    if family.look is None or not any(rule.id in rules for rule in family.rules):
        return
    try:
        yield from family.look(machine)
    except Unreadable as error:
        yield error.gap(machine.volume.name)
        for rule in family.rules:
            if not any(check.rule == rule.id for check in family.checks):
                yield machine.unknown(rule, error.path, error, None)


def _check(machine: Machine, check: Check, rule: Rule) -> Iterator[Finding | Gap]:
    who: list[Profile | None] = [*machine.people()] if rule.subject == "user" else [None]
    for profile in who:
        yield from machine.ask(check, rule, profile)


def _rdp(volume: Volume, hit: Hit, lines: Sequence[Line], rules: Rules) -> Iterator[Finding | Gap]:
    """One finding a rule: the first line that is not as it should be, or that all are."""
    entry = hit.entry
    values: dict[str, list[str]] | None = None
    verdict, reason = Verdict.UNKNOWN, ""
    if hit.member is not None:  # inside a container nobody can open it as it is
        verdict, reason = Verdict.NOT_APPLICABLE, "member"
    else:
        try:
            with volume.open(entry.path) as file:
                values = rdpfile.read(file, entry.path)
        except Unreadable as error:
            yield error.gap(volume.name)
            reason = error.word
        except OSError as error:
            gap = Unreadable.of(entry.path, error).gap(volume.name)
            yield gap
            reason = gap.reason
    for rule in dict.fromkeys(line.rule for line in lines):
        mine = [line for line in lines if line.rule == rule]
        detail: list[tuple[str, str | int | None]]
        if values is None:
            detail = [("reason", reason)]
        else:
            bad = next((line for line in mine if not _safe(line, values)), None)
            verdict = Verdict.OK if bad is None else Verdict.VIOLATION
            line = bad or mine[0]
            detail = [("setting", line.name), ("found", _found(line, values)), ("wanted", line.text)]
        parts = ("1", rule, entry.path, hit.member or "")
        yield Finding(
            rule, rules[rule].severity, verdict, SETTINGS, entry.path, entry.volume, hit.member, hit.kind, hit.evidence,
            entry.size, entry.mtime, entry.owner,
            fingerprint=hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32],
            detail=tuple(detail),
        )  # fmt: skip


def _safe(line: Line, values: Mapping[str, list[str]]) -> bool:
    return all(line.safe(value) for value in values.get(line.name, [line.default]))


def _found(line: Line, values: Mapping[str, list[str]]) -> str | None:
    """What stands there; None where the line is absent, so that its default holds."""
    found = values.get(line.name)
    if found is None:
        return None
    return "***" if line.secret else "; ".join(found)[:1000]
