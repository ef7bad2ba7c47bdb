"""Approved exceptions and earlier reports, through the command line."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from audit_cli import PDF, audit, put, run

TODAY = date.today()
SOON, LATER, GONE = TODAY + timedelta(days=10), TODAY + timedelta(days=400), TODAY - timedelta(days=1)


def exceptions(folder: Path, *listed: tuple[str, str, date]) -> Path:
    file = folder / "exceptions.toml"
    parts = [
        f'[[exception]]\nid = "{id_}"\n{what}\nreason = "印刷業者の指定"\napprover = "情報政策課長"\nexpires = {end}\n'
        for id_, what, end in listed
    ]
    file.write_text("schema = 1\n" + "".join(parts), encoding="utf-8")
    return file


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return put(
        tmp_path / "root", {"work/a.pdf": PDF, "work/old/b.pdf": PDF + b"b", "c.pdf": PDF + b"c", "plain.bin": "x"}
    )


def test_an_excepted_document_is_never_clean(tmp_path: Path, root: Path) -> None:
    file = exceptions(tmp_path, ("R8-1", 'path = "work/**"', LATER), ("R8-2", 'path = "C.PDF"\nkind = "pdf"', SOON))
    said = audit(tmp_path, root, "--policy", "strict", "--exceptions", file)
    assert {one["path"]: (one["verdict"], one["exception"]) for one in said.findings} == {
        "work/a.pdf": ("excepted", "R8-1"), "work/old/b.pdf": ("excepted", "R8-1"), "c.pdf": ("excepted", "R8-2"),
    }  # fmt: skip
    assert (said.exit, said.summary["findings"], said.summary["excepted"]) == (0, 0, 3)
    assert said.summary["rules"]["E-local-documents"]["verdict"] == "excepted"
    states = {one["id"]: (one["state"], one["findings"]) for one in said.summary["exceptions"]}
    assert states == {"R8-1": ("valid", 2), "R8-2": ("expiring", 1)}
    assert said.summary["exceptions"][0]["approver"] == "情報政策課長"


def test_expired_is_a_finding_again_and_unused_is_told(tmp_path: Path, root: Path) -> None:
    today = date.today()
    listed = (("old", 'path = "work/**"', GONE), ("idle", 'kind = "jtd"', LATER), ("last-day", 'path = "c.pdf"', today))
    said = audit(tmp_path, root, "--policy", "strict", "--exceptions", exceptions(tmp_path, *listed))
    by_path = {one["path"]: one for one in said.findings}
    if today != date.today():
        pytest.skip("the day ended meanwhile, and the exception with it")
    assert by_path["work/a.pdf"]["verdict"] == "violation"
    assert by_path["work/a.pdf"]["detail"]["exception_expired"] == "old"
    assert by_path["c.pdf"]["verdict"] == "excepted"
    assert (said.exit, said.summary["findings"]) == (5, 2)
    states = {one["id"]: one["state"] for one in said.summary["exceptions"]}
    assert states == {"old": "expired", "idle": "unused", "last-day": "expiring"}


def test_people_are_told_of_expired_unused_and_expiring_ones(tmp_path: Path, root: Path) -> None:
    listed = (
        ("EX-old", 'path = "work/**"', GONE),
        ("EX-idle", 'kind = "jtd"', LATER),
        ("EX-soon", 'path = "c.pdf"', SOON),
    )
    done = run(tmp_path, "audit", root, "--policy", "strict", "--exceptions", exceptions(tmp_path, *listed))
    for id_ in ("EX-old", "EX-idle", "EX-soon"):
        assert id_ in done.stdout + done.stderr


def test_a_valid_exception_wins_over_an_expired_one(tmp_path: Path, root: Path) -> None:
    file = exceptions(tmp_path, ("old", 'rule = "E-*"', GONE), ("new", 'rule = "E-local-*"', LATER))
    said = audit(tmp_path, root, "--policy", "strict", "--exceptions", file)
    assert {one["exception"] for one in said.findings} == {"new"}
    assert said.exit == 0


def test_an_id_stands_for_one_exception_only(tmp_path: Path, root: Path) -> None:
    policy = tmp_path / "own.toml"
    policy.write_text(exceptions(tmp_path, ("1", 'path = "x"', LATER)).read_text())
    said = audit(tmp_path, root, "--policy", policy, "--exceptions", tmp_path / "exceptions.toml")
    assert (said.exit, said.error["code"]) == (2, "usage.policy")
    assert "exceptions.toml:3" in said.error["message"] and "exceptions file" in said.error["message"]


def test_an_exception_for_a_setting(tmp_path: Path) -> None:
    root = put(tmp_path / "root", {"vdi.rdp": "redirectprinters:i:0\n"})
    file = exceptions(tmp_path, ("1", 'rule = "E-redirect-clipboard"\npath = "**/*.rdp"', LATER))
    said = audit(tmp_path, root, "--exceptions", file)
    assert [(one["rule"], one["verdict"]) for one in said.findings] == [("E-redirect-clipboard", "excepted")]
    assert said.exit == 0


def test_new_continuing_and_solved(tmp_path: Path, root: Path) -> None:
    before = tmp_path / "before.json"
    assert audit(tmp_path, root, "--policy", "strict", "--report", before, "--names").exit == 5
    (root / "c.pdf").unlink()
    (root / "work/a.pdf").write_bytes(PDF + b"changed")  # the same file with other content goes on
    put(root, {"new.pdf": PDF + b"new", "vdi.rdp": "redirectprinters:i:0\n"})
    said = audit(tmp_path, root, "--policy", "strict", "--baseline", before)
    assert {one["path"]: one["baseline"] for one in said.findings} == {
        "work/a.pdf": "continuing", "work/old/b.pdf": "continuing", "new.pdf": "new", "vdi.rdp": "new",
    }  # fmt: skip
    compared = said.summary["baseline"]
    assert (compared["new"], compared["continuing"], compared["solved"]) == (2, 2, 1)
    assert [one["path"] for one in compared["solved_findings"]] == ["c.pdf"]
    shown = run(tmp_path, "audit", root, "--policy", "strict", "--baseline", before)
    assert "Compared with the earlier report: 2 new, 2 continuing, 1 solved." in shown.stdout
    assert "solved: c.pdf (E-local-documents)" in shown.stdout
    assert shown.returncode == 5


def test_what_is_excepted_since_is_no_solved_finding(tmp_path: Path, root: Path) -> None:
    before = tmp_path / "before.json"
    audit(tmp_path, root, "--policy", "strict", "--report", before, "--names")
    file = exceptions(tmp_path, ("1", 'path = "c.pdf"', LATER))
    said = audit(tmp_path, root, "--policy", "strict", "--baseline", before, "--exceptions", file)
    assert said.summary["baseline"]["solved"] == 0


def test_what_could_not_be_looked_at_is_not_solved(tmp_path: Path) -> None:
    root = put(tmp_path / "root", {"Users/a/vdi.rdp": "full address:s:x\n"})
    before = tmp_path / "before.json"
    audit(tmp_path, root, "--report", before, "--names")
    (root / "Users/a/vdi.rdp").write_bytes(b"\x89PNG" * 99)
    said = audit(tmp_path, root, "--baseline", before)
    assert said.exit == 7
    assert (said.summary["baseline"]["solved"], said.summary["baseline"]["continuing"]) == (0, 0)


def test_a_baseline_that_is_none(tmp_path: Path, root: Path) -> None:
    (tmp_path / "x.json").write_text("{}")
    said = audit(tmp_path, root, "--baseline", tmp_path / "x.json")
    assert (said.exit, said.error["code"]) == (2, "usage.baseline")
