"""Approved exceptions in use: which finding each covers, which are expired, which nobody needed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from dongle_cli.audit.model import Finding, Verdict
from dongle_cli.audit.policy import Grant


@dataclass(slots=True)
class Exceptions:
    """The grants of a run; each finding is held against them."""

    grants: tuple[Grant, ...]
    warn_days: int = 30
    today: date = field(default_factory=date.today)
    used: dict[str, int] = field(default_factory=dict)  # how many findings each covers, or would if it still held

    def apply(self, finding: Finding) -> Finding:
        """`finding` as `excepted` where a grant covers it; where the only one has expired, a violation that says so."""
        if finding.verdict is not Verdict.VIOLATION:
            return finding
        covering = [grant for grant in self.grants if grant.covers(finding)]
        for grant in covering:
            self.used[grant.id] = self.used.get(grant.id, 0) + 1
        valid = next((grant for grant in covering if grant.expires >= self.today), None)
        if valid is not None:
            return replace(finding, verdict=Verdict.EXCEPTED, exception=valid.id)
        if covering:
            return replace(finding, detail=(*finding.detail, ("exception_expired", covering[0].id)))
        return finding

    def state(self, grant: Grant) -> str:
        """One word: `expired`, `unused`, `expiring` (within the days of warning) or `valid`."""
        if grant.expires < self.today:
            return "expired"
        if not self.used.get(grant.id):
            return "unused"
        return "expiring" if grant.expires - self.today <= timedelta(days=self.warn_days) else "valid"
