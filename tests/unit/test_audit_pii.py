"""My Numbers are counted where evidence speaks for them, and never shown."""

from __future__ import annotations

import base64
import io
import random
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dongle_cli.audit.pii import Counts, Unmeasured, count_file
from dongle_cli.audit.pii.numbers import Tally, corporate_number_valid, my_number_valid


def by_the_order(eleven: str) -> str:
    """The check digit as the order writes it: P1 is the lowest digit, Qn is n+1 up to 6 and n-5 from 7 on."""
    total = sum(int(p) * (n + 1 if n <= 6 else n - 5) for n, p in enumerate(reversed(eleven), start=1))
    return "0" if total % 11 <= 1 else str(11 - total % 11)


def mine(seed: int) -> str:
    """A number that passes; from a generator, so that it is nobody's on purpose."""
    eleven = f"{random.Random(seed).randrange(10**11):011d}"
    return eleven + by_the_order(eleven)


def wrong(seed: int) -> str:
    number = mine(seed)
    return number[:-1] + str((int(number[-1]) + 1) % 10)


def corporate(seed: int) -> str:
    twelve = f"{random.Random(seed).randrange(10**12):012d}"
    return str(9 - sum(int(p) * (1 if n % 2 else 2) for n, p in enumerate(reversed(twelve), start=1)) % 9) + twelve


def counted(text: str) -> Counts:
    tally = Tally.empty()
    tally.text(text)
    return tally.counts()


def test_the_check_digits_are_those_of_the_orders() -> None:
    for seed in range(300):
        assert my_number_valid(mine(seed)) and not my_number_valid(wrong(seed))
        assert not my_number_valid(mine(seed)[:11])
        assert corporate_number_valid(corporate(seed))
    assert not my_number_valid("0" * 12)


def test_a_word_nearby_makes_a_number_one() -> None:
    number = mine(1)
    assert counted(f"個人番号: {number}") == Counts(my_number=1)
    assert counted(f"マイナンバー {number[:4]}-{number[4:8]}-{number[8:]}") == Counts(my_number=1)
    full = number.translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    assert counted(f"個人番号　{full}") == Counts(my_number=1)
    assert counted(f"伝票番号 {number}") == Counts(possible=1)
    assert counted(f"個人番号 {wrong(1)}") == Counts()
    assert counted("個人番号" + "あ" * 60 + number) == Counts(possible=1)


@pytest.mark.parametrize("around", ["9{}", "{}7", "X{}", "{}X", "12.{}", "{}-1234", "1234-{}", "0x{}"])
def test_a_part_of_something_longer_is_none(around: str) -> None:
    assert counted("個人番号 " + around.format(mine(2))) == Counts()


def test_corporate_numbers_are_told_apart() -> None:
    assert counted(f"法人番号 {corporate(3)}") == Counts(corporate_number=1)
    assert counted(f"登録番号 T{corporate(3)}、T{corporate(3)}") == Counts(corporate_number=1)
    assert counted(f"個人番号 {corporate(3)}") == Counts()


def test_a_column_speaks_for_itself_and_a_random_one_does_not() -> None:
    tally = Tally.empty()
    tally.table([["番号", "氏名"], *([mine(n), f"氏名{n}"] for n in range(40))])
    assert tally.counts() == Counts(my_number=40)
    dice = random.Random(7)
    tally = Tally.empty()
    tally.table([["伝票", "x"], *([f"{dice.randrange(10**12):012d}", "y"] for _ in range(400))])
    assert tally.counts().my_number == 0 and 10 < tally.counts().possible < 80
    tally = Tally.empty()
    tally.table([["マイナンバー"], [mine(1)], [wrong(2)]])
    assert tally.counts() == Counts(my_number=1)


def word(text: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", "<Types/>")
        runs = "".join(f"<w:r><w:t>{char}</w:t></w:r>" for char in text)  # Word cuts a number into runs
        package.writestr("word/document.xml", f"<w:document><w:p>{runs}</w:p></w:document>")
    return buffer.getvalue()


def sheet(as_number: bool) -> bytes:
    from openpyxl import Workbook

    book, buffer = Workbook(), io.BytesIO()
    assert book.active is not None
    book.active.append(["氏名", "個人番号"])
    for n in range(6):
        book.active.append([f"氏名{n}", int(mine(n)) if as_number else mine(n)])
    book.save(buffer)
    return buffer.getvalue()


LABEL = "個人番号 " + mine(5)
ESCAPED = "".join(f"\\'{byte:02x}" for byte in "個人番号".encode("cp932"))
SAMPLES: dict[str, Callable[[], bytes]] = {
    "docx": lambda: word(LABEL),
    "txt": lambda: LABEL.encode("cp932"),
    "csv": lambda: f"氏名,個人番号\r\n山田,{mine(5)}\r\n".encode("utf-8-sig"),
    "doc": lambda: b"\x00" * 513 + LABEL.encode("utf-16-le") + b"\x00" * 40,
    "jtd": lambda: b"TextV.01" + LABEL.encode("utf-16-be"),
    "rtf": lambda: f"{{\\rtf1\\ansi {ESCAPED} {mine(5)}}}".encode(),
    "eml": lambda: (
        b"From: a@b.example\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(LABEL.encode())
    ),
}


@pytest.mark.parametrize("kind", SAMPLES)
def test_documents_of_each_kind(kind: str) -> None:
    assert count_file(kind, io.BytesIO(SAMPLES[kind]())) == Counts(my_number=1)


@pytest.mark.parametrize("as_number", [False, True])
def test_a_workbook_by_its_column(as_number: bool) -> None:
    assert count_file("xlsx", io.BytesIO(sheet(as_number))) == Counts(my_number=6)


def test_what_cannot_be_measured_says_why() -> None:
    with pytest.raises(Unmeasured) as caught:
        count_file("xdw", io.BytesIO(b"abc"))
    assert caught.value.reason == "unsupported"
    with pytest.raises(Unmeasured) as caught:
        count_file("docx", io.BytesIO(word(LABEL)[:60]))
    assert caught.value.reason == "damaged"


@settings(max_examples=60)
@given(st.sampled_from([*SAMPLES, "xlsx", "xls", "pdf", "pptx", "odt"]), st.binary(max_size=300), st.integers(0, 400))
def test_any_bytes_give_counts_or_a_reason(kind: str, noise: bytes, at: int) -> None:
    raw = SAMPLES[kind]() if kind in SAMPLES else b"%PDF-1.4\n" if kind == "pdf" else b""
    try:
        assert isinstance(count_file(kind, io.BytesIO(raw[:at] + noise + raw[at:])), Counts)
    except Unmeasured as error:
        assert error.reason in {"damaged", "limit", "encrypted", "unsupported", "extra-missing"}
