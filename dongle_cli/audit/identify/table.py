"""Text that is a table: three rows or more, all of one width, in an encoding that decodes."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

from dongle_cli.audit.identify.item import Item
from dongle_cli.audit.model import Gap, Hit

_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_ROWS = 3
_WIDEST = 400  # characters of a cell; what is longer is prose or data of programs
# What programs write for programs: brackets, statements, markup; no table of people begins or ends its rows like that.
_CODE = re.compile(r"^\s*(?:[\[{}<#@%]|//|/\*|--)|[{}\[\\]\s*$|\w\(.*\)\s*;?\s*$")


def look(item: Item) -> Iterator[Hit | Gap | Item]:
    """A table where it is one, else text; each only where the policy wants it."""
    wanted = item.budget.limits.kinds
    text = decoded(item.head, whole=len(item.head) < 4096)
    if text is None:
        return
    if "csv" in wanted and is_table(text, whole=len(item.head) < 4096):
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
    lines = text.splitlines()
    if not whole and lines:
        lines.pop()  # cut somewhere
    while lines and not lines[-1].strip():
        lines.pop()
    if len(lines) < _ROWS:
        return False
    return any(_one_width(lines, mark) for mark in ",\t;" if mark in lines[0])


def _one_width(lines: list[str], mark: str) -> bool:
    try:
        rows = list(csv.reader(lines, delimiter=mark, strict=True))
    except csv.Error:
        return False
    width = len(rows[0])
    if len(rows) < _ROWS or width < 2:
        return False
    if any(len(row) != width or max(map(len, row)) > _WIDEST for row in rows):
        return False
    if not any(row[-1].strip() for row in rows):  # each line ends with the mark: a list in a program
        return False
    ends = tuple({",", ";"} - {mark})
    code = sum(1 for line in lines if _CODE.search(line) or line.endswith(ends))
    return code * 4 < len(lines)
