"""Personal numbers in the documents that a run finds: counted per document, and never a digit of one kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dongle_cli.audit.identify import KINDS, Limits
from dongle_cli.audit.ledger import Ledger
from dongle_cli.audit.model import Finding, Gap, State, Volume
from dongle_cli.audit.pii.counting import WHOLE, Found, numbers
from dongle_cli.audit.pii.extract import Unmeasured
from dongle_cli.audit.pii.numbers import Counts
from dongle_cli.audit.policy import Policy


class Numbers:
    """Asked for each finding about a document; a file with many members is read once."""

    def __init__(self, volumes: Sequence[Volume], policy: Policy, ledger: Ledger) -> None:
        self._volumes = {volume.name: volume for volume in volumes}
        self._limits = Limits(kinds=frozenset(word for word in policy.kinds if not KINDS[word].strong))
        self._ledger = ledger
        self._last: tuple[tuple[str, str], Found] | None = None
        ledger.pii = ledger.pii or Counts()

    def counted(self, finding: Finding) -> tuple[Finding, Gap | None]:
        """The finding with its counts, or with a gap that says why they could not be measured."""
        said = self._said(finding)
        if isinstance(said, Unmeasured):
            detail = f"numbers not counted: {said.detail}" if said.detail else "numbers not counted"
            return finding, Gap(finding.path, said.reason, detail, finding.volume, finding.member)
        assert self._ledger.pii is not None  # noqa: S101 - set above
        self._ledger.pii += said
        counts = (
            ("my_numbers", said.my_number),
            ("corporate_numbers", said.corporate_number),
            ("possible_my_numbers", said.possible),
        )
        return replace(finding, detail=(*finding.detail, *counts)), None

    def _said(self, finding: Finding) -> Counts | Unmeasured:
        assert finding.kind is not None  # noqa: S101 - it is about a document
        if finding.encrypted:
            return Unmeasured("encrypted")
        if finding.in_disk_image:
            return Unmeasured("unsupported", "disk image")
        volume = self._volumes.get(finding.volume)
        if volume is None or finding.state in (State.DELETED, State.SHADOW):
            return Unmeasured("unsupported", finding.state.value)
        key = (finding.volume, finding.path)
        if self._last is None or self._last[0] != key:
            kind = finding.kind if finding.member is None else None
            self._last = (key, numbers(volume, finding.path, kind, self._limits))
        found = self._last[1]
        missing = Unmeasured("limit" if WHOLE not in found else "unsupported", finding.kind)
        return found.get((finding.member, finding.kind), missing)
