"""The rules of the audit: the catalogue that explains each, and the check of a source's settings.

A new rule is one module in `families` and one test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from dongle_cli.audit.model import Finding, Gap, Hit
from dongle_cli.audit.rules import families
from dongle_cli.audit.rules.check import Family
from dongle_cli.audit.rules.rule import Rule

if TYPE_CHECKING:
    from dongle_cli.audit.hives.registry import Registry

__all__ = ["CATALOGUE", "FAMILIES", "Rule", "check", "writable"]


def _family(name: str) -> Family:
    found = import_module(f"{families.__name__}.{name}").FAMILY
    assert isinstance(found, Family)  # noqa: S101 - what a module there is for
    return found


FAMILIES: tuple[Family, ...] = tuple(_family(name) for name in sorted(m.name for m in iter_modules(families.__path__)))
CATALOGUE: dict[str, Rule] = {
    rule.id: rule for rule in sorted((r for family in FAMILIES for r in family.rules), key=lambda r: r.id)
}


def check(
    registries: Sequence[Registry], settings: Iterable[Hit], runs: Callable[[str], bool] = lambda _rule: True
) -> Iterator[Finding | Gap]:
    """Every rule about settings that `runs`, asked of every machine, user and .rdp file; each gap once."""
    from dongle_cli.audit.rules.asking import ask

    asked = {id_: rule for id_, rule in CATALOGUE.items() if rule.subject != "document" and runs(id_)}
    seen: set[tuple[str, str]] = set()
    for said in ask(registries, list(settings), FAMILIES, asked):
        if isinstance(said, Gap):
            if (said.volume, said.path) in seen:
                continue
            seen.add((said.volume, said.path))
        yield said


def writable(registries: Sequence[Registry]) -> set[tuple[str, str]]:
    """Folded paths, each with its volume, that a write filter leaves out: there what a policy allows does not hold."""
    from dongle_cli.audit.rules.asking import machines
    from dongle_cli.audit.rules.families.write_filter import exclusions

    return {(machine.volume.name, path.casefold()) for machine in machines(registries) for path in exclusions(machine)}
