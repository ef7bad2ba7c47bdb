"""Help pages whose columns fit: Click counts characters, a terminal columns, and Japanese has no spaces."""

from __future__ import annotations

from collections.abc import Iterable

import click

from dongle_cli.i18n import width

# What must not begin a line, and what must not end one (the common part of JIS X 4051's line breaking rules).
_NEVER_FIRST = set("、。，．・：；？！）」』】〕〉》ーぁぃぅぇぉっゃゅょァィゥェォッャュョ%,.:;?!)]}")
_NEVER_LAST = set("（「『【〔〈《([{")
_LONELY = 8  # columns: a last line of less than that is three characters, and better joined by a few more


def wrap(text: str, columns: int) -> list[str]:
    """Break `text` into lines of at most `columns` display columns, at spaces or between wide characters.

    A Japanese paragraph that would leave two or three characters alone on its last line is broken a little earlier.
    """
    lines: list[str] = []
    for paragraph in text.split("\n"):
        parts = pieces(paragraph)
        broken = _fill(parts, columns)
        narrower = columns
        while len(broken) > 1 and not broken[-1].isascii() and width(broken[-1]) < _LONELY < narrower:
            narrower -= 1
            again = _fill(parts, narrower)
            if len(again) > len(broken):
                break
            broken = again
        lines += broken
    return lines


def _fill(parts: list[str], columns: int) -> list[str]:
    lines: list[str] = []
    line = ""
    for piece in parts:
        if line and width(line) + width(piece.rstrip()) > columns:
            lines.append(line.rstrip())
            line = piece.lstrip()
        else:
            line += piece
    return [*lines, line.rstrip()]


def pieces(text: str) -> list[str]:
    """`text` in pieces that a line may break between: words with their space, single wide characters."""
    found: list[str] = []
    for char in text:
        joined = bool(found) and (
            char in _NEVER_FIRST
            or char == " "
            or found[-1][-1] in _NEVER_LAST
            or (width(char) < 2 and width(found[-1][-1]) < 2 and not found[-1].endswith(" "))
        )
        if joined:
            found[-1] += char
        else:
            found.append(char)
    return found


class HelpFormatter(click.HelpFormatter):
    """Click's help page, wrapped by display width."""

    def write_text(self, text: str) -> None:
        """Paragraphs (separated by empty lines) wrapped; one that starts with `\\b` stays as it is."""
        indent = " " * self.current_indent
        blocks = []
        for block in text.split("\n\n"):
            if block.lstrip().startswith("\b"):
                lines = block.lstrip().removeprefix("\b").strip("\n").splitlines()
            else:
                lines = wrap(" ".join(part.strip() for part in block.splitlines()), self.width - self.current_indent)
            blocks.append("\n".join(f"{indent}{line}" for line in lines))
        self.write("\n\n".join(blocks) + "\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Two columns: terms, and their explanations wrapped beside them."""
        rows = list(rows)
        first = min(max((width(term) for term, _text in rows), default=0), col_max) + col_spacing
        for term, text in rows:
            head = f"{'':>{self.current_indent}}{term}"
            if not text:
                self.write(f"{head}\n")
                continue
            margin = " " * (first + self.current_indent)
            lines = wrap(text, max(self.width - len(margin), 20))
            if width(term) + col_spacing <= first:
                self.write(head + " " * (first - width(term)) + f"{lines[0]}\n")
                lines = lines[1:]
            else:
                self.write(f"{head}\n")
            for line in lines:
                self.write(f"{margin}{line}\n")


class Context(click.Context):
    """Click's context with our help page."""

    formatter_class = HelpFormatter
