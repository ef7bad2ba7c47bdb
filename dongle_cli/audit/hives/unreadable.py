"""Why something that Windows has written down could not be read; "could not look" is never "clean"."""

from __future__ import annotations

from dongle_cli.audit.model import Gap
from dongle_cli.i18n import reason


class Unreadable(Exception):
    """A hive, a policy file or a record that could not be read: the word of a Gap, and what is wrong, for people."""

    def __init__(self, path: str, word: str, detail: str = "") -> None:
        super().__init__(f"{path}: {word}: {detail}")
        self.path = path
        self.word = word
        self.detail = detail

    @classmethod
    def of(cls, path: str, error: OSError) -> Unreadable:
        """The same for what the operating system said; 32 and 33 are Windows' sharing and lock violations."""
        if getattr(error, "winerror", None) in (32, 33):
            word = "locked"
        elif isinstance(error, PermissionError):
            word = "permission"
        elif isinstance(error, FileNotFoundError):
            word = "vanished"
        else:
            word = "damaged"
        return cls(path, word, reason(error))

    def gap(self, volume: str = "") -> Gap:
        """The line that the ledger of coverage gets."""
        return Gap(self.path, self.word, self.detail, volume)
