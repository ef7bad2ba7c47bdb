"""Languages: gettext for our words and Click's, and the width of Japanese text on a terminal."""

from __future__ import annotations

import gettext as _gettext
import os
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

DOMAIN = "dongle_cli"
LANGUAGES = ("en", "ja")
_LOCALE_DIR = Path(__file__).with_name("locale")


def activate(lang: str | None = None) -> str:
    """Choose the language ("en" or "ja") for everything said from now on, and return it.

    Without `lang` the POSIX variables decide (LANGUAGE, LC_ALL, LC_MESSAGES, LANG). Must run before command modules are
    imported: their help texts are looked up at import.
    """
    chosen = lang or _from_environment()
    # Click looks its own strings up with gettext.gettext(), in the process's default domain: ours holds both.
    os.environ["LANGUAGE"] = chosen
    _gettext.bindtextdomain(DOMAIN, _LOCALE_DIR)
    _gettext.textdomain(DOMAIN)
    return chosen


@contextmanager
def speaking(lang: str) -> Iterator[None]:
    """Say what is inside in the other language: a document in both needs each once."""
    before = os.environ.get("LANGUAGE")
    os.environ["LANGUAGE"] = lang
    try:
        yield
    finally:
        if before is None:
            del os.environ["LANGUAGE"]
        else:
            os.environ["LANGUAGE"] = before


def _from_environment() -> str:
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")
        if value:
            return "ja" if value.lower().startswith("ja") else "en"
    return "en"


def _(message: str) -> str:
    """`message` in the chosen language; msgids are plain English sentences with named {fields}."""
    return _catalogue(os.environ.get("LANGUAGE")).gettext(message) if message else ""


@cache
def _catalogue(language: str | None) -> _gettext.NullTranslations:
    """The texts of a language; gettext's own functions would look for the file again with every single text."""
    return _gettext.translation(DOMAIN, _LOCALE_DIR, language.split(":") if language else None, fallback=True)


def N_(message: str) -> str:
    """Mark `message` for translation now, and translate it later, when the language is known: tables of texts."""
    return message


# What the C library says of files and connections; it has it in Japanese only where the machine's locale does.
_REASONS = (
    N_("No such file or directory"), N_("Permission denied"), N_("Operation not permitted"), N_("Is a directory"),
    N_("Not a directory"), N_("File exists"), N_("File name too long"), N_("Read-only file system"),
    N_("No space left on device"), N_("Disk quota exceeded"), N_("Too many open files"), N_("Input/output error"),
    N_("Address already in use"), N_("Cannot assign requested address"),
    N_("Connection refused"), N_("Connection reset by peer"), N_("Connection timed out"), N_("No route to host"),
    N_("Network is unreachable"), N_("Name or service not known"), N_("No such device"), N_("Device or resource busy"),
)  # fmt: skip


def reason(error: OSError) -> str:
    """Why the operating system refused, in the chosen language where it is one of the usual reasons."""
    return _(error.strerror or str(error))


def ngettext(singular: str, plural: str, n: int) -> str:
    """`singular` or `plural`, as the chosen language counts `n`."""
    return _catalogue(os.environ.get("LANGUAGE")).ngettext(singular, plural, n)


def width(text: str) -> int:
    """The columns `text` takes on a terminal: 2 for wide and full-width characters (UAX #11), 0 for combining ones."""
    columns = 0
    for char in text:
        if unicodedata.combining(char):
            continue
        columns += 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1
    return columns
