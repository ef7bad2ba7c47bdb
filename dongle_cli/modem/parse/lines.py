"""What the parsers share: the text behind an information line's name, and numbers that may be absent."""

from __future__ import annotations

import re
from collections.abc import Sequence

_NAME = re.compile(r"\s*([+^*$#%!_]?[A-Za-z][A-Za-z0-9_]*)\s*:\s*(.*)", re.DOTALL)


def after(lines: Sequence[str], *names: str) -> list[str]:
    """What follows the colon of each line that starts with one of `names` ("+CPIN", "CCID"), blanks stripped."""
    found = [match for line in lines if (match := _NAME.match(line)) and match[1].upper() in names]
    return [match[2].strip() for match in found]


def plain(lines: Sequence[str]) -> list[str]:
    """The lines that are not empty, each without its `+NAME:` where it has one, blanks stripped."""
    bare = (re.sub(r"^\s*[+^*$#%!_][A-Za-z0-9_]+\s*:\s*", "", line) for line in lines)
    return [text for line in bare if (text := line.strip())]


def number(value: str | None, base: int = 10) -> int | None:
    """`value` as a number in `base`, quoted or not; None where it is empty or something else."""
    digits = (value or "").strip().strip('"').strip()
    pattern = r"-?[0-9]{1,18}" if base == 10 else r"(?:0[xX])?[0-9A-Fa-f]{1,16}"
    return int(digits, base) if re.fullmatch(pattern, digits, re.ASCII) else None


def at(fields: Sequence[str], index: int) -> str:
    """The field at `index`, or "" where the modem left it out."""
    return fields[index] if index < len(fields) else ""


def pack(**values: object) -> dict[str, object]:
    """The values that are there: a modem leaves fields out, and so do we."""
    return {name: value for name, value in values.items() if value is not None}
