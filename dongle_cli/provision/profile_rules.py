"""The rules of a profile as a table: each key, what it may hold, and what it is when left out."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from dongle_cli.i18n import _
from dongle_cli.provision.template import (
    PASSWORD_MAX,
    USER_MAX,
    apn_problem,
    credential_problem,
    fields_of,
    literal_of,
)
from dongle_cli.secrets import MASK, SecretRef

TABLES = ("context", "sim", "verify", "models")
REQUIRED = ("schema", "name", "version", "context.apn")
SECRET_KEYS = ("context.password",)
_SECRET_FIELDS = ("password", "pin", "new_pin", "puk")


Rule = Callable[[object], str | None]  # what is wrong with the value, or None


@dataclass(frozen=True)
class Problem:
    """One key that breaks a rule: which, the value as it may be shown, and what would be right."""

    key: str
    shown: str | None
    reason: str
    line: int = 0

    def at(self, line: int) -> Problem:
        """The same, with its line number."""
        return replace(self, line=line)

    def sentence(self) -> str:
        """What stands there and why it is refused; without a full stop, which Japanese writes otherwise."""
        key = self.key if self.key.isprintable() else ascii(self.key)
        if not key:
            return self.reason
        return f"{key}: {self.reason}" if self.shown is None else f"{key} = {self.shown}: {self.reason}"


def defaults() -> dict[str, object]:
    """What every key that may be left out stands for."""
    return {
        "context.cid": 1,
        "context.type": "IP",
        "context.auth": "none",
        "context.user": None,
        "context.password": None,
        "context.only": False,
        "sim.iccid": [],
        "sim.pin": "keep",
        "verify.register": True,
        "verify.timeout": 60.0,
        "models.allow": ["*"],
    }


def problems_in(data: dict[str, object]) -> list[Problem]:
    """Every rule that the parsed TOML `data` breaks, in no promised order; empty means that it may be used."""
    rules = _rules()
    problems: list[Problem] = []
    flat: dict[str, object] = {}
    for key, value in data.items():
        if key in TABLES and isinstance(value, dict):
            flat.update({f"{key}.{name}": inner for name, inner in value.items()})
        elif key in TABLES:
            problems.append(Problem(key, None, _("[{table}] is a table").format(table=key)))
        else:
            flat[key] = value
    for key, value in flat.items():
        check = rules.get(key)
        # The value of an unknown key is not shown: it may be a password under a misspelt name.
        reason = check(value) if check else _unknown(key, rules)
        if reason:
            problems.append(Problem(key, _shown(key, value) if check else None, reason))
    problems += [Problem(key, None, _("is missing")) for key in REQUIRED if key not in flat]
    return problems or _together(defaults() | flat)


def _together(flat: dict[str, object]) -> list[Problem]:
    """What is wrong between keys that are each right."""
    names = ("user", "password")
    given = [f"context.{name}" for name in names if flat[f"context.{name}"] is not None]
    if flat["context.auth"] == "none":
        return [Problem(key, _shown(key, flat[key]), _('auth = "none" has no user and no password')) for key in given]
    missing = [f"context.{name}" for name in names if f"context.{name}" not in given]
    reason = _('is missing, auth = "{auth}" needs it').format(auth=flat["context.auth"])
    return [Problem(key, None, reason) for key in missing]


def _unknown(key: str, rules: dict[str, Rule]) -> str:
    table = key.split(".")[0] if key.split(".")[0] in TABLES else ""
    known = [name for name in rules if name.rpartition(".")[0] == table] + ([] if table else list(TABLES))
    return _("no such key; known are: {keys}").format(keys=", ".join(known))


def _shown(key: str, value: object) -> str:
    if key in SECRET_KEYS:
        return MASK
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value.isprintable() and '"' not in value:
        text = f'"{value}"'
    else:
        try:
            text = repr(value)
        except ValueError:  # a number of more than 4300 digits
            return "..."
    return text if len(text) <= 120 else text[:117] + "..."


def _rules() -> dict[str, Rule]:
    return {
        "schema": _one_of(1),
        "name": _text(64),
        "version": _text(64),
        "context.cid": _number(1, 16, whole=True),
        "context.apn": lambda value: apn_problem(value) if isinstance(value, str) else _("must be text"),
        "context.type": _one_of("IP", "IPV6", "IPV4V6"),
        "context.auth": _one_of("none", "pap", "chap"),
        "context.user": _user,
        "context.password": _password,
        "context.only": _one_of(True, False),
        "sim.iccid": _texts(r"[0-9A-Fa-f*?]{1,20}", _('a list of ICCIDs with * and ?, such as ["8981*"]')),
        "sim.pin": _one_of("keep", "disable", "change"),
        "verify.register": _one_of(True, False),
        "verify.timeout": _number(1, 600),
        "models.allow": _texts(
            r"[A-Za-z0-9_.*?-]{1,64}", _('a list of model names with * and ?, such as ["huawei-*"]'), least=1
        ),
    }


def _one_of(*allowed: object) -> Rule:
    words = ", ".join(_shown("", value) for value in allowed)

    def check(value: object) -> str | None:
        right = any(type(value) is type(one) and value == one for one in allowed)
        return None if right else _("allowed: {values}").format(values=words)

    return check


def _number(least: int, most: int, *, whole: bool = False) -> Rule:
    def check(value: object) -> str | None:
        kinds = (int,) if whole else (int, float)
        if type(value) in kinds and least <= value <= most:  # type: ignore[operator]
            return None
        text = (
            _("allowed: a whole number from {least} to {most}")
            if whole
            else _("allowed: a number from {least} to {most}")
        )
        return text.format(least=least, most=most)

    return check


def _text(limit: int) -> Rule:
    def check(value: object) -> str | None:
        if isinstance(value, str) and 1 <= len(value) <= limit and value.isprintable() and value.strip() == value:
            return None
        return _("allowed: text of 1 to {max} characters, no control characters").format(max=limit)

    return check


def _texts(pattern: str, allowed: str, *, least: int = 0) -> Rule:
    def check(value: object) -> str | None:
        texts = value if isinstance(value, list) else [None]
        if len(texts) >= least and all(isinstance(one, str) and re.fullmatch(pattern, one) for one in texts):
            return None
        return _("allowed: {values}").format(values=allowed)

    return check


def _user(value: object) -> str | None:
    if not isinstance(value, str):
        return _("must be text")
    problem, names = _template_problem(value, USER_MAX)
    if problem is None and any(name in _SECRET_FIELDS for name in names):
        return _("a secret does not belong in a user name, which is shown and recorded")
    return problem


def _password(value: object) -> str | None:
    if not isinstance(value, str):
        return _("must be text")
    if SecretRef.parse(value):
        return None
    return _template_problem(value, PASSWORD_MAX)[0]


def _template_problem(value: str, limit: int) -> tuple[str | None, list[str]]:
    try:
        names = fields_of(value)
    except ValueError:
        return _("braces hold the name of a column, such as {user}; a brace itself is written {{ or }}"), []
    literal = literal_of(value)
    return (credential_problem(literal, limit) if literal or not names else None), names
