"""My Number and corporate numbers in text: check digit and evidence around it, because the digit alone proves little.

One random number of twelve digits in ten passes the check. So a number counts where words near it say what it is, or
where it stands in a column whose numbers all pass; a column of random ones passes for a tenth.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_MY_WORDS = re.compile(r"個人番号|マイナンバー|my ?number|通知カード", re.IGNORECASE)
_CORPORATE_WORDS = re.compile(r"法人番号|登録番号|適格請求書|インボイス|corporate number", re.IGNORECASE)
_NEAR = 50  # characters before and after a number in which words speak of it
# Twelve digits alone or in fours, never part of something longer; a corporate number has thirteen, with "T" or without.
_TWELVE = re.compile(r"(?<![0-9A-Za-z.,-])(?:[0-9]{12}|[0-9]{4}([- ])[0-9]{4}\1[0-9]{4})(?![0-9A-Za-z]|[.,-][0-9])")
_THIRTEEN = re.compile(r"(?<![0-9A-Za-z.,-])(T?)([0-9]{13}|[0-9](?:-[0-9]{4}){3})(?![0-9A-Za-z]|[.,-][0-9])")
_COLUMN = 5  # numbers from which a column speaks for itself
_GENUINE = 0.9  # the share of a column that has to pass


@dataclass(frozen=True, slots=True)
class Counts:
    """How many different numbers were found; `possible` ones pass the check and nothing speaks for or against them."""

    my_number: int = 0
    corporate_number: int = 0
    possible: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.my_number + other.my_number,
            self.corporate_number + other.corporate_number,
            self.possible + other.possible,
        )

    def __bool__(self) -> bool:
        return bool(self.my_number or self.corporate_number or self.possible)


def my_number_valid(digits: str) -> bool:
    """Whether twelve digits end in their check digit (Ministerial Order 85 of 2014 on the Number Act, article 5)."""
    if len(digits) != 12 or len(set(digits)) == 1:
        return False
    rest = (
        sum(int(digit) * weight for digit, weight in zip(digits, (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2), strict=False)) % 11
    )
    return int(digits[11]) == (0 if rest <= 1 else 11 - rest)


def corporate_number_valid(digits: str) -> bool:
    """Whether thirteen digits begin with their check digit (Ministry of Finance Order 70 of 2014, article 2)."""
    if len(digits) != 13:
        return False
    total = sum(int(digit) * (1 + index % 2) for index, digit in enumerate(reversed(digits[1:])))
    return int(digits[0]) == 9 - total % 9


@dataclass(slots=True)
class Tally:
    """Gathers what one document holds; numbers stay in memory as hashes of this process and are only counted."""

    _mine: set[int]
    _corporate: set[int]
    _possible: set[int]

    @classmethod
    def empty(cls) -> Tally:
        """Nothing found yet."""
        return cls(set(), set(), set())

    def text(self, text: str) -> None:
        """Count in running text: a number counts where words stand near it."""
        text = unicodedata.normalize("NFKC", text)
        for match in _TWELVE.finditer(text):
            digits = re.sub(r"\D", "", match[0])
            if my_number_valid(digits):
                near = text[max(0, match.start() - _NEAR) : match.end() + _NEAR]
                (self._mine if _MY_WORDS.search(near) else self._possible).add(hash(digits))
        for match in _THIRTEEN.finditer(text):
            digits = match[2].replace("-", "")
            if corporate_number_valid(digits):
                near = text[max(0, match.start() - _NEAR) : match.end() + _NEAR]
                if match[1] or _CORPORATE_WORDS.search(near):
                    self._corporate.add(hash(digits))

    def column(self, header: str, cells: Iterable[str]) -> None:
        """Count in one column of a table: its heading or its own numbers speak for it."""
        heading = unicodedata.normalize("NFKC", header)
        twelve: list[str] = []
        for cell in cells:
            plain = unicodedata.normalize("NFKC", cell).strip()
            if (found := _TWELVE.fullmatch(plain)) is not None:
                twelve.append(re.sub(r"\D", "", found[0]))
            elif (other := _THIRTEEN.fullmatch(plain)) is not None:
                digits = other[2].replace("-", "")
                if corporate_number_valid(digits) and (other[1] or _CORPORATE_WORDS.search(heading)):
                    self._corporate.add(hash(digits))
        valid = [hash(digits) for digits in twelve if my_number_valid(digits)]
        genuine = len(twelve) >= _COLUMN and len(valid) >= _GENUINE * len(twelve)
        (self._mine if genuine or _MY_WORDS.search(heading) else self._possible).update(valid)

    def table(self, rows: Sequence[Sequence[str]]) -> None:
        """Count in a table whose first row may be a heading."""
        if not rows:
            return
        for index in range(max(map(len, rows))):
            cells = [row[index] for row in rows if index < len(row)]
            self.column(rows[0][index] if index < len(rows[0]) else "", cells)

    def counts(self) -> Counts:
        """What was found so far; one number that stands in several places is one."""
        return Counts(len(self._mine), len(self._corporate), len(self._possible - self._mine))
