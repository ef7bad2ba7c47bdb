"""Members whose content cannot be seen: what their names promise, and a gap for the others, with the first names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO

from dongle_cli.audit.identify.item import Item
from dongle_cli.audit.identify.kinds import KINDS, by_name
from dongle_cli.audit.model import Gap, Hit

_NAMED = 3  # names that a gap tells


@dataclass(slots=True)
class Unseen:
    """What stayed unseen in one container, by the ledger's word for why."""

    item: Item
    names: dict[str, list[str]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def add(self, name: str, reason: str, size: int | None) -> Iterator[Hit]:
        """A member that could not be opened; a hit by extension where its name promises a document."""
        kind = by_name(name)
        if kind is not None and (KINDS[kind].strong or kind in self.item.budget.limits.kinds):
            inside = self.item.inside(name, b"", BytesIO, size)
            yield inside.hit(kind, "extension", encrypted=reason == "encrypted")
            if reason == "encrypted":
                return  # found, and said to be encrypted
        self.counts[reason] = self.counts.get(reason, 0) + 1
        if self.counts[reason] <= _NAMED:
            self.names.setdefault(reason, []).append(name)

    def gaps(self) -> Iterator[Gap]:
        """One gap for each reason."""
        for reason, names in self.names.items():
            more = self.counts[reason] - len(names)
            listed = ", ".join(f'"{name}"' for name in names)  # in marks: a mask leaves out what stands between them
            yield self.item.gap(reason, listed + (f" (+{more})" if more else ""))
