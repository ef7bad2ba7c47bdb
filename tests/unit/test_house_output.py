"""Tables and help pages: columns fit what a terminal shows, and nothing is ever cut."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dongle_cli.cli import output
from dongle_cli.cli.help import HelpFormatter, wrap
from dongle_cli.i18n import width

ICCID = "8981106537064300012"
TEXTS = st.text(st.sampled_from("abc 12、。「」設定しますドングル(,)"), max_size=120)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@given(TEXTS, st.integers(8, 90))
def test_wrapping_loses_nothing_and_fits(text: str, columns: int) -> None:
    lines = wrap(text, columns)
    assert "".join("".join(lines).split()) == "".join(text.split())
    for line in lines:
        # A word that is longer than the line, or brackets that must not be parted from it, may stick out.
        assert width(line) <= columns or " " not in line.strip()


def test_japanese_is_broken_between_characters_but_not_before_a_full_stop() -> None:
    assert wrap("ドングルを抜きます。", 18) == ["ドングルを抜", "きます。"], "not three characters alone"
    assert wrap("抜くか、挿します。", 10) == ["抜くか、挿", "します。"]
    assert wrap("「抜く」", 4) == ["「抜", "く」"]
    assert wrap("--format json を使います", 13) == ["--format json", "を使います"]


@pytest.mark.parametrize("columns", [30, 60, 120])
def test_a_table_never_cuts_a_number(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    stream = Terminal()
    output.table(
        ["ポート", "機種", "ICCID", "備考"],
        [["1-1", "Huawei E3372 (stick firmware)", ICCID, ""], ["1-10", "製造元の長い名前のドングル", ICCID, None]],
        to=stream,
    )
    text = stream.getvalue()
    assert text.count(ICCID) == 2
    assert "備考" not in text, "a column that is empty throughout"
    if columns == 60:
        assert all(width(line.removeprefix("\x1b[1m").removesuffix("\x1b[0m")) <= 60 for line in text.splitlines())


def test_a_table_in_a_pipe_is_plain_and_whole() -> None:
    stream = io.StringIO()
    output.table(["PORT", "NOTE"], [["1-1", ""], ["1-2", "a long note " * 20]], to=stream)
    lines = stream.getvalue().splitlines()
    assert lines[0] == "PORT  NOTE"
    assert lines[1] == "1-1"
    assert len(lines) == 3
    assert "\x1b" not in stream.getvalue()


def test_options_and_their_help_stand_in_two_columns() -> None:
    formatter = HelpFormatter(width=40)
    formatter.write_dl([("--lang [en|ja]", "説明とメッセージの言語です。どちらかを選びます。"), ("-q", "静かに。")])
    lines = formatter.getvalue().splitlines()
    assert lines[0].startswith("--lang [en|ja]  説明")
    assert lines[1].startswith(" " * 16)
    assert max(map(width, lines)) <= 40


def test_only_one_json_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    output.emit({"port": "1-1", "text": "二行\nです"})
    assert capsys.readouterr().out == '{"schema":1,"port":"1-1","text":"二行\\nです"}\n'


def test_a_question_without_a_terminal_is_an_error_that_names_the_flag(capsys: pytest.CaptureFixture[str]) -> None:
    from dongle_cli.errors import DongleError

    with pytest.raises(DongleError) as error:
        output.confirm("Change 3 dongles?", yes=False)
    assert (error.value.code, error.value.exit_code) == ("usage.confirm", 2)
    assert "--yes" in str(error.value.hint)
    assert output.confirm("Change 3 dongles?", yes=True)
    assert capsys.readouterr().out == ""
