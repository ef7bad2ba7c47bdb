"""Reads policy files: TOML, every key and value checked, and what is wrong named with its line."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from dongle_cli.audit import globs
from dongle_cli.audit.identify.kinds import KINDS
from dongle_cli.audit.model import Severity
from dongle_cli.audit.places.words import WORDS as PLACES
from dongle_cli.audit.policy import Grant, Policy
from dongle_cli.audit.rules import CATALOGUE
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _, reason

SHIPPED = Path(__file__).with_name("policies")
T = TypeVar("T")


def names() -> list[str]:
    """The policies that come with the program."""
    return sorted(file.stem for file in SHIPPED.glob("*.toml"))


def load(name: str) -> Policy:
    """The shipped policy called `name`, or the file at that path; DongleError `usage.policy` says what is wrong."""
    shipped = SHIPPED / f"{name}.toml"
    path = shipped if re.fullmatch(r"[a-z0-9-]+", name) and shipped.is_file() else Path(name)
    if path is not shipped and not path.exists() and not path.suffix:
        raise DongleError(
            _("There is no policy {name}.").format(name=name),
            code="usage.policy",
            hint=_("Known: {names}; or the path of a TOML file.").format(names=", ".join(names())),
        )
    return _Reader(path).policy()


def load_exceptions(path: Path, policy: Policy) -> Policy:
    """`policy` with the exceptions of a file that holds nothing else added to its own."""
    reader = _Reader(path, exceptions=True)
    reader.only(reader.top, "", {"schema", "exception"})
    return replace(policy, grants=(*policy.grants, *reader.grants(policy.grants)))


class _Reader:
    """One file while it is read: its text for line numbers, its tables for values."""

    def __init__(self, path: Path, *, exceptions: bool = False) -> None:
        self.path = path
        self.exceptions = exceptions  # and no policy
        try:
            raw = path.read_bytes()
            self.text = raw.decode("utf-8-sig")
            self.top: dict[str, Any] = tomllib.loads(self.text)
        except OSError as error:
            self.refuse(reason(error))
        except ValueError as error:  # tomllib names line and column; bytes that are no UTF-8 come here too
            self.refuse(str(error))
        self.digest = hashlib.sha256(raw).hexdigest()
        if self.top.get("schema") != 1:
            self.refuse(_("schema = 1 is missing"), "schema")

    def refuse(self, what: str, key: str | None = None, table: str = "") -> NoReturn:
        line = self._line(key, table) if key else None
        where = f"{self.path}:{line}" if line else str(self.path)
        text = _("The policy {where} cannot be used: {reason}.")
        if self.exceptions:
            text = _("The exceptions file {where} cannot be used: {reason}.")
        raise DongleError(
            text.format(where=where, reason=what.rstrip(".")),
            code="usage.policy",
            hint=_("docs/audit.md explains every key."),
            line=line,
            key=key,
        )

    def _line(self, key: str, table: str) -> int | None:
        """Where `key` stands in its table, counted from 1; "exception#2" is the second table of that name."""
        table, _hash, wanted = table.partition("#")
        inside, count = not table, 0
        for number, line in enumerate(self.text.splitlines(), 1):
            if header := re.match(r"\s*\[+\s*([\w.\"-]+)\s*\]+", line):
                count += header[1] == table
                inside = header[1] == table and wanted in ("", str(count))
                if (inside and key == table) or header[1] == (f"{table}.{key}" if table else key):
                    return number
            elif inside and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[.=]", line):
                return number
        return None

    def only(self, table: dict[str, Any], name: str, known: set[str]) -> None:
        for key in table:
            if key not in known:
                self.refuse(
                    _("{key} is unknown (known here: {known})").format(key=key, known=", ".join(sorted(known))),
                    key,
                    name,
                )

    def take(self, table: dict[str, Any], name: str, key: str, kind: type[T], default: T) -> T:
        value = table.get(key, default)
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            self.refuse(
                _("{key} must be {kind}, not {value!r}").format(key=key, kind=_KINDS[kind](), value=value), key, name
            )
        if isinstance(value, int | float) and value < 0:
            self.refuse(_("{key} must not be negative").format(key=key), key, name)
        return value

    def table(self, name: str, known: set[str]) -> dict[str, Any]:
        table = self.take(self.top, "", name, dict, {})
        self.only(table, name, known)
        return table

    def words(self, table: dict[str, Any], name: str, key: str, default: list[str]) -> tuple[str, ...]:
        value = self.take(table, name, key, list, default)
        if not all(isinstance(word, str) and word for word in value):
            self.refuse(_("{key} must be a list of texts").format(key=key), key, name)
        return tuple(value)

    def policy(self) -> Policy:
        sections = {"documents", "severity", "rules", "sources", "exceptions", "exception", "title"}
        self.only(self.top, "", {"schema", "name", "version", "official_item", *sections})
        documents = self.table("documents", {"kinds", "places", "allow", "min_size", "min_age_days"})
        severity = self.table("severity", {"default", "places", "kinds", "rules"})
        rules = self.table("rules", {"run"})
        sources = self.table("sources", {"network"})
        exceptions = self.table("exceptions", {"warn_days"})
        title = self.table("title", {"en", "ja"})
        by_place, by_kind, by_rule = (self.severities(severity, key) for key in ("places", "kinds", "rules"))
        self.known(by_place, PLACES, "severity.places")
        self.known(by_kind, KINDS, "severity.kinds")
        self.known(by_rule, CATALOGUE, "severity.rules")
        places = self.words(documents, "documents", "places", ["*"])
        run = self.words(rules, "rules", "run", ["*"])
        self.known(places, PLACES, "documents", "places")
        self.known(run, CATALOGUE, "rules", "run")
        allow = self.words(documents, "documents", "allow", [])
        return Policy(
            name=self.take(self.top, "", "name", str, self.path.stem),
            version=self.take(self.top, "", "version", str, ""),
            digest=self.digest,
            title={key: self.take(title, "title", key, str, "") for key in title},
            kinds=self.kinds(self.words(documents, "documents", "kinds", ["*"])),
            places=places,
            allow=globs.compiled(allow),
            min_size=self.take(documents, "documents", "min_size", int, 0),
            min_age=self.take(documents, "documents", "min_age_days", float, 0.0),
            severity=self.severity(severity, "severity", "default", Severity.HIGH),
            by_place=by_place,
            by_kind=by_kind,
            by_rule=by_rule,
            rules=run,
            network=self.take(sources, "sources", "network", bool, False),
            warn_days=self.take(exceptions, "exceptions", "warn_days", int, 30),
            grants=self.grants(),
        )

    def kinds(self, patterns: tuple[str, ...]) -> frozenset[str]:
        """Words of kinds; "*" is every strong one, "family:mail" a family, "!" takes out; weak ones must be named."""
        found: set[str] = set()
        for pattern in patterns:
            bare = pattern.removeprefix("!")
            family = bare.removeprefix("family:")
            if family != bare:
                meant = {k.word for k in KINDS.values() if k.family == family and k.strong and k.is_document}
            elif set(bare) & set("*?["):
                meant = {k.word for k in KINDS.values() if k.strong and k.is_document and fnmatchcase(k.word, bare)}
            else:
                meant = {bare} if bare in KINDS and KINDS[bare].is_document else set()
            if not meant:
                self.refuse(_("{kind} is no kind of document").format(kind=bare), "kinds", "documents")
            found = found - meant if pattern.startswith("!") else found | meant
        return frozenset(found)

    def known(self, words: Iterable[str], names: Iterable[str], table: str, key: str | None = None) -> None:
        """Refuse a word, or a pattern, that names nothing: a typing error would otherwise switch something off."""
        names = list(names)
        for word in words:
            bare = word.removeprefix("!")
            if not any(fnmatchcase(name, bare) for name in names):
                near = get_close_matches(bare, names, n=3, cutoff=0.5)
                hint = _("{name} is not known").format(name=bare)
                if near:
                    hint = _("{name} is not known (did you mean {names}?)").format(name=bare, names=", ".join(near))
                self.refuse(hint, key or word, table)

    def severities(self, table: dict[str, Any], key: str) -> dict[str, Severity]:
        inner = self.take(table, "severity", key, dict, {})
        return {word: self.severity(inner, f"severity.{key}", word, Severity.HIGH) for word in inner}

    def severity(self, table: dict[str, Any], name: str, key: str, default: Severity) -> Severity:
        word = self.take(table, name, key, str, default.word)
        if word not in {one.word for one in Severity}:
            known = ", ".join(one.word for one in Severity)
            self.refuse(
                _("{key} must be one of {known}, not {value}").format(key=key, known=known, value=word), key, name
            )
        return Severity[word.upper()]

    def grants(self, others: tuple[Grant, ...] = ()) -> tuple[Grant, ...]:
        """The exceptions of the file; `others` are there already, and an id stands for one only."""
        listed = self.take(self.top, "", "exception", list, [])
        found: list[Grant] = []
        for number, one in enumerate(listed, 1):
            name = f"exception#{number}"
            if not isinstance(one, dict):
                self.refuse(_("no table"), "exception")
            found.append(self.grant(one, name))
            if any(other.id == found[-1].id for other in (*others, *found[:-1])):
                self.refuse(_("the exception {id} is there twice").format(id=found[-1].id), "id", name)
        return tuple(found)

    def grant(self, table: dict[str, Any], name: str) -> Grant:
        must = ("id", "reason", "approver", "expires")
        what = ("rule", "path", "kind", "place", "fingerprint")
        self.only(table, name, {*must, *what})
        said = table.get("id", "?")
        for key in must:
            if table.get(key) in (None, ""):
                self.refuse(_("the exception {id} has no {key}").format(id=said, key=key), "exception", name)
        if not any(table.get(key) for key in what):
            known = ", ".join(what)
            self.refuse(_("the exception {id} says nothing of {known}").format(id=said, known=known), "exception", name)
        expires = table["expires"]
        if isinstance(expires, datetime) or not isinstance(expires, date):
            self.refuse(
                _("expires of the exception {id} must be a date such as 2027-03-31").format(id=said), "expires", name
            )
        texts = {key: self.take(table, name, key, str, "") for key in (*must[:3], *what) if key in table}
        for key, names in (("rule", CATALOGUE), ("kind", KINDS), ("place", PLACES)):
            self.known([texts[key]] if key in texts else [], names, name, key)
        return Grant(**texts, expires=expires)


# What a value must be, for people.
_KINDS: dict[type, Callable[[], str]] = {
    str: lambda: _("a text"),
    int: lambda: _("a whole number"),
    float: lambda: _("a number"),
    bool: lambda: _("true or false"),
    list: lambda: _("a list"),
    dict: lambda: _("a table"),
}
