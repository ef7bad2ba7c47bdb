"""`dongle-cli audit rules`: what is checked, why, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from dongle_cli.cli import output
from dongle_cli.cli.options import Format
from dongle_cli.errors import DongleError
from dongle_cli.i18n import N_, _

if TYPE_CHECKING:
    from dongle_cli.audit.rules import Rule

RuleId = Annotated[
    str | None, typer.Argument(metavar=_("[ID]"), help=_("A rule's id; none lists them all."), show_default=False)
]
_SUBJECTS = {"machine": N_("machine"), "user": N_("each user"), "file": N_("each file"), "document": N_("document")}


def rules(id_: RuleId = None, format_: Format = "text") -> None:
    """The catalogue, or one rule of it."""
    from dongle_cli.audit.reports.words import SEVERITIES, named
    from dongle_cli.audit.rules import CATALOGUE

    if id_ is None:
        _list(list(CATALOGUE.values()), format_)
        return
    by_folded = {known.casefold(): rule for known, rule in CATALOGUE.items()}
    rule = by_folded.get(id_.casefold())
    if rule is None:
        raise _unknown(id_, list(CATALOGUE))
    if format_ == "json":
        output.emit(_object(rule))
        return
    output.answer(f"{rule.id}  {rule.title}")
    severity = named(SEVERITIES, rule.severity.word)
    output.answer(f"{_(_SUBJECTS[rule.subject])}, {severity}, {', '.join(rule.applies)}")
    output.answer("")
    for heading, text in ((_("Why"), rule.why), (_("What to do"), rule.remedy)):
        output.answer(f"{heading}:")
        for line in _wrapped(text):
            output.answer(f"  {line}")


def _wrapped(text: str) -> list[str]:
    from shutil import get_terminal_size

    from dongle_cli.cli.help import wrap

    return [line.rstrip() for line in wrap(text, max(20, min(100, get_terminal_size().columns) - 2))]


def _list(found: list[Rule], format_: str) -> None:
    from dongle_cli.audit.reports.words import SEVERITIES, named

    if format_ == "json":
        for rule in found:
            output.emit(_object(rule))
        return
    rows = [[rule.id, named(SEVERITIES, rule.severity.word), _(_SUBJECTS[rule.subject]), rule.title] for rule in found]
    output.table([_("Rule"), _("Severity"), _("Asked of"), _("What it wants")], rows)


def _object(rule: Rule) -> dict[str, Any]:
    return {
        "rule": rule.id,
        "severity": rule.severity.word,
        "subject": rule.subject,
        "applies": list(rule.applies),
        "official_item": "",
        "title": rule.title,
        "why": rule.why,
        "remedy": rule.remedy,
    }


def _unknown(id_: str, known: list[str]) -> DongleError:
    from difflib import get_close_matches

    from dongle_cli.audit.rules import CATALOGUE

    folded = {name.casefold(): name for name in known}
    near = [folded[name] for name in get_close_matches(id_.casefold(), folded, n=3, cutoff=0.6)]
    words = [word for word in id_.casefold().split("-") if len(word) > 1]
    about = [id_ for id_ in known if any(word in f"{id_} {CATALOGUE[id_].title}".casefold() for word in words)]
    near = list(dict.fromkeys([*near, *about]))[:5]
    return DongleError(
        _("There is no rule {id}.").format(id=id_),
        code="usage.rule",
        hint=_("Did you mean {names}? {command} lists them all.").format(
            names=", ".join(near), command="dongle-cli audit rules"
        )
        if near
        else _("{command} lists them all.").format(command="dongle-cli audit rules"),
    )
