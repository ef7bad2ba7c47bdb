"""SIM lists: every encoding Excel writes, every way a number gets lost, all mistakes at once, no secret said."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dongle_cli.errors import DongleError
from dongle_cli.identity import Iccid, luhn_valid
from dongle_cli.provision.fit import misfits, preview, require_fit
from dongle_cli.provision.profile import parse_profile
from dongle_cli.provision.profile_template import profile_template
from dongle_cli.provision.sims import Sims, load_sims

CANARY = "Kanarienvogel-88"
PIN = "0457"


def checked(body: str) -> str:
    """`body` with its Luhn digit."""
    return body + next(digit for digit in "0123456789" if luhn_valid(body + digit))


ICCIDS = [checked(f"898103000001262{n:03d}") for n in range(400, 420)]
IMEIS = [checked(f"86123456789{n:03d}") for n in range(20)]
HEADER = ["iccid", "imei", "user", "password", "pin", "new_pin", "msisdn", "asset_no", "realm"]


def row(n: int = 0, **changed: str) -> list[str]:
    values = {
        "iccid": ICCIDS[n],
        "imei": IMEIS[n],
        "user": f"u{n}",
        "password": f"{CANARY}-{n}",
        "pin": PIN,
        "new_pin": "87654321",
        "msisdn": "09012345678",
        "asset_no": f"A-{n:04d}",
        "realm": "closed.example",
    }
    return list((values | changed).values())


def write(path: Path, *rows: list[str], encoding: str = "utf-8", delimiter: str = ",") -> Path:
    text = "".join(delimiter.join(line) + "\r\n" for line in rows)
    path.write_bytes(text.encode(encoding))
    return path


def loaded(tmp_path: Path, *rows: list[str]) -> Sims:
    return load_sims(write(tmp_path / "sims.csv", HEADER, *rows))


def refused(path: Path) -> DongleError:
    with pytest.raises(DongleError) as caught:
        load_sims(path)
    error = caught.value
    said = str(error) + repr(error) + json.dumps(error.as_json(), ensure_ascii=False) + str(error.hint)
    assert CANARY not in said
    assert PIN not in said
    return error


def troubles(path: Path) -> list[tuple[int, str | None]]:
    error = refused(path)
    assert error.code == "sims.invalid"
    rows: Any = error.details["rows"]
    return [(one["row"], one["column"]) for one in rows]


def test_a_list_becomes_rows(tmp_path: Path) -> None:
    sims = loaded(tmp_path, row(0), row(1, imei="", pin="", new_pin="", asset_no=""))
    first, second = sims.rows
    assert (first.row, str(first.iccid), str(first.imei), first.user) == (2, ICCIDS[0], IMEIS[0], "u0")
    assert first.password and first.pin and first.new_pin
    assert (first.password.reveal(), first.pin.reveal(), first.new_pin.reveal()) == (f"{CANARY}-0", PIN, "87654321")
    assert (first.msisdn, first.asset_no, dict(first.fields)) == ("09012345678", "A-0000", {"realm": "closed.example"})
    assert (second.row, second.imei, second.pin, second.asset_no) == (3, None, None, None)
    assert CANARY not in repr(sims)


@pytest.mark.parametrize(
    ("encoding", "delimiter"),
    [("utf-8", ","), ("utf-8-sig", ";"), ("utf-16", "\t"), ("utf-16-le", "\t"), ("cp932", ","), ("cp932", "\t")],
)
def test_the_encodings_and_separators_of_excel(tmp_path: Path, encoding: str, delimiter: str) -> None:
    header = ["管理番号", "ＩＣＣＩＤ", "認証ID", "認証パスワード", "電話番号", "ＰＩＮ", "所属 コード"]
    line = ["端末①", ICCIDS[0], "u1", CANARY, "０９０-１２３４-５６７８", "０４５７", "土木㈱髙"]
    path = write(tmp_path / "a.csv", header, line, encoding=encoding, delimiter=delimiter)
    if encoding == "utf-16-le":  # as Excel does, with its byte order mark
        path.write_bytes(b"\xff\xfe" + path.read_bytes())
    (found,) = load_sims(path)
    assert (found.user, found.msisdn, found.pin and found.pin.reveal()) == ("u1", "09012345678", PIN)
    assert found.asset_no == "端末1"
    assert dict(found.fields) == {"所属_コード": "土木(株)髙"}


def test_quotes_blank_lines_and_excel_s_hint_line(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        f'sep=;\r\niccid;user;note\r\n;;\r\n"{ICCIDS[0]}";u1;"two\r\nlines"\r\n\t{ICCIDS[1]};u2;\r\n', "utf-8"
    )
    assert [(one.row, one.user) for one in load_sims(path)] == [(4, "u1"), (6, "u2")]


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("iccid", "8.98103E+18", "Excel"),
        ("iccid", '"8,98103E+18"', "Excel"),
        ("iccid", ICCIDS[0][:15] + "0000", "15th"),
        ("iccid", ICCIDS[0][:-1] + str((int(ICCIDS[0][-1]) + 1) % 10), "check digit"),
        ("iccid", ICCIDS[0][:12], "characters"),
        ("iccid", "", "empty"),
        ("imei", "8.61235E+14", "Excel"),
        ("imei", IMEIS[0][1:], "15 digits"),
        ("imei", IMEIS[0][:-1] + str((int(IMEIS[0][-1]) + 1) % 10), "check digit"),
        ("pin", "457", "leading zeros"),
        ("pin", "0", "leading zeros"),
        ("pin", "045a", "4 to 8"),
        ("pin", "123456789", "4 to 8"),
        ("new_pin", "12", "leading zeros"),
        ("msisdn", "9012345678", "leading zero"),
        ("msisdn", "2012345678", "leading zero"),
        ("msisdn", "110", "10 to 15"),
        ("user", "a b ", "blank"),
        ("user", "ｕ１", "ASCII"),
        ("password", f"{CANARY}\x1a", "ASCII"),
        ("password", f"{CANARY}東", "ASCII"),
        ("password", CANARY * 5, "64"),
        ("asset_no", "A" * 65, "64"),
        ("asset_no", "A\x07B", "no control characters"),
    ],
)
def test_a_damaged_value_is_named_with_row_and_column(tmp_path: Path, column: str, value: str, words: str) -> None:
    path = write(tmp_path / "a.csv", HEADER, row(0), row(1, **{column: value}), row(2))
    error = refused(path)
    assert error.code == "sims.invalid"
    assert [(one["row"], one["column"]) for one in error.details["rows"]] == [(3, column)]  # type: ignore[attr-defined]
    assert "row 3" in error.message
    assert words in error.message
    assert str(path) in error.message


@pytest.mark.parametrize("bad", ['"a""b"', '"a\nb"', '"a\rb"'])
def test_what_could_end_an_at_command_is_refused(tmp_path: Path, bad: str) -> None:
    for column in ("user", "password"):
        assert troubles(write(tmp_path / "a.csv", HEADER, row(0, **{column: bad}))) == [(2, column)]


def test_all_mistakes_are_told_together_and_nothing_is_taken(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", HEADER, row(0, pin="1", user=" x"), row(1), row(2, iccid="89", imei="1"))
    assert troubles(path) == [(2, "user"), (2, "pin"), (4, "iccid"), (4, "imei")]
    many = write(tmp_path / "b.csv", HEADER, *[row(n, pin="1") for n in range(15)])
    assert len(troubles(many)) == 15
    assert "5 more" in refused(many).message


def test_the_same_card_or_dongle_twice_is_refused(tmp_path: Path) -> None:
    twice = row(1, iccid=ICCIDS[0]), row(2, imei=IMEIS[0])
    assert troubles(write(tmp_path / "a.csv", HEADER, row(0), *twice)) == [(3, "iccid"), (4, "imei")]
    labelled = row(0, asset_no="PC-0001"), row(1, asset_no="PC-0002"), row(2, asset_no="PC-0001")
    assert troubles(write(tmp_path / "b.csv", HEADER, *labelled)) == [(4, "asset_no")]
    also_wrong = write(tmp_path / "c.csv", HEADER, row(0, pin="1"), row(1, iccid=ICCIDS[0]))
    assert troubles(also_wrong) == [(2, "pin"), (3, "iccid")]
    with_check_digit = checked(ICCIDS[0])
    path = write(tmp_path / "b.csv", HEADER, row(0), row(1, iccid=with_check_digit))
    assert troubles(path) == [(3, "iccid")]


def test_a_shifted_row_and_a_list_without_header_say_no_value(tmp_path: Path) -> None:
    assert troubles(write(tmp_path / "a.csv", HEADER, ["", *row(0)]))[-1] == (2, None)
    assert troubles(write(tmp_path / "b.csv", row(0), row(1))) == [(1, None)]
    assert troubles(write(tmp_path / "c.csv", ["iccid", CANARY, CANARY], [ICCIDS[0], "1", "2"]))[0] == (1, None)
    assert troubles(write(tmp_path / "d.csv", HEADER)) == [(1, None)]
    assert troubles(write(tmp_path / "e.csv")) == [(1, None)]
    assert troubles(write(tmp_path / "f.csv", HEADER, row(0, iccid=CANARY))) == [(2, "iccid")]


def test_a_column_that_is_named_like_a_secret_is_one(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.csv", ["iccid", "PUK", "暗証番号2", "Wi-Fi パスワード"], [ICCIDS[0], "12345678", CANARY, CANARY]
    )
    (found,) = load_sims(path)
    assert not found.fields
    assert set(found.secrets) == {"puk", "暗証番号2", "wi_fi_パスワード"}
    assert CANARY not in repr(found)
    assert CANARY not in json.dumps(found.open_fields())


def test_the_digest_covers_every_column_but_the_secrets(tmp_path: Path) -> None:
    first = loaded(tmp_path, row(0)).digest
    assert loaded(tmp_path, row(0, pin="9999", password="other", new_pin="1111")).digest == first
    assert loaded(tmp_path, row(0, realm="other")).digest != first


def test_a_card_is_found_with_and_without_its_check_digit(tmp_path: Path) -> None:
    sims = loaded(tmp_path, row(0), row(1))
    for digits in (ICCIDS[1], ICCIDS[1][:-1], checked(ICCIDS[1])):
        found = sims.by_iccid(Iccid(digits))
        assert found is not None
        assert str(found.iccid) == ICCIDS[1]
    assert sims.by_iccid(Iccid(ICCIDS[2])) is None
    assert sims.by_iccid(Iccid(ICCIDS[1][:-2])) is None


# Excel


def workbook(path: Path, *rows: list[Any], change: Callable[[Any], None] | None = None) -> Path:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for line in rows:
        sheet.append(line)
    if change:
        change(sheet)
    book.save(path)
    return path


def test_text_cells_are_read_as_they_stand(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", HEADER, row(0), [], row(1))
    assert [(one.row, str(one.iccid)) for one in load_sims(path)] == [(2, ICCIDS[0]), (4, ICCIDS[1])]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("iccid", int(ICCIDS[0])),
        ("pin", 457),
        ("pin", 4570),
        ("msisdn", 9012345678),
        ("password", 12345678),
        ("user", 12.5),
        ("user", "=A1"),
        ("realm", '=CONCATENATE("a","b")'),
    ],
)
def test_a_number_or_formula_where_text_belongs_is_refused(tmp_path: Path, column: str, value: object) -> None:
    line: list[Any] = row(0)
    line[HEADER.index(column)] = value
    error = refused(workbook(tmp_path / "a.xlsx", HEADER, line))
    assert [(one["row"], one["column"]) for one in error.details["rows"]] == [(2, column)]  # type: ignore[attr-defined]


def test_numbers_that_lose_nothing_are_taken(tmp_path: Path) -> None:
    line: list[Any] = row(0)
    line[HEADER.index("imei")] = int(IMEIS[0])
    line[HEADER.index("asset_no")] = 12
    (found,) = load_sims(workbook(tmp_path / "a.xlsx", HEADER, line))
    assert (str(found.imei), found.asset_no) == (IMEIS[0], "12")

    def padded(sheet: Any) -> None:
        sheet.cell(2, HEADER.index("asset_no") + 1).number_format = "0000"

    assert troubles(workbook(tmp_path / "b.xlsx", HEADER, line, change=padded)) == [(2, "asset_no")]


def test_what_the_excel_reader_says_does_not_stand_in_our_answer(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], recwarn: pytest.WarningsRecorder
) -> None:
    damaged = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(sound_workbook())) as sound, zipfile.ZipFile(damaged, "w") as out:
        for name in sound.namelist():
            out.writestr(name, b"<styleSheet/>" if name == "xl/styles.xml" else sound.read(name))
    (tmp_path / "a.xlsx").write_bytes(damaged.getvalue())
    try:
        load_sims(tmp_path / "a.xlsx")
    except DongleError as error:
        assert error.code == "sims.unreadable"
    assert capfd.readouterr() == ("", "")
    assert not recwarn.list


def test_files_that_are_no_list(tmp_path: Path) -> None:
    good = workbook(tmp_path / "a.xlsx", HEADER, row(0)).read_bytes()
    for name, raw in {
        "old.xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100),
        "half.xlsx": good[: len(good) // 2],
        "zip.xlsx": b"PK\x05\x06" + bytes(18),
        "binary.csv": bytes(range(256)),
        "nul.csv": b"iccid,user\0\n",
        "quote.csv": b'iccid,user\n"89"x,"\n',
    }.items():
        (tmp_path / name).write_bytes(raw)
        assert refused(tmp_path / name).code == "sims.unreadable"
    assert refused(tmp_path / "absent.csv").code == "sims.unreadable"
    assert refused(tmp_path).code == "sims.unreadable"


@given(st.one_of(st.binary(max_size=300), st.binary(max_size=200).map(lambda tail: b"iccid,pin\n" + tail)))
def test_any_bytes_give_a_list_or_an_error(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "a.csv").write_bytes(raw)
    try:
        load_sims(tmp_path / "a.csv")
    except DongleError as error:
        assert error.code in ("sims.invalid", "sims.unreadable")


@cache
def sound_workbook() -> bytes:
    """A file that is read without complaint; made once, because it holds the time."""
    book = openpyxl.Workbook()
    for line in (HEADER, row(0)):
        book.worksheets[0].append(line)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 8000), st.integers(0, 255)), min_size=1, max_size=8))
def test_a_damaged_workbook_gives_a_list_or_an_error(tmp_path: Path, damage: list[tuple[int, int]]) -> None:
    raw = bytearray(sound_workbook())
    for place, byte in damage:
        raw[place % len(raw)] = byte
    (tmp_path / "b.xlsx").write_bytes(raw)
    try:
        load_sims(tmp_path / "b.xlsx")
    except DongleError as error:
        assert error.code in ("sims.invalid", "sims.unreadable")


# Profile and list together

PROFILE = profile_template("p")


def test_a_profile_and_a_list_that_belong_together(tmp_path: Path) -> None:
    profile = parse_profile(PROFILE.replace('"{user}"', '"{user}@{realm}.{imsi}"').encode(), Path("p"))
    sims = loaded(tmp_path, row(0), row(1))
    assert misfits(profile, sims) == []
    assert preview(profile, sims.rows[0]) == {
        "row": 2,
        "iccid": ICCIDS[0],
        "user": "u0@closed.example.{imsi}",
        "password": "****",
    }


def test_rows_that_a_profile_cannot_serve_are_named_before_any_dongle_is_touched(tmp_path: Path) -> None:
    text = PROFILE.replace('"keep"', '"change"').replace('"8981*"', f'"{ICCIDS[0]}", "{ICCIDS[2][:-1]}?"')
    profile = parse_profile(text.encode(), Path("p"))
    sims = loaded(tmp_path, row(0, new_pin=""), row(1), row(2, password=""), row(3, iccid=ICCIDS[3], pin=""))
    assert [one.row for one in misfits(profile, sims)] == [2, 3, 4, 5, 5]
    with pytest.raises(DongleError) as caught:
        require_fit(profile, sims)
    assert caught.value.code == "sims.misfit"
    assert "row 4" in caught.value.message
