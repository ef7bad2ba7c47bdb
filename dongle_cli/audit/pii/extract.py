"""The text of a document, as far as its numbers need it: bounded, and honest about what cannot be read."""

from __future__ import annotations

import csv
import email
import email.policy
import io
import re
import struct
import zipfile
from collections.abc import Callable, Iterator
from typing import BinaryIO

from dongle_cli.audit.identify.signatures import BEFORE
from dongle_cli.audit.pii.numbers import Counts, Tally

_MOST = 64 * 1024 * 1024  # bytes of one document, unpacked; what is larger could not be measured
_ROWS = 5000  # of a table looked at in one piece
_OVERLAP = 200  # characters that two pieces of a text share, so that no number and no word is cut
_PIECE = 1024 * 1024


class Unmeasured(Exception):
    """The numbers of a document could not be counted; `reason` is a stable word of gaps."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason, detail)  # as it was made, so that it goes from process to process
        self.reason = reason
        self.detail = detail


def count_file(kind: str, file: BinaryIO) -> Counts:
    """The numbers in a document of this kind; Unmeasured where it is damaged, encrypted, too large or no such kind."""
    reader = _READERS.get(kind)
    if reader is None:
        raise Unmeasured("unsupported", kind)
    tally = Tally.empty()
    try:
        file.seek(0, io.SEEK_END)
        if file.tell() > _MOST:
            raise Unmeasured("limit", f"{file.tell()} bytes")
        file.seek(0)
        reader(file, tally)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError, RuntimeError, NotImplementedError) as error:
        raise Unmeasured("damaged", type(error).__name__) from error
    return tally.counts()


def _pieces(text: str) -> Iterator[str]:
    for start in range(0, max(1, len(text)), _PIECE):
        yield text[max(0, start - _OVERLAP) : start + _PIECE]


def _text(text: str, tally: Tally) -> None:
    for piece in _pieces(text):
        tally.text(piece)


def decoded(raw: bytes) -> str:
    """Text of an unknown Japanese encoding: a mark at its beginning, UTF-8, JIS with escapes, else CP932."""
    for mark, name in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if raw.startswith(mark):
            return raw.decode(name, "replace")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp932", "replace")
    return raw.decode("iso2022_jp", "replace") if "\x1b$" in text else text


def _plain(file: BinaryIO, tally: Tally) -> None:
    _text(decoded(file.read()), tally)


def _mail(file: BinaryIO, tally: Tally) -> None:
    for raw in re.split(rb"(?m)^From [^\r\n]*\r?\n", file.read()):
        for part in email.message_from_bytes(BEFORE.sub(b"", raw, count=1), policy=email.policy.compat32).walk():
            if part.get_content_maintype() == "text":
                body = part.get_payload(decode=True)
                if isinstance(body, bytes):
                    _text(_TAG.sub("", _PARAGRAPH.sub("\n", _as(body, part.get_content_charset()))), tally)


def _as(raw: bytes, charset: str | None) -> str:
    try:
        return raw.decode(charset or "ascii")
    except (LookupError, UnicodeDecodeError):
        return decoded(raw)


_ESCAPED = re.compile(rb"(?:\\'([0-9A-Fa-f]{2})|\\u(-?[0-9]{1,5}) ?\??)")


def _rtf(file: BinaryIO, tally: Tally) -> None:
    def plain(match: re.Match[bytes]) -> bytes:
        if match[1]:
            return bytes.fromhex(match[1].decode())
        return chr(int(match[2]) % 0x10000).encode("cp932", "replace")

    _text(_ESCAPED.sub(plain, file.read()).decode("cp932", "replace"), tally)


def _xls(file: BinaryIO, tally: Tally) -> None:
    try:
        import xlrd
        from xlrd.biffh import XLRDError
    except ImportError:
        raise Unmeasured("extra-missing", "pip install 'dongle-cli[pii]'") from None
    try:
        book = xlrd.open_workbook(file_contents=file.read(), on_demand=True, logfile=io.StringIO())
        for sheet in book.sheets():
            rows = ([_cell(value) for value in sheet.row_values(number)] for number in range(sheet.nrows))
            _tables(_also_text(rows, tally), tally)
    except (XLRDError, struct.error, IndexError, AssertionError, TypeError, AttributeError) as error:
        raise Unmeasured("damaged", type(error).__name__) from None


def _csv(file: BinaryIO, tally: Tally) -> None:
    text = decoded(file.read())
    _text(text, tally)
    try:
        dialect: type[csv.Dialect] | str = csv.Sniffer().sniff(text[:4096], delimiters=",;\t")
    except csv.Error:
        dialect = "excel"
    _tables(csv.reader(io.StringIO(text), dialect), tally)


def _tables(rows: Iterator[list[str]], tally: Tally) -> None:
    """Table by pieces, each under the first row: memory stays bounded, and a column of a piece still speaks."""
    try:
        first = next(rows, None)
        if first is None:
            return
        piece = [first]
        for row in rows:
            piece.append(row)
            if len(piece) > _ROWS:
                tally.table(piece)
                piece = [first]
        tally.table(piece)
    except csv.Error as error:
        raise Unmeasured("damaged", str(error)) from None


_TAG = re.compile(r"<[^>]*>")
_PARAGRAPH = re.compile(r"</(?:w:p|a:p|text:p|text:h|p|div|td|tr|li)>|<(?:w:tab|w:br|br)[ />]")


def _xml_parts(pattern: str) -> Callable[[BinaryIO, Tally], None]:
    wanted = re.compile(pattern)

    def read(file: BinaryIO, tally: Tally) -> None:
        with zipfile.ZipFile(file) as package:
            left = _MOST
            for info in package.infolist():
                if not wanted.search(info.filename):
                    continue
                with package.open(info) as part:
                    raw = part.read(left + 1)
                left -= len(raw)
                if left < 0:
                    raise Unmeasured("limit", info.filename)
                _text(_TAG.sub("", _PARAGRAPH.sub("\n", decoded(raw))), tally)

    return read


def _xlsx(file: BinaryIO, tally: Tally) -> None:
    from openpyxl import load_workbook

    with zipfile.ZipFile(file) as package:
        if sum(info.file_size for info in package.infolist()) > _MOST:
            raise Unmeasured("limit", "sheets")
    file.seek(0)
    book = load_workbook(file, read_only=True, data_only=True)
    try:
        for sheet in book.worksheets:
            rows = ([_cell(value) for value in values] for values in sheet.iter_rows(values_only=True))
            _tables(_also_text(rows, tally), tally)
    finally:
        book.close()


def _also_text(rows: Iterator[list[str]], tally: Tally) -> Iterator[list[str]]:
    """Each row is a text as well: in a form the label stands beside the number, not above it."""
    for row in rows:
        tally.text(" \n".join(cell for cell in row if cell))
        yield row


def _cell(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = "" if value is None else str(value)
    return text.zfill(12) if isinstance(value, int) and len(text) == 11 else text  # a number cell drops a leading zero


def _pdf(file: BinaryIO, tally: Tally) -> None:
    try:
        from pypdf import PdfReader
        from pypdf.errors import PyPdfError
    except ImportError:
        raise Unmeasured("extra-missing", "pip install 'dongle-cli[pii]'") from None
    try:
        document = PdfReader(file)
        if document.is_encrypted:
            raise Unmeasured("encrypted")
        for page in document.pages:
            tally.text(page.extract_text())
    except (PyPdfError, RecursionError, TypeError, AttributeError, IndexError) as error:
        raise Unmeasured("damaged", type(error).__name__) from None


def _runs(file: BinaryIO, tally: Tally) -> None:
    """Formats before OOXML keep their text as runs of one or two bytes a character, at any offset."""
    raw = file.read()
    for encoding, step in (("utf-16-le", 2), ("utf-16-be", 2), ("cp932", 1)):
        for start in range(step):
            _text(_NO_TEXT.sub("\n", raw[start:].decode(encoding, "replace")), tally)


_NO_TEXT = re.compile(r"[\x00-\x08\x0b-\x1f\ufffd]+")

_WORD = _xml_parts(r"^word/(document|header\d*|footer\d*|footnotes|endnotes|comments)\.xml$")
_SLIDES = _xml_parts(r"^ppt/(slides|notesSlides)/[^/]+\.xml$")
_OPEN = _xml_parts(r"^content\.xml$")
_EPUB = _xml_parts(r"\.x?html?$")
_READERS: dict[str, Callable[[BinaryIO, Tally], None]] = {
    **dict.fromkeys(("docx", "docm", "dotx", "dotm"), _WORD),
    **dict.fromkeys(("pptx", "pptm", "ppsx", "ppsm", "potx"), _SLIDES),
    **dict.fromkeys(("odt", "ods", "odp", "odg", "ott", "ots", "otp"), _OPEN),
    **dict.fromkeys(("xlsx", "xlsm", "xltx", "xltm"), _xlsx),
    **dict.fromkeys(("doc", "ppt", "jtd", "msg"), _runs),
    **dict.fromkeys(("eml", "mhtml", "mbox"), _mail),
    "txt": _plain,
    "rtf": _rtf,
    "xls": _xls,
    "csv": _csv,
    "pdf": _pdf,
    "epub": _EPUB,
}
