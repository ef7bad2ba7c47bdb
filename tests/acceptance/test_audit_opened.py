"""Reports opened by programs that nobody here wrote: LibreOffice reads the Excel file, Chromium the HTML page."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from gateways.programs import need

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))
from audit_tree import NAMES, audit, grow

TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out")
    tree = grow(tmp_path_factory.mktemp("target"))
    files = [word for suffix in ("xlsx", "html") for word in ("--report", str(out / f"r.{suffix}"))]
    assert audit(out, tree, "--policy", "strict", "--names", *files, lang="ja").code == 5
    return out


@pytest.mark.strangers
def test_libreoffice_reads_the_workbook_as_it_was_written(reports: Path, tmp_path: Path) -> None:
    office = need("soffice", "libreoffice-calc-nogui")
    command = [office, f"-env:UserInstallation=file://{tmp_path}/office", "--headless", "--convert-to", "fods",
               "--outdir", str(tmp_path), str(reports / "r.xlsx")]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=100)
    book = ET.parse(tmp_path / "r.fods")
    sheets = {str(table.get(f"{TABLE}name")): table for table in book.iter(f"{TABLE}table")}
    assert list(sheets)[:2] == ["概要", "data"] and len(sheets) == 3
    rows = [
        ["".join(cell.itertext()).strip() for cell in row.findall(f"{TABLE}table-cell")]
        for row in sheets["data"].iter(f"{TABLE}table-row")
    ]
    assert sum(row[0] == "finding" for row in rows) == len(NAMES)
    assert any("=1+2.pdf" in cell for row in rows for cell in row)
    cells = list(book.iter(f"{TABLE}table-cell"))
    assert not any(cell.get(f"{TABLE}formula") for cell in cells)
    assert {cell.get(f"{OFFICE}value-type") for cell in cells} <= {"string", "float", None}


@pytest.mark.strangers
def test_chromium_shows_the_page_and_prints_it(reports: Path, tmp_path: Path) -> None:
    browser = need("chromium", "chromium")
    pdf = tmp_path / "r.pdf"
    # A container's /dev/shm is often too small for a browser, which then loses its page.
    common = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
              f"--user-data-dir={tmp_path}/profile"]  # fmt: skip
    page = (reports / "r.html").as_uri()
    subprocess.run([*common, f"--print-to-pdf={pdf}", page], check=True, capture_output=True, timeout=100)
    assert pdf.read_bytes().startswith(b"%PDF")
    shown = subprocess.run([*common, "--dump-dom", page], check=True, capture_output=True, timeout=100).stdout
    text = shown.decode("utf-8")
    assert "違反が 10 件見つかりました" in text and text.count("<svg") >= 3
    assert "&lt;b onmouseover" in text and "<b onmouseover" not in text
