"""Text that is a table: three rows or more, all of one width, in an encoding that decodes."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

from dongle_cli.audit.identify.item import Item
from dongle_cli.audit.model import Gap, Hit

_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_HEAD = 4096  # bytes that the hot path has read
_MORE = 1 << 16  # bytes of a table whose rows are so long that the head holds too few of them
_ROWS = 3
_WIDEST = 400  # characters of a cell; what is longer is prose or data of programs
_LINES = re.compile(r"\r\n|\r|\n")  # and none of the others that `splitlines` knows: those stand in cells
# How programs begin their lines: markup, comments, preprocessors, decorators; "#1", "@sato", "<a@b.jp>" are people's.
_CODE = re.compile(r"\s*(?:}|//|/\*|--|[#@%](?!\w*$)|<(?![^<>/=\"]+>$))")
_PATH = re.compile(r"\s*(?:[A-Za-z]:|\\)\\")  # C:\ or \\server: what goes on in the next line ends with \ too
_NUMBER = re.compile(r"[-+.0-9A-Fa-fxXuUlL]*")


def look(item: Item) -> Iterator[Hit | Gap | Item]:
    """A table where it is one, else text; each only where the policy wants it."""
    wanted = item.budget.limits.kinds
    whole = len(item.head) < _HEAD
    text = decoded(item.head, whole=whole)
    if text is None:
        return
    if "csv" in wanted and not whole and len(_lines(text, whole=False)) <= _ROWS:
        file = item.open()
        file.seek(0)
        more = file.read(_MORE)
        whole = len(more) < _MORE
        text = decoded(more, whole=whole) or text
    if "csv" in wanted and is_table(text, whole=whole):
        yield item.hit("csv")
    elif "txt" in wanted and text.strip():
        yield item.hit("txt", "policy")


def decoded(head: bytes, *, whole: bool) -> str | None:
    """The text that `head` begins with; None where it is in none of the encodings that Japanese files have."""
    cut = 0 if whole else 3  # a character may be cut at the end
    for mark, name in _MARKS:
        if head.startswith(mark):
            return head[len(mark) :].decode(name.removesuffix("-sig"), "ignore")
    names = ("iso2022_jp",) if b"\x1b$" in head or b"\x1b(" in head else ("utf-8", "cp932", "euc_jp")
    for name in names:
        try:
            return head.decode(name)
        except UnicodeDecodeError as error:
            if error.start >= len(head) - cut and cut:
                return head[: error.start].decode(name)
    return None


def is_table(text: str, *, whole: bool) -> bool:
    """Whether every row has as many cells as the first, and there are three or more of them, two cells or more wide."""
    lines = _lines(text, whole=whole)
    if len(lines) < _ROWS:
        return False
    return any(_one_width(lines, mark, whole=whole) for mark in ",\t;" if mark in lines[0])


def _lines(text: str, *, whole: bool) -> list[str]:
    """The lines of `text`, without the one that is cut and without empty ones at the end."""
    lines = _LINES.split(text.rstrip("\x1a"))  # Ctrl-Z: how DOS ended a text
    if not whole:
        lines.pop()
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


def _one_width(lines: list[str], mark: str, *, whole: bool) -> bool:
    rows: list[list[str]] = []
    reader = csv.reader(lines, delimiter=mark, strict=True)
    try:
        for row in reader:
            rows.append(row)  # what came before an error counts
    except csv.Error:
        if whole or reader.line_num < len(lines):
            return False  # else what was read ends inside a quoted cell of several lines
    width = len(rows[0]) if rows else 0
    if len(rows) < _ROWS or width < 2 or any(len(row) != width for row in rows):
        return False
    if sum(max(map(len, row)) > _WIDEST for row in rows) * 4 > len(rows):
        return False
    if width == 2 and not any(row[0].strip() for row in rows):
        return False
    if not any(row[-1].strip() for row in rows) and _is_list(rows):
        return False
    ends = tuple({",", ";"} - {mark})
    return sum(_is_code(row, ends) for row in rows) * 4 < len(rows)


def _is_list(rows: list[list[str]]) -> bool:
    """Whether rows that all end with the mark are a list in a program: one column, aligned, or nothing but numbers."""
    if len(rows[0]) == 2:
        return True
    return all(cell[:1] in " \t" or _NUMBER.fullmatch(cell) for row in rows for cell in row[1:])


def _is_code(row: list[str], ends: tuple[str, ...]) -> bool:
    """Whether a program wrote it for a program: a bracket that opens in one cell closes in another, or never."""
    last = row[-1].rstrip()
    if _CODE.match(row[0]) or last.endswith(ends) or (last.endswith("\\") and not _PATH.match(last)):
        return True
    return any(cell.count(opens) > cell.count(closes) for cell in row for opens, closes in ("()", "[]", "{}"))
