"""The rules that a scan asks of documents are in the catalogue, so that they can be explained."""

from __future__ import annotations

from dongle_cli.audit.documents import RULES
from dongle_cli.audit.rules import CATALOGUE


def test_every_rule_of_the_scan_can_be_explained() -> None:
    assert set(RULES) == {rule.id for rule in CATALOGUE.values() if rule.subject == "document"}
