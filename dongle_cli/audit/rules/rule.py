"""What a rule is: its id, what it wants and why, what to do, and what it applies to."""

from __future__ import annotations

from dataclasses import dataclass

from dongle_cli.audit.model import Severity
from dongle_cli.i18n import _


@dataclass(frozen=True, slots=True)
class Rule:
    """One check with a stable id; its texts are msgids, the properties without underscore are for people."""

    id: str
    title_: str
    why_: str
    remedy_: str
    severity: Severity
    applies: tuple[str, ...] = ("windows",)  # also "linux"
    subject: str = "machine"  # what gets a verdict of its own: machine, user, file, document

    @property
    def title(self) -> str:
        """What the rule wants, in the reader's language."""
        return _(self.title_)

    @property
    def why(self) -> str:
        """Why it matters, and what it cannot prove, in the reader's language."""
        return _(self.why_)

    @property
    def remedy(self) -> str:
        """What to do about a violation, in the reader's language."""
        return _(self.remedy_)
