"""Keep the translations in step with the sources: `python tools/messages.py` updates every .po and compiles its .mo.

Our own texts come from `dongle_cli`, those of Click and Typer from the installed packages: gettext looks them all up
in one catalogue (see dongle_cli/i18n.py), so that no help page is half translated.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "dongle_cli" / "locale"
KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2)}
# What Click and Typer can never say in this program, as they wrap it in features that it does not use.
UNUSED = {"click/termui.py", "click/_termui_impl.py", "click/_winconsole.py", "typer/rich_utils.py", "typer/cli.py"}

# Only what gettext needs: dates and names in a header make every update a conflict.
HEADER = r"""msgid ""
msgstr ""
"Language: {language}\n"
"Plural-Forms: {plural}\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=utf-8\n"
"Content-Transfer-Encoding: 8bit\n"

"""


def sources() -> Iterator[tuple[str, Path]]:
    """The package trees that are searched for texts, each with the name it has in the catalogue's comments."""
    yield "dongle_cli", ROOT / "dongle_cli"
    for name in ("click", "typer"):
        spec = find_spec(name)
        if spec is None or spec.origin is None:
            raise SystemExit(f"{name} is not installed: run this with the project's own environment")
        yield name, Path(spec.origin).parent


def template() -> Catalog:
    """Every text of the sources."""
    catalog = Catalog(project="dongle-cli", charset="utf-8")
    for name, folder in sources():
        found = extract_from_dir(
            folder, [("**.py", "python")], keywords=KEYWORDS, comment_tags=("Translators:",), strip_comment_tags=True
        )
        for file, _line, message, comments, _context in found:
            if f"{name}/{file}" not in UNUSED:
                catalog.add(message, None, [(f"{name}/{file}", 0)], auto_comments=comments)
    return catalog


def catalogues() -> dict[str, Path]:
    """The .po file of every language but English, which is the sources' own."""
    return {path.parent.parent.name: path for path in sorted(LOCALE.glob("*/LC_MESSAGES/dongle_cli.po"))}


def read(language: str, path: Path) -> Catalog:
    """The translations into `language`."""
    with path.open("rb") as file:
        return read_po(file, locale=language, domain="dongle_cli")


def compiled(catalog: Catalog) -> bytes:
    """The .mo file of `catalog`: what gettext reads; the same bytes whenever it is made."""
    catalog.creation_date = catalog.revision_date = datetime(1970, 1, 1, tzinfo=UTC)  # Babel would put in this moment
    catalog.last_translator = catalog.language_team = catalog.msgid_bugs_address = "dongle-cli"
    buffer = io.BytesIO()
    write_mo(buffer, catalog, use_fuzzy=False)
    return buffer.getvalue()


def untranslated(catalog: Catalog) -> list[Message]:
    """Texts without a translation, or with one that was only guessed from a similar text."""
    return [m for m in catalog if m.id and (m.fuzzy or not _complete(m))]


def _complete(message: Message) -> bool:
    strings = message.string if isinstance(message.string, tuple | list) else (message.string,)
    return bool(strings) and all(strings)


def main() -> int:
    """Update and compile; 1 where a translation is missing."""
    missing = 0
    for language, path in catalogues().items():
        catalog = read(language, path)
        catalog.update(template(), no_fuzzy_matching=True, update_creation_date=False)
        catalog.obsolete.clear()
        buffer = io.BytesIO()
        write_po(buffer, catalog, width=120, sort_by_file=True, include_lineno=False, omit_header=True)
        path.write_bytes(HEADER.format(language=language, plural=catalog.plural_forms).encode() + buffer.getvalue())
        path.with_suffix(".mo").write_bytes(compiled(catalog))
        todo = untranslated(catalog)
        missing += len(todo)
        print(f"{language}: {len(catalog)} texts, {len(todo)} without translation")
        for message in todo:
            print(f"  {message.locations[0][0]}: {message.id!r}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
