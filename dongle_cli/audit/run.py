"""One audit from its first target to its summary: sources, places, documents, settings, exceptions, baseline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from dongle_cli.audit import places, rules
from dongle_cli.audit.documents import DELETED, Judge
from dongle_cli.audit.exceptions import Exceptions
from dongle_cli.audit.hives.registry import Registry
from dongle_cli.audit.identify.kinds import KINDS
from dongle_cli.audit.ledger import Ledger
from dongle_cli.audit.model import Finding, Gap, Hit, Severity, Source, Tally, Verdict, Volume
from dongle_cli.audit.policy import Policy

if TYPE_CHECKING:
    from dongle_cli.audit.baseline import Baseline
    from dongle_cli.audit.numbers import Numbers
    from dongle_cli.audit.second_opinion import SecondOpinion


@dataclass(slots=True)
class Run:
    """What is asked, and what has come out so far; `events` does the work."""

    sources: list[Source]
    policy: Policy
    fail_on: Severity | None = Severity.LOW
    baseline: Baseline | None = None
    pii: bool = False  # count personal numbers in what is found
    second: SecondOpinion | None = None  # asked about what is found
    started: datetime = field(default_factory=lambda: datetime.now().astimezone())
    finished: datetime | None = None
    ledger: Ledger = field(init=False)
    judge: Judge = field(init=False)
    exceptions: Exceptions = field(init=False)

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.policy, self.fail_on)
        if not all(source.sees_deleted for source in self.sources):
            self.ledger.blind = frozenset((DELETED,))  # nothing found in the bins is no proof that nothing is left
        self.judge = Judge(self.policy)
        self.exceptions = Exceptions(self.policy.grants, self.policy.warn_days)

    def events(self) -> Iterator[Finding | Gap | Tally]:
        """Everything, as it is found; findings with their verdict, also `ok` ones of rules about settings."""
        for source in self.sources:
            yield from self._one(source)
        self.ledger.scanned = True
        self.finished = datetime.now().astimezone()

    def _one(self, source: Source) -> Iterator[Finding | Gap | Tally]:
        volumes = source.volumes()
        registries = [Registry(volume) for volume in volumes]  # places and rules read the same folders and hives
        where = places.Places(registries)
        self.judge.writable = rules.writable(registries)
        settings: list[Hit] = []
        if self.second is not None:
            self.second.over(volumes)
        numbers = self._numbers(volumes) if self.pii else None
        for found in source.scan():
            match found:
                case Tally():
                    self.ledger.tally(found)
                    yield found
                case Gap():
                    yield self._gap(found, source, of_files=True)
                case Hit() if found.kind in KINDS and not KINDS[found.kind].is_document:
                    settings.append(found)
                case Hit():
                    finding = self.judge.judge(found, where.of(found.entry), source.target)
                    if finding is not None:
                        if numbers is not None:
                            finding, gap = numbers.counted(finding)
                            if gap is not None:
                                yield self._gap(gap, source, of_files=False)
                        if self.second is not None:
                            finding = self.second.asked(finding)
                        yield self._said(finding)
        told = list(where.unread())
        for gap in told:
            yield self._gap(gap, source, of_files=False)
        for said in rules.check(registries, settings, self.policy.runs):
            if isinstance(said, Gap):
                if said not in told:  # places and rules read the same hives
                    yield self._gap(said, source, of_files=False)
            else:
                severity = self.policy.severity_of(said.rule, said.place, said.kind, said.severity)
                yield self._said(replace(said, severity=severity, target=source.target))

    def _numbers(self, volumes: list[Volume]) -> Numbers:
        from dongle_cli.audit.numbers import Numbers  # rarely asked for, and slow to import

        return Numbers(volumes, self.policy, self.ledger)

    def _gap(self, gap: Gap, source: Source, *, of_files: bool) -> Gap:
        self.ledger.gap(gap, of_files=of_files)
        gap = replace(gap, target=source.target)
        if self.baseline is not None:
            self.baseline.gap(gap)
        return gap

    def _said(self, finding: Finding) -> Finding:
        finding = self.exceptions.apply(finding)
        if self.baseline is not None and finding.verdict is Verdict.VIOLATION:
            finding = replace(finding, baseline=self.baseline.compare(finding))
        elif self.baseline is not None and finding.verdict in (Verdict.EXCEPTED, Verdict.UNKNOWN):
            self.baseline.still(finding)  # approved since, or not to be measured any more: neither is solved
        self.ledger.finding(finding)
        return finding
