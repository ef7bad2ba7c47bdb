"""Every report of a run: whole, valid, harmless to open, and with no name in it unless names are asked for."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import resource
import xml.etree.ElementTree as ET
from datetime import date, timedelta
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote_to_bytes

import jsonschema
import openpyxl
import pytest
from audit_tree import NAMES, PDF, TOKEN, audit, grow
from test_atomic import somebody

from dongle_cli.audit.reports.destination import check
from dongle_cli.errors import DongleError

SUFFIXES = ("html", "xlsx", "csv", "json", "sarif", "xml")
SCHEMA = Path(__file__).parents[1] / "vendor" / "sarif" / "sarif-2.1.0-rtm.5.json"
VOID = {"meta", "br", "link", "img", "input", "hr"}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return grow(tmp_path_factory.mktemp("target"))


@pytest.fixture(scope="module")
def reports(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """All reports of one run with names ("html") and of another, in Japanese, without ("masked-html")."""
    out = tmp_path_factory.mktemp("out")
    grants = out / "grants.toml"
    day = date.today() + timedelta(days=90)
    grants.write_text(
        'schema = 1\n[[exception]]\nid = "X-1"\nreason = "=cmd"\napprover = "課長"\n'
        f'expires = {day}\npath = "Users/Public/**"\n',
        encoding="utf-8",
    )
    found = {}
    for prefix, more in (("", ["--names"]), ("masked-", ["--lang", "ja"])):
        files = {f"{prefix}{suffix}": out / f"{prefix}r.{suffix}" for suffix in SUFFIXES}
        asked = [word for path in files.values() for word in ("--report", str(path))]
        ran = audit(out / "home", tree, "--policy", "strict", "--exceptions", str(grants), *asked, *more)
        assert ran.code == 5, ran.err
        found |= files
    return found


def documents(reports: dict[str, Path], name: str = "json") -> list[dict[str, object]]:
    found = json.loads(reports[name].read_text("utf-8"))["findings"]
    assert isinstance(found, list)
    return found


def test_the_json_report_has_every_name_as_it_is(reports: dict[str, Path]) -> None:
    assert sorted(str(one["path"]) for one in documents(reports)) == sorted(NAMES)


def test_no_report_without_names_holds_one(reports: dict[str, Path]) -> None:
    for suffix in SUFFIXES:
        path = reports[f"masked-{suffix}"]
        if suffix == "xlsx":
            book = openpyxl.load_workbook(path, read_only=True)
            text = "\n".join(str(v) for sheet in book for row in sheet.iter_rows(values_only=True) for v in row)
        else:
            text = path.read_text("utf-8")
        for secret in (TOKEN, "yamada", "SUM(A1)", "gpj", "onmouseover"):
            assert secret not in text, (suffix, secret)
        assert "Users/Public" in text.replace("%2F", "/"), suffix
        assert re.search(r"~[0-9a-f]{12}\.pdf", text), suffix


def test_a_mask_is_the_same_for_the_same_name_and_keeps_the_ending(reports: dict[str, Path]) -> None:
    masks = {str(one["path"]) for one in documents(reports, "masked-json")}
    assert len(masks) == len(NAMES)
    assert all(re.fullmatch(r"Users/(~[0-9a-f]{12}|Public)/\w+/~[0-9a-f]{12}\.pdf", mask) for mask in masks)


def test_sarif_is_valid_and_says_what_was_excepted_and_not_looked_at(reports: dict[str, Path], tree: Path) -> None:
    schema = json.loads(SCHEMA.read_text("utf-8"))
    for name in ("sarif", "masked-sarif"):
        whole = json.loads(reports[name].read_text("utf-8"))
        jsonschema.Draft4Validator(schema).validate(whole)
    (run,) = json.loads(reports["sarif"].read_text("utf-8"))["runs"]
    results = [one for one in run["results"] if one["kind"] == "fail"]
    assert len(results) == len(NAMES)
    where = [one["locations"][0]["physicalLocation"]["artifactLocation"] for one in results]
    assert {unquote_to_bytes(one["uri"]).decode("utf-8", "surrogateescape") for one in where} == set(NAMES)
    assert all(re.fullmatch(r"[A-Za-z0-9/%._~-]+", one["uri"]) for one in where)
    assert run["originalUriBaseIds"][where[0]["uriBaseId"]]["uri"] == tree.as_uri() + "/"
    assert len({one["partialFingerprints"]["dongleAudit/v1"] for one in results}) == len(NAMES)
    (excepted,) = [one for one in results if "suppressions" in one]
    assert "課長" in excepted["suppressions"][0]["justification"]
    (invocation,) = run["invocations"]
    assert (invocation["exitCode"], invocation["executionSuccessful"]) == (5, False)
    assert [one["descriptor"]["id"] for one in invocation["toolExecutionNotifications"]] == ["gap.damaged"]


def test_junit_is_not_green_where_something_was_not_looked_at(reports: dict[str, Path]) -> None:
    top = ET.parse(reports["xml"]).getroot()
    coverage = top.find("testsuite[@name='audit.coverage']")
    assert coverage is not None
    assert coverage.find("testcase[@name='damaged']/error[@type='gap.damaged']") is not None
    failure = top.find(".//testcase[@classname='E-local-documents'][@name='documents']/failure")
    assert failure is not None and "\\u202e" in str(failure.text)
    assert top.find(".//testcase[@classname='E-local-documents']/skipped") is not None, "the excepted one"
    for name, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
        assert int(str(top.get(name))) == len(top.findall(f".//{tag}"))


def test_csv_opens_whole_and_calculates_nothing(reports: dict[str, Path]) -> None:
    raw = reports["csv"].read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf") and raw.count(b"\n") == raw.count(b"\r\n")
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
    assert len({len(row) for row in rows}) == 1
    assert [row[0] for row in rows].count("finding") == len(NAMES) and [row[0] for row in rows].count("gap") == 1
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_cp932_says_how_much_it_lost(tree: Path, tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    ran = audit(tmp_path, tree, "--policy", "strict", "--names", "--encoding", "cp932", "--report", path)
    text = path.read_bytes().decode("cp932")
    assert TOKEN in text and "〓～－.pdf" in text
    assert "1 character that CP932 does not have" in ran.err


def test_excel_has_a_sheet_for_machines_and_pages_for_people(reports: dict[str, Path]) -> None:
    book = openpyxl.load_workbook(reports["xlsx"])
    assert book.sheetnames == ["Page one", "data", "For printing"]
    data = book["data"]
    assert not data.merged_cells.ranges
    head = [cell.value for cell in data[1]]
    assert len(set(head)) == len(head)
    assert [cell.value for cell in data["A"]].count("finding") == len(NAMES)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert any(cell.value == "=cmd" or "=1+2.pdf" in str(cell.value) for cell in cells)
    said = {row[0].value: row[1].value for row in book["Page one"].iter_rows(min_row=2)}
    assert (
        said["Not looked at"] == "1"
        and said["Exceptions approved"] == "1"
        and len(said["Policy digest (SHA-256)"]) == 64
    )


class Page(HTMLParser):
    """Tags that open and close, their attributes, and the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.mark.parametrize(("name", "lang"), [("html", "en"), ("masked-html", "ja")])
def test_html_is_one_harmless_page_that_can_be_heard(reports: dict[str, Path], name: str, lang: str) -> None:
    source = reports[name].read_text("utf-8")
    page = Page(source)
    assert page.open == []
    tags = [tag for tag, _attrs in page.tags]
    assert not {"script", "link", "img", "iframe", "object"} & set(tags)
    assert not [1 for _tag, attrs in page.tags for key in attrs if key.startswith("on")]
    outside = [
        attrs for _tag, attrs in page.tags for key in ("src", "href") if not (attrs.get(key) or "#").startswith("#")
    ]
    assert not outside and "url(" not in source
    assert dict(page.tags)["html"]["lang"] == lang
    assert {"header", "nav", "main", "footer", "h1"} <= set(tags) and tags.count("h1") == 1
    assert all(attrs.get("scope") in ("col", "row") for tag, attrs in page.tags if tag == "th")
    assert tags.count("caption") == tags.count("table") >= 3
    drawings = [attrs for tag, attrs in page.tags if tag == "svg"]
    ids = {attrs["id"] for _tag, attrs in page.tags if "id" in attrs}
    assert drawings and all(
        attrs["role"] == "img" and set((attrs["aria-labelledby"] or "").split()) <= ids for attrs in drawings
    )
    assert "\u202e" not in source and "\x1b" not in source


def test_html_says_what_was_not_looked_at_on_its_first_page(reports: dict[str, Path]) -> None:
    text = "".join(Page(reports["html"].read_text("utf-8")).text)
    first = text[: text.index("What each rule comes to")]
    assert "1 thing could not be looked at" in first and "調べられなかったものが 1 件あります" in first
    assert "a\\nb\\t\\x1b[31m.pdf" in text and "<b onmouseover" in text


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_no_report_is_written_into_the_target(suffix: str, tree: Path, tmp_path: Path) -> None:
    (tmp_path / "way").symlink_to(tree / "Users")
    (tmp_path / f"link.{suffix}").symlink_to(tree / f"r.{suffix}")
    for path in (tree / f"r.{suffix}", tmp_path / "way" / f"r.{suffix}", tmp_path / f"link.{suffix}"):
        ran = audit(tmp_path / "home", tree, "--report", path)
        assert (ran.code, ran.out) == (2, b"") and "[usage.report]" in ran.err
    assert not list(tree.rglob(f"*r.{suffix}*"))


def test_a_full_disk_costs_the_report_and_nothing_else(tree: Path, tmp_path: Path) -> None:
    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))  # what the disk still takes

    big, little = tmp_path / "r.json", tmp_path / "r.xml"
    ran = audit(tmp_path / "h", tree, "--policy", "strict", "--format", "json", "--names", "--report", big, "--report",
                little, preexec_fn=small)  # fmt: skip
    assert ran.code == 1 and len(ran.of("finding")) == len(NAMES) and ran.of("summary")
    errors = [json.loads(line)["error"] for line in ran.err.splitlines()]
    assert [error["code"] for error in errors] == ["audit.report"] * len(errors) and errors
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith((".r", "r."))] in ([], ["r.xml"])


@pytest.mark.parametrize("format_", ["text", "json", "csv"])
@pytest.mark.parametrize("full", [True, False])
def test_a_full_or_closed_standard_output_costs_no_report(format_: str, full: bool, tmp_path: Path) -> None:
    for n in range(300):  # more than a pipe's buffer holds
        (tmp_path / "t" / f"{n}{'x' * 200}.pdf").parent.mkdir(exist_ok=True)
        (tmp_path / "t" / f"{n}{'x' * 200}.pdf").write_bytes(PDF)
    reader, writer = os.pipe()
    os.close(reader)
    with Path("/dev/full").open("wb") if full else os.fdopen(writer, "wb") as gone:
        ran = audit(tmp_path, tmp_path / "t", "--policy", "strict", "--format", format_, "--report",
                    tmp_path / "r.json", stdout=gone)  # fmt: skip
    whole = json.loads((tmp_path / "r.json").read_text("utf-8"))
    assert len(whole["findings"]) == 300 and whole["summary"]["complete"] is True
    assert ran.code == 1 and ("[file.refused]" in ran.err or '"file.refused"' in ran.err) is full


def test_an_unknown_suffix_or_folder_is_said_before_the_run(tree: Path, tmp_path: Path) -> None:
    for path in (tmp_path / "r.docx", tmp_path / "r", tmp_path / "no" / "r.html"):
        ran = audit(tmp_path, tree, "--report", path)
        assert (ran.code, ran.out) == (2, b"") and "[usage.report]" in ran.err
        if path.parent == tmp_path:
            assert str(path) in ran.err and ".sarif" in ran.err


def test_a_place_that_takes_no_report_is_said_before_the_run(tree: Path, tmp_path: Path) -> None:
    ran = audit(tmp_path, tree, "--report", "/proc/self/r.html")
    assert (ran.code, ran.out) == (1, b"") and "[audit.report]" in ran.err and "/proc/self/r.html" in ran.err
    ran = audit(tmp_path, tree, "--report", tmp_path / f"{'x' * 300}.html")
    assert (ran.code, ran.out) == (1, b"") and "[audit.report]" in ran.err
    for mode in (0o555, 0o000):
        folder = tmp_path / f"{mode}"
        folder.mkdir(mode)
        here = os.open(folder, os.O_PATH)  # the way to it is closed to others too
        try:
            with somebody(), pytest.raises(DongleError) as caught:
                check(Path(f"/proc/self/fd/{here}/r.html"), [])
        finally:
            os.close(here)
        assert caught.value.code == "audit.report" and "r.html" in caught.value.message


def test_no_report_names_the_person_that_a_target_belongs_to(tmp_path: Path) -> None:
    users = tmp_path / "disk/Users"
    for name in ("佐藤.花子/Desktop/履歴書.pdf", "yamada.taro/Desktop/予定.pdf", "yamada.taro/broken.zip"):
        (users / name).parent.mkdir(parents=True, exist_ok=True)
        (users / name).write_bytes(b"PK\x03\x04" + bytes(20) if name.endswith("zip") else PDF)
    for number, targets in enumerate([[users], [users / "佐藤.花子/Desktop", users / "yamada.taro"]]):
        files = [tmp_path / f"{number}.{suffix}" for suffix in SUFFIXES]
        asked = [word for path in files for word in ("--report", path)]
        ran = audit(tmp_path, *targets, "--policy", "strict", "--mask-names", "--format", "json", *asked)
        text = audit(tmp_path, *targets, "--policy", "strict", "--mask-names").out.decode()
        said = [ran.out.decode(), text]
        for path in files:
            if path.suffix == ".xlsx":
                book = openpyxl.load_workbook(path, read_only=True)
                said += [str(v) for sheet in book for row in sheet.iter_rows(values_only=True) for v in row]
            else:
                said += [path.read_text("utf-8"), unquote_to_bytes(path.read_text("utf-8")).decode()]
        assert ran.code == 5 and len(ran.of("finding")) == 2 and len(ran.of("gap")) == 1
        assert not [word for word in ("佐藤", "花子", "yamada", "taro", "履歴書", "予定") if word in "\n".join(said)]
        (start,) = ran.of("start")
        assert {line["target"] for line in (*ran.of("finding"), *ran.of("gap"))} == set(start["targets"])
        (summary,) = audit(
            tmp_path, *targets, "--policy", "strict", "--format", "json", "--baseline", tmp_path / f"{number}.json"
        ).of("summary")
        assert summary["baseline"]["continuing"] == 2 and not summary["baseline"]["solved"]


def test_a_masked_report_is_a_baseline_on_the_machine_that_wrote_it(tree: Path, tmp_path: Path) -> None:
    asked = (tree, "--policy", "strict", "--format", "json")
    path = tmp_path / "r.json"
    audit(tmp_path / "home", *asked, "--report", path)
    again = audit(tmp_path / "home", *asked, "--baseline", path)
    (summary,) = again.of("summary")
    assert (summary["baseline"]["continuing"], summary["baseline"]["new"]) == (len(NAMES), 0)
    other = audit(tmp_path / "other", *asked, "--baseline", path)
    assert other.code == 2 and "usage.baseline" in other.err
