"""An earlier report to compare with: what is new, what is still there, what is solved."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from dongle_cli.audit.masking import Mask, top
from dongle_cli.audit.model import Finding, Gap
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _, reason

Key = tuple[str, str, str, str]


@dataclass(slots=True)
class Baseline:
    """The violations of an earlier run; each of this run's takes one of them off."""

    left: list[dict[str, Any]] = field(default_factory=list)
    _prints: Counter[str] = field(default_factory=Counter)
    _keys: Counter[Key] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    gaps: set[str] = field(default_factory=set)  # paths that this run could not look at: what was there is not solved
    mask: Mask | None = None  # of a report without names: this run's findings are compared under the same mask

    @classmethod
    def read(cls, path: Path) -> Baseline:
        """A JSON report, or the JSON lines of an earlier run; DongleError `usage.baseline` where it is neither."""
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            _refuse(path, reason(error))
        except UnicodeDecodeError as error:
            _refuse(path, str(error))
        start, findings = _parsed(path, text)
        found = [one for one in findings if one.get("verdict") == "violation"]
        if not all(isinstance(one.get("fingerprint"), str) and one["fingerprint"] for one in found):
            _refuse(path, _("a finding in it has no fingerprint"))
        prints = Counter(one["fingerprint"] for one in found)
        return cls(found, prints, Counter(map(_key, found)), mask=_mask(path, start))

    def compare(self, finding: Finding) -> str:
        """ "continuing" where the earlier run had it: the same fingerprint, or the same file with changed content."""
        word = "continuing" if self.still(finding) else "new"
        self.counts[word] += 1
        return word

    def still(self, finding: Finding) -> bool:
        """Whether the earlier run had it; then it is no solved one."""
        if self.mask is not None:
            finding = self.mask.finding(finding)
        key: Key = (finding.rule, finding.path, finding.member or "", finding.state.value)
        if self._prints[finding.fingerprint]:
            self._prints[finding.fingerprint] -= 1
        elif self._keys[key] <= 0:
            return False
        self._keys[key] -= 1
        return True

    def gap(self, gap: Gap) -> None:
        """What this run could not look at; under a mask, as a file's name and as a folder's."""
        if self.mask is None:
            self.gaps.add(gap.path)
        else:
            above = top(gap.target)
            self.gaps |= {self.mask.path(gap.path, above), self.mask.homes(gap.path, above)}

    def solved(self) -> tuple[list[dict[str, Any]], int]:
        """What the earlier run had and this one has no more, and how much of it this one could not look at."""
        keys = Counter({key: count for key, count in self._keys.items() if count > 0})
        gone, unseen = [], 0
        for one in self.left:
            key = _key(one)
            if keys[key] > 0:
                keys[key] -= 1
                if _hidden(str(one.get("path") or ""), self.gaps):
                    unseen += 1
                else:
                    gone.append(one)
        return gone, unseen


def _hidden(path: str, gaps: set[str]) -> bool:
    """Whether `path`, or a folder above it, is one that this run could not look at."""
    return any(path == gap or not gap or path.startswith((f"{gap}/", f"{gap}: ")) for gap in gaps)


def _key(one: dict[str, Any]) -> Key:
    return tuple(str(one.get(name) or "") for name in ("rule", "path", "member", "state"))  # type: ignore[return-value]


def _mask(path: Path, start: dict[str, Any]) -> Mask | None:
    """What a masked report's names were masked with; only the machine that wrote it can compare them."""
    if start.get("names") != "masked":
        return None
    mask = Mask.of_this_machine()
    if mask.id != start.get("mask"):
        _refuse(path, _("its names were masked on another machine, or by another person"))
    return mask


def _parsed(path: Path, text: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What opens a run, and the finding objects, of a whole report or of JSON lines that begin with `start`."""
    try:
        whole = json.loads(text)
    except ValueError:
        whole = None
    if isinstance(whole, dict) and isinstance(whole.get("findings"), list):
        return whole, [one for one in whole["findings"] if isinstance(one, dict)]
    try:
        lines = [json.loads(line) for line in text.splitlines() if line.strip()]
    except ValueError as error:
        _refuse(path, str(error))
    if not lines or not all(isinstance(line, dict) for line in lines) or lines[0].get("type") != "start":
        _refuse(path, _("it is no JSON report of an audit"))
    return lines[0], [line for line in lines if line.get("type") == "finding"]


def _refuse(path: Path, what: str) -> NoReturn:
    raise DongleError(
        _("The earlier report {path} cannot be used: {reason}.").format(path=path, reason=what.rstrip(".")),
        code="usage.baseline",
        hint=_("Give a report that was written with --report NAME.json, or the output of --format json."),
    )
