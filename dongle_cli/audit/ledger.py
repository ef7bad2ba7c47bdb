"""What a run adds up to: counts, a verdict for each rule, what was not looked at, and the exit code that follows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dongle_cli.audit.documents import RULES as DOCUMENT_RULES
from dongle_cli.audit.model import Finding, Gap, Severity, Tally, Verdict
from dongle_cli.audit.policy import Policy
from dongle_cli.errors import ExitCode

if TYPE_CHECKING:
    from dongle_cli.audit.pii.numbers import Counts

# Of several things that one rule says, the first of these is its verdict.
_WORST = (Verdict.VIOLATION, Verdict.UNKNOWN, Verdict.EXCEPTED, Verdict.OK, Verdict.NOT_APPLICABLE)


@dataclass(slots=True)
class Ledger:
    """Counts as findings, gaps and tallies go by."""

    policy: Policy
    fail_on: Severity | None  # None: never
    files: int = 0
    folders: int = 0
    bytes: int = 0
    at: str = ""
    verdicts: dict[str, Counter[Verdict]] = field(default_factory=dict)  # by rule
    worst: dict[str, Severity] = field(default_factory=dict)  # of a rule's violations
    severities: Counter[str] = field(default_factory=Counter)
    places: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    gaps: Counter[str] = field(default_factory=Counter)  # by reason
    failing: int = 0  # violations at or above fail_on
    pii: Counts | None = None  # numbers in documents, where they were asked for
    unseen: bool = False  # some file could not be looked at
    blind: frozenset[str] = frozenset()  # rules about what not every source can show
    scanned: bool = False  # it came to its end

    def __post_init__(self) -> None:
        self.verdicts = {rule: Counter() for rule in DOCUMENT_RULES if self.policy.runs(rule)}

    def tally(self, tally: Tally) -> None:
        """A source has gone on."""
        self.files += tally.files
        self.folders += tally.folders
        self.bytes += tally.bytes
        self.at = tally.at

    def gap(self, gap: Gap, *, of_files: bool) -> None:
        """Something was not looked at: a file (then no document rule is clean), or what a setting's rule reads."""
        self.gaps[gap.reason] += 1
        self.unseen = self.unseen or of_files

    def finding(self, finding: Finding) -> None:
        """A rule has spoken."""
        if finding.rule not in self.verdicts:
            self.verdicts[finding.rule] = Counter()
        self.verdicts[finding.rule][finding.verdict] += 1
        if finding.verdict is not Verdict.VIOLATION:
            return
        self.severities[finding.severity.word] += 1
        self.places[finding.place] += 1
        if finding.kind is not None:
            self.kinds[finding.kind] += 1
        self.worst[finding.rule] = max(finding.severity, self.worst.get(finding.rule, Severity.INFO))
        if self.fail_on is not None and finding.severity >= self.fail_on:
            self.failing += 1

    def verdict_of(self, rule: str) -> Verdict:
        """What the rule comes to; what could not be measured never counts as good."""
        counts = self.verdicts.get(rule, Counter())
        if rule in DOCUMENT_RULES and not counts[Verdict.VIOLATION]:
            if self.unseen or not self.scanned:
                return Verdict.UNKNOWN
            if not counts:
                return Verdict.NOT_APPLICABLE if rule in self.blind else Verdict.OK
        return next((verdict for verdict in _WORST if counts[verdict]), Verdict.NOT_APPLICABLE)

    @property
    def complete(self) -> bool:
        """Whether everything that was asked could be looked at."""
        unknown = any(self.verdict_of(rule) is Verdict.UNKNOWN or counts[Verdict.UNKNOWN]
                      for rule, counts in self.verdicts.items())  # fmt: skip
        return self.scanned and not self.gaps and not unknown

    @property
    def exit_code(self) -> ExitCode:
        """Findings that matter win over an incomplete look, that over all being well."""
        if self.failing:
            return ExitCode.FINDINGS
        return ExitCode.DONE if self.complete else ExitCode.INCOMPLETE
