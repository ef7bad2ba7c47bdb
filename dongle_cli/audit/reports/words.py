"""What every report says in words: the verdict in a sentence, page one, and the names of what it counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dongle_cli.audit.identify.kinds import KINDS
from dongle_cli.audit.model import Finding, Severity, Verdict
from dongle_cli.audit.places.words import label
from dongle_cli.audit.reports import Report
from dongle_cli.audit.reports.spool import Many
from dongle_cli.audit.reports.text import shown
from dongle_cli.audit.rules import CATALOGUE
from dongle_cli.i18n import N_, _, ngettext

SEVERITIES = {
    "critical": N_("critical"), "high": N_("high"), "medium": N_("medium"), "low": N_("low"), "info": N_("info"),
}  # fmt: skip
VERDICTS = {
    "violation": N_("violation"), "unknown": N_("could not measure"), "excepted": N_("exception approved"),
    "ok": N_("ok"), "not-applicable": N_("does not apply"),
}  # fmt: skip
# A word and a shape for each, so that colour is never the only sign.
MARKS = {"violation": "×", "unknown": "?", "excepted": "△", "ok": "○", "not-applicable": "-"}
STATES = {
    "live": N_("there"), "deleted": N_("deleted"), "stream": N_("alternate data stream"), "shadow": N_("shadow copy"),
}  # fmt: skip
REASONS = {
    "permission": N_("no right to read it"), "locked": N_("in use by another program"),
    "damaged": N_("damaged, or unreadable on the disk"), "encrypted": N_("encrypted"),
    "placeholder": N_("only in the cloud; it was not fetched"), "limit": N_("larger or deeper than the limits"),
    "vanished": N_("went away while it was looked at"), "extra-missing": N_("a program part is not installed"),
    "network": N_("on the network"), "unsupported": N_("of a form that cannot be read here"),
    "crashed": N_("the process that looked at it ended"),
}  # fmt: skip
# What findings say besides, in words.
DETAILS = {
    "user": N_("user"), "original": N_("stood before at"), "place": N_("belongs to"), "deleted_at": N_("deleted on"),
    "setting": N_("setting"), "found": N_("found"), "wanted": N_("wanted"), "note": N_("note"), "reason": N_("reason"),
    "second_opinion": N_("libmagic says"), "disk_image": N_("inside a disk image"),
    "exception_expired": N_("expired exception"), "my_numbers": N_("My Numbers"),
    "product": N_("product"), "source": N_("read from"), "policy_file": N_("the policy file wants"),
    "write_filter_exclusion": N_("below what the write filter leaves out"), "folder": N_("folder"),
    "documents": N_("documents in it"), "gone": N_("no longer there"),
    "saved_elsewhere": N_("saved on another drive or server"), "thumbnail_bytes": N_("bytes of thumbnails"),
    "links_of_documents": N_("links of documents"),
    "corporate_numbers": N_("corporate numbers"), "possible_my_numbers": N_("possible My Numbers without evidence"),
}  # fmt: skip
# What becomes of a document that is brought to the shared server.
MOVED = {
    "planned": N_("would be copied"), "copied": N_("copied"), "there": N_("was there already"),
    "removed": N_("copied and removed here"), "changed": N_("changed meanwhile, left here"),
    "vanished": N_("went away meanwhile"), "refused": N_("refused, left here"),
    "skipped": N_("cannot be copied as a file"),
}  # fmt: skip
_CLOCKS = {"synchronised": N_("synchronised"), "free-running": N_("not synchronised"), "unknown": N_("unknown")}


def named(table: dict[str, str], word: str | None) -> str:
    """The word's name in the reader's language; a word that is not in the table as it stands."""
    return _(table[word]) if word in table else word or ""


def rule(word: str) -> str:
    """What the rule wants, in a few words."""
    return CATALOGUE[word].title if word in CATALOGUE else word


def kind(word: str | None) -> str:
    """The kind in the reader's language."""
    return KINDS[word].label if word in KINDS else word or ""


def by_verdict(rules: dict[str, Any]) -> list[tuple[str, Any]]:
    """The rules of a summary, what needs doing first, what does not apply last."""
    order = list(VERDICTS)
    return sorted(rules.items(), key=lambda item: (order.index(item[1]["verdict"]), item[0]))


def worst(findings: Many[Finding]) -> Iterator[Finding]:
    """Violations by severity, the worst first, then what was excepted; each time in the order they were found."""
    for severity in sorted(Severity, reverse=True):
        yield from (one for one in findings if one.severity is severity and one.verdict is Verdict.VIOLATION)
    yield from (one for one in findings if one.verdict is not Verdict.VIOLATION)


def place(word: str) -> str:
    """The place in the reader's language."""
    return label(word)


def size(count: int | None) -> str:
    """Bytes as people read them."""
    value = float(count or 0)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def verdict(summary: dict[str, Any]) -> str:
    """The whole run in one sentence; what was not looked at is never called clean."""
    found, gaps = summary["findings"], summary["gaps"]
    if summary.get("interrupted"):
        text = _("Interrupted: not everything was looked at, and what follows is incomplete.")
        return _both(text, _count(found)) if found else text
    if found and summary["complete"]:
        whole = _("Everything that was asked was looked at.")
        return _both(_count(found), whole)
    if found:
        return _both(_count(found), _unseen(gaps))
    if summary["complete"]:
        return _("Nothing forbidden was found, and everything that was asked was looked at.")
    half = _("Nothing forbidden was found in what could be looked at; that does not mean it is clean.")
    return _both(half, _unseen(gaps))


def _both(first: str, second: str) -> str:
    # Translators: two whole sentences; Japanese has no space between them.
    return _("{first} {second}").format(first=first, second=second)


def _count(found: int) -> str:
    return ngettext("{n} violation was found.", "{n} violations were found.", found).format(n=found)


def _unseen(gaps: int) -> str:
    if not gaps:
        return _("Some of it could not be measured.")
    return ngettext("{n} thing could not be looked at.", "{n} things could not be looked at.", gaps).format(n=gaps)


def compared(summary: dict[str, Any]) -> str:
    """What is new, what is still there and what is solved; what could not be looked at again is none of them."""
    text = _("{new} new, {continuing} continuing, {solved} solved").format(**summary["baseline"])
    if unseen := summary["baseline"].get("unseen"):
        more = ngettext("{n} could not be looked at again", "{n} could not be looked at again", unseen).format(n=unseen)
        text = f"{text}, {more}"
    return text


def brought(summary: dict[str, Any]) -> str:
    """How many documents came to what end."""
    counts = summary["repatriated"]["counts"]
    return ", ".join(f"{named(MOVED, result)} {count:,}" for result, count in counts.items())


def page_one(report: Report) -> list[tuple[str, str]]:
    """Who looked at what, when, by which clock and policy, and what it came to: the first page of every report."""
    start, summary = report.start, report.summary
    policy = start["policy"]
    title = policy["title"].get(_("en")) or next(iter(policy["title"].values()), "")
    administrator = _("{name} (administrator)") if start["administrator"] else "{name}"
    rows = [
        (_("Verdict"), verdict(summary)),
        (_("Machine"), start["machine"]),
        (_("System"), start["system"]),
        (_("Looked at"), ", ".join(target or _("this machine") for target in start["targets"])),
        (_("Operator"), administrator.format(name=start["operator"])),
        (_("Policy"), f"{policy['name']} {policy['version']}".strip() + (f": {title}" if title else "")),
        (_("Policy digest (SHA-256)"), policy["sha256"]),
        (_("Violations fail from"), named(SEVERITIES, start["fail_on"]) if start["fail_on"] != "never" else _("never")),
        (_("Begun"), start["started"]),
        (_("Ended"), summary["finished"] or ""),
        (_("Duration (s)"), str(summary["seconds"])),
        (_("Clock"), named(_CLOCKS, start["clock"])),
        (_("Files"), str(summary["files"])),
        (_("Folders"), str(summary["folders"])),
        (_("Violations"), str(summary["findings"])),
        *((_("Violations: {what}").format(what=named(SEVERITIES, word)), str(summary["by_severity"][word]))
          for word in SEVERITIES if summary["by_severity"].get(word)),
        (_("Exceptions approved"), str(summary["excepted"])),
        (_("Not looked at"), str(summary["gaps"])),
        *((_("Not looked at: {listed}").format(listed=named(REASONS, word)), str(count))
          for word, count in sorted(summary["gaps_by_reason"].items())),
        *((named(DETAILS, word), str(count)) for word, count in (summary.get("pii") or {}).items()),
        *([(_("Compared with the earlier report"), compared(summary))] if summary.get("baseline") else []),
        *([(_("Brought to the shared server"), brought(summary))] if summary.get("repatriated") else []),
        (_("Names in this report"), _("masked") if start.get("names") == "masked" else _("shown")),
        (_("Program"), f"dongle-cli {start['version']}"),
        (_("Exit code"), str(summary["exit"])),
    ]  # fmt: skip
    return [(name, shown(value)) for name, value in rows]
