"""`audit --repatriate`: bring what was found to the shared server, after a question, and say what became of each."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dongle_cli.cli import output, state
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _, ngettext

if TYPE_CHECKING:
    from dongle_cli.audit.masking import Mask
    from dongle_cli.audit.model import Finding
    from dongle_cli.audit.repatriate import Moved
    from dongle_cli.audit.run import Run
    from dongle_cli.audit.share import Share


@dataclass(slots=True)
class Bring:
    """What is asked; `take` gathers documents while the run goes on, `do` brings them."""

    where: str
    remove: bool = False
    receipt: Path | None = None
    yes: bool = False
    dry: bool = False
    root: str = ""
    share: Share | None = None
    documents: dict[str, int] = field(default_factory=dict)  # path and size
    skipped: dict[str, str] = field(default_factory=dict)  # path, and its state or "disk-image"

    def prepare(self, run: Run) -> None:
        """Everything that can be refused is refused before an hour of looking: DongleError `usage.repatriate`, ..."""
        from dongle_cli.audit.share import Share

        targets = [source.target or "/" for source in run.sources]
        if len(targets) != 1 or not Path(targets[0]).is_dir():
            raise DongleError(
                _("Documents can be brought home from one folder or from this machine, not from an image."),
                code="usage.repatriate",
                hint=_("Name one folder, or none for this machine; an image is never changed."),
            )
        self.root = targets[0]
        self.share = Share.parse(self.where)
        if self._inside() and self.share.root.stat().st_dev == Path(self.root).stat().st_dev:
            raise DongleError(
                _("{where} is on the disk that is being looked at.").format(where=self.where),
                code="usage.repatriate",
                hint=_("Mount the shared server, and name a folder on it."),
            )
        if not (self.yes or self.dry):
            output.can_ask()

    def _inside(self) -> str | None:
        """The share's path below the root, or None where it is elsewhere."""
        assert self.share is not None  # noqa: S101 - prepared
        share, root = Path(os.path.realpath(self.share.root)), Path(os.path.realpath(self.root))
        return str(share.relative_to(root)) if share.is_relative_to(root) else None

    def take(self, finding: Finding) -> None:
        """A document that the policy forbids; one inside an archive brings the archive, one on a disk image nothing."""
        from dongle_cli.audit.identify import KINDS
        from dongle_cli.audit.model import State, Verdict

        if finding.verdict is not Verdict.VIOLATION or finding.kind not in KINDS or not KINDS[finding.kind].is_document:
            return
        inside = self._inside()
        if inside is not None and f"{finding.path}/".startswith(f"{inside}/"):
            return  # it is on the share
        if finding.in_disk_image or finding.state is not State.LIVE:
            self.skipped[finding.path] = "disk-image" if finding.in_disk_image else finding.state.value
        else:
            size = finding.size if finding.member is None and finding.size is not None else 0
            self.documents[finding.path] = max(size, self.documents.get(finding.path, 0))

    def do(self, mask: Mask | None, emit: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        """Ask, bring, say (in JSON by `emit`); returns what the summary says of it.

        DongleError `audit.share` where the far side fails.
        """
        from dongle_cli.audit.receipt import Receipt
        from dongle_cli.audit.repatriate import Moved, Repatriation

        assert self.share is not None  # noqa: S101 - prepared
        receipt = self.receipt or self._receipt()
        counts: Counter[str] = Counter()
        said: dict[str, Any] = {"to": self.where, "remove": self.remove, "receipt": str(receipt), "counts": counts}
        for path, what in self.skipped.items():
            self._tell(Moved(path, "skipped", detail=what), counts, mask, emit)
        if self.dry:
            for path in self.documents:
                self._tell(Moved(path, "planned"), counts, mask, emit)
        elif self.documents and not self._agreed():
            output.say(_("Nothing was copied."))
        else:
            run = Repatriation(self.root, self.share, Receipt(receipt), self.remove)
            try:
                for moved in run.bring(self.documents):
                    self._tell(moved, counts, mask, emit)
            finally:
                self._sum(counts, receipt)
        return {**said, "counts": dict(counts)}

    def _receipt(self) -> Path:
        """The same for the same two places, so that a run that was cut off goes on in it."""
        from dongle_cli import paths

        assert self.share is not None  # noqa: S101 - prepared
        both = f"{os.path.realpath(self.root)}\0{os.path.realpath(self.share.root)}"
        name = hashlib.sha256(os.fsencode(both)).hexdigest()[:16]
        return paths.data_dir() / "receipts" / f"{name}.jsonl"

    def _agreed(self) -> bool:
        from dongle_cli.audit.reports.words import size

        count = len(self.documents)
        known = {"n": f"{count:,}", "size": size(sum(self.documents.values())), "where": self.where}
        question = (
            ngettext(
                "Copy {n} document ({size}) to {where}, and remove it here once it is verified there?",
                "Copy {n} documents ({size}) to {where}, and remove each here once it is verified there?",
                count,
            )
            if self.remove
            else ngettext("Copy {n} document ({size}) to {where}?", "Copy {n} documents ({size}) to {where}?", count)
        )
        return output.confirm(question.format(**known), yes=self.yes)

    def _tell(
        self, moved: Moved, counts: Counter[str], mask: Mask | None, emit: Callable[[dict[str, Any]], None]
    ) -> None:
        from dongle_cli.audit.masking import top
        from dongle_cli.audit.reports.text import shown
        from dongle_cli.audit.reports.words import MOVED, named

        counts[moved.result] += 1
        path, to = moved.path, moved.to
        if mask is not None:
            above = top(self.root)
            path, to = mask.path(path, above), mask.path(to, above) if to else None
        if state.json:
            emit({"type": "moved", "path": path, "result": moved.result, "to": to, "sha256": moved.sha256,
                         "detail": moved.detail})  # fmt: skip
        elif not moved.safe:
            output.say(f"{shown(path)}: {named(MOVED, moved.result)}" + (f" ({moved.detail})" if moved.detail else ""))

    def _sum(self, counts: Counter[str], receipt: Path) -> None:
        from dongle_cli.audit.reports.words import MOVED, named

        for result, count in counts.items():
            output.say(f"{named(MOVED, result)}: {count:,}")
        output.say(_("Receipt: {path}").format(path=receipt))


def unsafe(summary: dict[str, Any]) -> int:
    """How many documents were asked for and do not stand verified on the share."""
    counts = (summary.get("repatriated") or {}).get("counts", {})
    return sum(counts.get(result, 0) for result in ("changed", "vanished", "refused", "skipped"))
