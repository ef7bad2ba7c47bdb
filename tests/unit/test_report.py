"""Run reports: what a spreadsheet would spoil stays whole, and nothing in a cell is ever run."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import openpyxl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dongle_cli.errors import DongleError, ExitCode
from dongle_cli.provision.outcome import Outcome
from dongle_cli.provision.report import RunInfo, counts, guarded, report_kind, write_report
from dongle_cli.provision.sims import load_sims

INFO = RunInfo("20261123-093501-3fa2c1", "pref-closed", "2026.11", "県庁 太郎", "検査 花子", "bench-1")
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
ICCID = "8981030000012624000"
IMEI = "011234567890100"
OUTCOMES = [
    Outcome(
        port="1-2",
        asset_no="0012",
        imei=IMEI,
        iccid=ICCID,
        result="ok",
        seconds=3.21,
        proven={"password": "attach"},
        evidence="/data/evidence/0012_provision.json",
        started="2026-11-23T18:35:01.000+09:00",
    ),
    Outcome(port="1-3", asset_no='=HYPERLINK("http://x")', code="sim.absent", message="SIM が\nない\x07", hint="-1+1"),
    Outcome(port="1-4.1", asset_no="@SUM(A1)", result="skipped"),
    Outcome(port="1-5", asset_no="+1", result="already"),
]


def read_csv(path: Path) -> list[list[str]]:
    raw = path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.count(b"\n") == raw.count(b"\r\n")
    return list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))


def test_csv_says_everything_and_guards_what_a_spreadsheet_would_spoil(tmp_path: Path) -> None:
    write_report(OUTCOMES, tmp_path / "r.csv", INFO)
    head, first, second, third, _fourth = read_csv(tmp_path / "r.csv")
    line = dict(zip(head, first, strict=True))
    assert (line["ICCID"], line["IMEI"], line["Asset number"], line["Port"]) == (
        f"\t{ICCID}", f"\t{IMEI}", "\t0012", "\t1-2",
    )  # fmt: skip
    assert (line["Duration (s)"], line["Started"], line["Verdict"]) == ("3.2", "2026-11-23T18:35:01.000+09:00", "pass")
    assert (line["Password proven by"], line["Evidence file"]) == ("attach", "\t0012_provision.json")
    assert dict(zip(head, second, strict=True))["Message"] == "SIM が ない"
    assert dict(zip(head, second, strict=True))["Verdict"] == "fail"
    assert dict(zip(head, third, strict=True))["Verdict"] == "not done"


@given(st.text(max_size=20))
def test_no_text_begins_like_a_number_date_or_formula(text: str) -> None:
    shown = guarded(text)
    assert shown.lstrip("\t") == text.lstrip("\t")
    assert not shown or shown[0] not in "=+-@0123456789"


@settings(max_examples=40)
@given(st.text(max_size=40), st.text(max_size=40), st.sampled_from(["csv", "xlsx"]))
@example("\uffff", "\ufffe\ud800", "xlsx")  # no characters, though Unicode counts them: XML has none of them
def test_any_text_can_be_reported(tmp_path: Path, asset: str, message: str, kind: str) -> None:
    path = tmp_path / f"r.{kind}"
    write_report([Outcome(port="1-1", asset_no=asset, message=message)], path, INFO)
    if kind == "csv":
        assert len(read_csv(path)) == 2
    else:
        assert openpyxl.load_workbook(path)["data"].max_row == 2


def test_the_data_sheet_is_for_machines(tmp_path: Path) -> None:
    write_report(OUTCOMES, tmp_path / "r.xlsx", INFO)
    sheet = openpyxl.load_workbook(tmp_path / "r.xlsx")["data"]
    assert not sheet.merged_cells.ranges
    assert (sheet.max_row, len({cell.value for cell in sheet[1]})) == (5, sheet.max_column)
    columns = {cell.value: cell.column for cell in sheet[1]}
    for name, value in {"ICCID": ICCID, "IMEI": IMEI, "Asset number": "0012"}.items():
        cell = sheet.cell(2, columns[name])
        assert (cell.value, cell.data_type, cell.number_format) == (value, "s", "@")
    duration = sheet.cell(2, columns["Duration (s)"])
    assert (duration.value, duration.data_type) == (3.2, "n")
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n"}
    assert sheet.cell(3, columns["Asset number"]).value == '=HYPERLINK("http://x")'
    assert all("\n" not in cell.value for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str))


def test_the_sheet_for_paper_counts_and_names_who_did_it(tmp_path: Path) -> None:
    write_report(OUTCOMES, tmp_path / "r.xlsx", INFO)
    sheet = openpyxl.load_workbook(tmp_path / "r.xlsx").worksheets[1]
    said = {row[0].value: row[1].value for row in sheet.iter_rows(min_row=1, max_row=11)}
    assert (said["Dongles"], said["Passed"], said["Failed"], said["Not done"]) == (4, 2, 1, 1)
    assert (said["Operator"], said["Checker"], said["Profile"]) == ("県庁 太郎", "検査 花子", "pref-closed 2026.11")
    assert sheet.column_dimensions["D"].width > len(ICCID)
    assert [number for _name, number in counts([])] == [0, 0, 0, 0]


def test_our_own_report_can_be_read_as_a_list_again(tmp_path: Path) -> None:
    for name in ("r.csv", "r.xlsx"):
        write_report(OUTCOMES[:1], tmp_path / name, INFO)
        (found,) = load_sims(tmp_path / name)
        assert (str(found.iccid), str(found.imei), found.asset_no) == (ICCID, IMEI, "0012")


def test_a_report_replaces_an_older_one_whole(tmp_path: Path) -> None:
    for name in ("r.csv", "r.xlsx"):
        (tmp_path / name).write_bytes(b"old" * 100_000)
        write_report(OUTCOMES, tmp_path / name, INFO)
    assert {path.name for path in tmp_path.iterdir()} == {"r.csv", "r.xlsx"}
    assert len(read_csv(tmp_path / "r.csv")) == 5


def test_what_cannot_be_written_is_said_before_the_run(tmp_path: Path) -> None:
    for path in (tmp_path / "r.ods", tmp_path / "r", tmp_path / "no" / "r.csv"):
        with pytest.raises(DongleError) as caught:
            report_kind(path)
        assert (caught.value.code, caught.value.exit_code) == ("usage.report", ExitCode.USAGE)
    (tmp_path / "d.csv").mkdir()
    with pytest.raises(DongleError) as caught:
        write_report(OUTCOMES, tmp_path / "d.csv", INFO)
    assert caught.value.code == "report.unwritable"
    assert [path.name for path in tmp_path.iterdir()] == ["d.csv"]


@pytest.mark.strangers
def test_a_spreadsheet_opens_it_without_damage(tmp_path: Path) -> None:
    """LibreOffice guesses types as Excel does when a CSV file is double-clicked ("detect special numbers")."""
    office = shutil.which("soffice")
    if not office:
        pytest.skip("LibreOffice is not installed (Debian: libreoffice-calc-nogui)")
    for name in ("r.csv", "r.xlsx"):
        write_report(OUTCOMES, tmp_path / name, INFO)
        command = [office, f"-env:UserInstallation=file://{tmp_path}/office", "--headless"]
        command += ["--infilter=CSV:44,34,76,1,,0,false,true"] if name.endswith("csv") else []
        command += ["--convert-to", "fods", "--outdir", str(tmp_path / name[2:]), str(tmp_path / name)]
        subprocess.run(command, check=True, capture_output=True, timeout=100)
        table = ET.parse(tmp_path / name[2:] / "r.fods").find(f".//{TABLE}table")
        assert table is not None
        rows = [
            ["".join(cell.itertext()).strip() for cell in row.findall(f"{TABLE}table-cell")]
            for row in table.iter(f"{TABLE}table-row")
        ]
        assert rows[1][1:4] == ["0012", IMEI, ICCID]
        assert rows[2][1] == '=HYPERLINK("http://x")'
        cells = list(table.iter(f"{TABLE}table-cell"))
        assert not any(cell.get(f"{TABLE}formula") for cell in cells)
        assert {cell.get(f"{OFFICE}value-type") for cell in cells} <= {"string", "float", None}
