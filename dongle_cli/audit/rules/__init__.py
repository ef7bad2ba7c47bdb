"""The rules of the audit: the catalogue that explains each, and the check of a source's settings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from dongle_cli.audit.model import Finding, Gap, Hit, Volume
from dongle_cli.audit.rules.rule import Rule

__all__ = ["CATALOGUE", "Rule", "check"]

CATALOGUE: dict[str, Rule] = {}


def check(volumes: Sequence[Volume], settings: Iterable[Hit]) -> Iterator[Finding | Gap]:
    """Every rule about settings, asked of every machine, user and .rdp file of the source."""
    yield from ()
