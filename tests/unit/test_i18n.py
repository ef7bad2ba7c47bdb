"""The Japanese catalogue: complete, in step with the sources, and compiled."""

from __future__ import annotations

import ast
import gettext
import os
import re
import string
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message

from dongle_cli import i18n
from dongle_cli.cli.commands import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import messages  # noqa: E402


@pytest.fixture(scope="module")
def japanese() -> Catalog:
    return messages.read("ja", messages.catalogues()["ja"])


@pytest.fixture(scope="module")
def template() -> Catalog:
    return messages.template()


def ids(catalog: Catalog) -> set[str]:
    return {str(message.id) for message in catalog if message.id}


def fields(text: str) -> set[str]:
    """The {fields} of a text, and its %(names)s."""
    return {name for _text, name, _spec, _conv in string.Formatter().parse(text) if name is not None} | set(
        re.findall(r"%\((\w+)\)s", text)
    )


def pairs(catalog: Catalog) -> list[tuple[Message, list[str], list[str]]]:
    """Each message with its English and its Japanese forms."""
    found = []
    for message in catalog:
        if message.id:
            english = list(message.id) if isinstance(message.id, tuple | list) else [message.id]
            forms = message.string if isinstance(message.string, tuple | list) else [message.string]
            found.append((message, english, [form or "" for form in forms]))
    return found


def test_every_text_of_the_sources_is_there_and_no_other(japanese: Catalog, template: Catalog) -> None:
    assert ids(template) - ids(japanese) == set(), "run: make messages"
    assert ids(japanese) - ids(template) == set(), "run: make messages"


def test_no_text_hides_inside_an_f_string() -> None:
    """Where the extraction does not look: such a text would stay English for ever."""
    hidden = []
    for path in sorted(Path(i18n.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            calls = (
                [call for call in ast.walk(node) if isinstance(call, ast.Call)]
                if isinstance(node, ast.JoinedStr)
                else []
            )
            hidden += [
                f"{path.name}:{call.lineno}"
                for call in calls
                if isinstance(call.func, ast.Name)
                and call.func.id in ("_", "N_", "ngettext")
                and isinstance(call.args[0], ast.Constant)
            ]
    assert not hidden


def test_every_text_is_translated(japanese: Catalog) -> None:
    assert [message.id for message in messages.untranslated(japanese)] == []


def test_placeholders_are_the_same(japanese: Catalog) -> None:
    for message, english, forms in pairs(japanese):
        for form in forms:
            if "python-brace-format" in message.flags or "%(" in english[0]:
                # Japanese has one form for all counts: it takes the fields of the English plural.
                assert fields(form) == fields(english[-1]), message.id


def test_the_compiled_catalogue_is_in_step(japanese: Catalog) -> None:
    compiled = messages.catalogues()["ja"].with_suffix(".mo")
    assert compiled.read_bytes() == messages.compiled(japanese), "run: make messages"


def test_japanese_is_polite_and_free_of_half_width_kana(japanese: Catalog) -> None:
    for _message, _english, forms in pairs(japanese):
        for form in forms:
            assert not re.search(r"[ｦ-ﾟ]", form), form
            assert "！" not in form, form


def test_codes_and_commands_stay_as_they_are(japanese: Catalog) -> None:
    names = "|".join(COMMANDS)
    for _message, english, forms in pairs(japanese):
        for word in re.findall(rf"(?<![\w-])--[a-z][a-z-]+|DONGLE_[A-Z]+|dongle-cli(?: (?:{names})\b)?", english[-1]):
            assert word in forms[0], (word, english[-1])


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"LANG": "ja_JP.UTF-8"}, "ja"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LANG": "ja_JP.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANGUAGE": "ja:en", "LANG": "en_US.UTF-8"}, "ja"),
        ({}, "en"),
    ],
)
def test_the_language_is_the_environments(variables: dict[str, str], expected: str) -> None:
    keep = {key: os.environ[key] for key in ("PATH",) if key in os.environ}
    result = subprocess.run(
        [sys.executable, "-m", "dongle_cli", "--help"],
        env=keep | variables | {"PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ("使い方" in result.stdout) == (expected == "ja")


def test_a_terminal_that_cannot_show_japanese_is_no_crash() -> None:
    keep = {key: os.environ[key] for key in ("PATH",) if key in os.environ}
    result = subprocess.run(
        [sys.executable, "-m", "dongle_cli", "--lang", "ja", "--help"],
        env=keep | {"PYTHONIOENCODING": "latin-1:strict", "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "\\u4f7f" in result.stdout


def test_display_width() -> None:
    assert i18n.width("abc") == 3
    assert i18n.width("台帳") == 4
    assert i18n.width("ｱ") == 1
    assert i18n.width("か\u3099") == 2


def test_gettext_finds_clicks_words_in_our_catalogue() -> None:
    folder = ROOT / "dongle_cli" / "locale"
    catalogue = gettext.translation(i18n.DOMAIN, folder, languages=["ja"])
    assert catalogue.gettext("Usage:") == "使い方:"
    assert catalogue.gettext("Show this message and exit.") != "Show this message and exit."
