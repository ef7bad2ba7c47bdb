"""Real files without extensions, labelled by others, and what an audit says of them.

The files lie beside the repository and are not ours to copy; where they are absent these tests are skipped.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dongle_cli.errors import ExitCode

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"

# What their words for a kind are among ours.
THEIRS = {
    "pdf": "pdf", "pdf(offset 29)": "pdf", "rtf": "rtf", "pst": "pst", "eml": "eml", "mbox": "mbox", "mhtml": "mhtml",
    "hwp3": "hwp", "wordperfect": "wpd", "iwork": "pages numbers key iwork", "ole2/word": "doc", "ole2/excel": "xls",
    "ole2/powerpoint": "ppt", "ole2/msg": "msg", "ole2/visio": "vsd", "ole2/project": "mpp",
    "ole2/staroffice": "staroffice",
    "ooxml/docx": "docx", "ooxml/pptx": "pptx", "ooxml/ppsx": "ppsx", "ooxml/pptm": "pptm", "ooxml/xlsx": "xlsx",
    "ooxml/xlsb": "xlsb", "ooxml/xltx": "xltx", "ooxml/vsdx": "vsdx",
    "zipmime:application/epub+zip": "epub",
    "zipmime:application/vnd.oasis.opendocument.text": "odt",
    "zipmime:application/vnd.oasis.opendocument.spreadsheet": "ods",
    "zipmime:application/vnd.oasis.opendocument.presentation": "odp",
    "zipmime:application/vnd.oasis.opendocument.graphics": "odg",
}  # fmt: skip


@pytest.fixture(scope="module")
def labels() -> dict[str, tuple[str, bool]]:
    """Of each file its kind in the labeller's words and whether it is a document."""
    if not (CORPUS / "labels.tsv").exists():
        pytest.skip(f"the labelled files are not beside the repository ({CORPUS})")
    with (CORPUS / "labels.tsv").open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return {row["file"]: (row["kind"], row["is_document"] == "1") for row in rows}


@pytest.fixture(scope="module")
def found(labels: dict[str, tuple[str, bool]], tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """The kinds that an audit found in each file: what it is first, what stands inside it after that."""
    run = subprocess.run(
        [sys.executable, "-m", "dongle_cli", "audit", str(CORPUS / "files"), "--policy", "strict", "--format", "json"],
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "DONGLE_HOME": str(tmp_path_factory.mktemp("home"))},
        capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False, timeout=110,
    )  # fmt: skip
    assert run.returncode == ExitCode.FINDINGS, run.stderr
    objects = [json.loads(line) for line in run.stdout.splitlines()]
    assert objects[-1]["type"] == "summary"
    assert objects[-1]["files"] == len(labels)
    kinds: dict[str, list[str]] = {}
    for one in sorted((o for o in objects if o["type"] == "finding"), key=lambda o: o["member"] is not None):
        kinds.setdefault(one["path"], []).append(one["kind"])
    return kinds


def test_documents_are_found_and_little_else(
    labels: dict[str, tuple[str, bool]], found: dict[str, list[str]], record_property: Callable[[str, object], None]
) -> None:
    documents = {name for name, (_kind, is_document) in labels.items() if is_document}
    right = documents & found.keys()
    recall, precision = len(right) / len(documents), len(right) / len(found)
    record_property("recall", round(recall, 4))
    record_property("precision", round(precision, 4))
    missed = sorted((name, labels[name][0]) for name in documents - right)
    extra = sorted((name, labels[name][0], found[name]) for name in found.keys() - documents)
    assert recall >= 0.985, missed
    assert precision >= 0.97, extra


def test_kinds_are_those_of_the_labels(
    labels: dict[str, tuple[str, bool]], found: dict[str, list[str]], record_property: Callable[[str, object], None]
) -> None:
    asked = {name: THEIRS[kind].split() for name, (kind, _d) in labels.items() if name in found and kind in THEIRS}
    different = [(name, labels[name][0], found[name][0]) for name in asked if found[name][0] not in asked[name]]
    agreement = 1 - len(different) / len(asked)
    record_property("kind_agreement", round(agreement, 4))
    print(f"kind agreement {agreement:.4f} of {len(asked)}: {different}")
    assert agreement >= 0.97, different
