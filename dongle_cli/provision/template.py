"""What may stand in a context: the rules for APN, user and password, and templates such as "{msisdn}@closed"."""

from __future__ import annotations

import re
import string
from collections.abc import Callable

from dongle_cli.i18n import _

USER_MAX = 127  # octets, the least that the modems' manuals allow
PASSWORD_MAX = 64
APN_MAX = 100  # octets, 3GPP TS 23.003 clause 9.1

_PRINTABLE = re.compile(r"[ !#-~]*")  # ASCII without the double quote, which would end the string of an AT command
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")


def apn_problem(apn: str) -> str | None:
    """What is wrong with `apn`, or None: dotted labels, as in a host name (TS 23.003 clause 9.1)."""
    if not apn or len(apn) > APN_MAX:
        return _("an APN has 1 to {max} characters").format(max=APN_MAX)
    if not re.fullmatch(r"[A-Za-z0-9.-]+", apn):
        return _("an APN holds only the letters A-Z a-z, digits, - and .")
    if apn[0].isdigit():
        return _("an APN does not start with a digit")
    if not all(_LABEL.fullmatch(label) for label in apn.split(".")):
        return _("each part between the dots has 1 to 63 characters and neither starts nor ends with -")
    return None


def credential_problem(value: str, limit: int) -> str | None:
    """What is wrong with a user name or password of at most `limit` octets, or None; never says the value."""
    if not _PRINTABLE.fullmatch(value):
        return _(
            'only ASCII without control characters and without " is allowed: anything else could end the AT command'
        )
    if not 1 <= len(value) <= limit:
        return _("1 to {max} characters are allowed").format(max=limit)
    return None


def fields_of(template: str) -> list[str]:
    """The names in braces in `template`, in order; "{{" stands for a brace; ValueError where one is left open."""
    names = []
    for _literal, name, spec, conversion in string.Formatter().parse(template):
        if name is None:
            continue
        if not name.isidentifier() or spec or conversion:
            raise ValueError(name)
        names.append(name)
    return names


def literal_of(template: str) -> str:
    """What `template` says by itself, without its fields."""
    return "".join(literal for literal, *_rest in string.Formatter().parse(template))


def fill(template: str, value_of: Callable[[str], str]) -> str:
    """`template` with each {name} replaced by `value_of(name)`; what comes in is not looked at for braces again."""
    parts = []
    for literal, name, _spec, _conversion in string.Formatter().parse(template):
        parts.append(literal)
        if name is not None:
            parts.append(value_of(name))
    return "".join(parts)
