"""What is being looked into: a file, or a member in it, with what it costs so far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import BinaryIO

from dongle_cli.audit.identify.limits import Budget
from dongle_cli.audit.model import Entry, Gap, Hit


@dataclass(slots=True)
class Item:
    """Content under a name: `head` is its beginning, `open` gives all of it where that is needed."""

    entry: Entry
    name: str
    head: bytes
    open: Callable[[], BinaryIO]
    budget: Budget
    member: str | None = None
    size: int | None = None
    depth: int = 0
    beside: Callable[[str], BinaryIO] | None = None  # opens another file of the same folder by its name

    def hit(self, kind: str, evidence: str = "content", encrypted: bool = False) -> Hit:
        """It is of `kind`."""
        digest = sha256(self.head).hexdigest() if self.head else None
        return Hit(self.entry, kind, evidence, self.member, self.size, encrypted, digest)

    def gap(self, reason: str, detail: str = "") -> Gap:
        """It could not be looked at; what looks damaged because it was cut at the limit for a member is a limit."""
        if reason == "damaged" and self.member is not None and (self.size or 0) > self.budget.limits.member:
            reason = "limit"
        return Gap(self.entry.path, reason, detail, self.entry.volume, self.member)

    def inside(self, name: str, head: bytes, open: Callable[[], BinaryIO], size: int | None) -> Item:
        """A member of this one."""
        path = name if self.member is None else f"{self.member}/{name}"
        return Item(self.entry, name, head, open, self.budget, path, size, self.depth + 1)
