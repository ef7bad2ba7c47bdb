"""Templates of gateways' files: @{name} is filled in, because $ means something in all of them."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from pathlib import Path

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _

_DATA = Path(__file__).with_name("data")
# What none of the products' configuration languages takes for anything but part of a word.
_PLAIN = re.compile(r"[^\x00-\x1f\x7f\"\\`${};#]*")


class _AtTemplate(string.Template):
    delimiter = "@"


def filled(name: str, blocks: Mapping[str, str] | None = None, **values: str) -> str:
    """The template `name` ("nginx/crl.conf") with its fields; DongleError `export.character` for one that could escape.

    A value comes from a register or a command line; a quote or a line break in it must not become configuration.
    `blocks` are configuration already: other templates, filled.
    """
    for value in values.values():
        plain(value)
    return _AtTemplate((_DATA / name).read_text(encoding="utf-8")).substitute(values, **(blocks or {}))


def plain(value: str) -> str:
    """`value`, if it can stand in quotes in every product's file."""
    if not _PLAIN.fullmatch(value):
        raise DongleError(
            _("{value} holds a character that a gateway's configuration would misread.").format(value=ascii(value)),
            code="export.character",
            hint=_("Leave out quotes, backslashes, line breaks, semicolons, braces, # and $."),
        )
    return value
