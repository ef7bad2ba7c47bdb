"""`dongle-cli audit` with policies: exit codes, the shipped ones, mistakes named with their line, `audit rules`."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from audit_cli import PDF, audit, hardened, put, run
from windows_settings import CONFIG, windows

from dongle_cli.audit.identify.kinds import KINDS
from dongle_cli.audit.policy_file import load, names
from dongle_cli.audit.rules import CATALOGUE
from dongle_cli.errors import DongleError


def test_a_hardened_machine_without_documents_is_done(tmp_path: Path) -> None:
    root = put(tmp_path / "root", hardened())
    said = audit(tmp_path, root)
    assert [one["rule"] for one in said.findings] == []
    assert (said.exit, said.summary["exit"], said.summary["complete"]) == (0, 0, True)
    assert {one["verdict"] for one in said.checks} == {"ok", "not-applicable"}
    assert said.summary["rules"]["E-local-drives"]["verdict"] == "ok"
    assert said.summary["rules"]["E-citrix-drive"]["verdict"] == "not-applicable"


def test_a_setting_alone_is_a_finding_of_its_severity(tmp_path: Path) -> None:
    root = put(tmp_path / "root", hardened() | {"Users/sakura/Desktop/vdi.rdp": "full address:s:vdi.pref.example\r\n"})
    said = audit(tmp_path, root)
    mine = [(one["rule"], one["path"], one["place"]) for one in said.findings]
    assert mine == [
        ("E-redirect-clipboard", "Users/sakura/Desktop/vdi.rdp", "settings"),
        ("E-redirect-printer", "Users/sakura/Desktop/vdi.rdp", "settings"),
    ]
    assert (said.exit, said.findings[0]["severity"]) == (5, "medium")
    assert audit(tmp_path, root, "--fail-on", "high").exit == 0
    assert audit(tmp_path, root, "--fail-on", "high", "--policy", "vdi-client").exit == 5
    assert audit(tmp_path, root, "--fail-on", "never").exit == 0


def test_a_damaged_hive_makes_it_incomplete_and_findings_win_over_that(tmp_path: Path) -> None:
    root = put(tmp_path / "root", hardened() | {f"{CONFIG}/SOFTWARE": b"regf" + bytes(5000)})
    said = audit(tmp_path, root, "--fail-on", "high")
    assert [(gap["path"], gap["reason"]) for gap in said.gaps] == [(f"{CONFIG}/SOFTWARE", "damaged")]
    assert said.summary["rules"]["E-onedrive"]["verdict"] == "unknown"
    assert (said.exit, said.summary["complete"]) == (7, False)
    put(root, {"Users/sakura/Desktop/a": PDF})
    assert audit(tmp_path, root, "--fail-on", "high").exit == 5


def test_what_a_policy_allows_does_not_hold_where_the_write_filter_does_not(tmp_path: Path) -> None:
    static = r"Services\uwfvol\Parameters\Static\Copy0"
    system = {
        r"Services\uwfvol": {"Start": 0},
        static: {"UwfEnabled": 1},
        rf"{static}\C": {"x": [r"\Program Files\App"]},
    }
    files = {"Program Files/App/a": PDF, "Program Files/Other/b": PDF}
    root = put(tmp_path / "root", windows(system=system, files=files))
    said = audit(tmp_path, root)
    documents = {one["path"]: one["detail"] for one in said.findings if one["kind"] == "pdf"}
    assert list(documents) == ["Program Files/App/a"]
    assert documents["Program Files/App/a"]["write_filter_exclusion"] == "program files/app"


def test_the_shipped_policies() -> None:
    assert names() == ["lgwan2020", "strict", "tsg4", "tsg5", "vdi-client"]
    text = {
        name: (Path(__file__).parents[2] / f"dongle_cli/audit/policies/{name}.toml").read_text() for name in names()
    }
    for name in names():
        policy = load(name)
        assert 'official_item = ""' in text[name], (
            "which official item a rule belongs to is for the organisation to say"
        )
        assert set(policy.title) == {"en", "ja"}
        assert {"eml", "msg", "csv", "scan", "jtd", "xdw"} <= policy.kinds
        assert policy.grants == ()
        assert policy.runs("E-local-documents")
    strict = load("strict")
    assert (strict.allow, strict.min_size, strict.min_age, strict.places) == (None, 0, 0.0, ("*",))
    assert all(strict.runs(rule) for rule in CATALOGUE)
    assert {word for word, kind in KINDS.items() if kind.strong and kind.is_document} <= strict.kinds
    # "Company laptops taken home" keep documents on their disk: its encryption counts, remote desktops do not.
    assert load("tsg4").runs("E-disk-encryption")
    assert not load("tsg4").runs("E-redirect-clipboard")
    for name in ("lgwan2020", "vdi-client"):
        for redirect in ("E-redirect-drive", "E-redirect-clipboard", "E-redirect-printer"):
            assert load(name).severity_of(redirect, "settings", None).word == "high"


BROKEN = [
    ("schema = 2\n", "schema", 1),
    ('schema = 1\n[documents]\nkind = ["pdf"]\n', "kind", 3),
    ('schema = 1\n[documents]\nkinds = ["pfd"]\n', "kinds", 3),
    ('schema = 1\n[documents]\nplaces = ["desktp"]\n', "places", 3),
    ('schema = 1\n[documents]\nmin_size = "1"\n', "min_size", 3),
    ("schema = 1\n[documents]\nmin_age_days = -1\n", "min_age_days", 3),
    ('schema = 1\n\n[rules]\nrun = ["E-local-document"]\n', "run", 4),
    ('schema = 1\n[severity]\ndefault = "severe"\n', "default", 3),
    ('schema = 1\n[severity.rules]\nE-onedrive = "high"\nE-one-drive = "high"\n', "E-one-drive", 4),
    ('schema = 1\n[severity.places]\ncsc = "high"\nCSC = "high"\n', "CSC", 4),
    ('schema = 1\n[[exception]]\nid = "1"\n', "exception", 2),
]
ONE = '[[exception]]\nid = "{id}"\nreason = "r"\napprover = "a"\nexpires = {expires}\n{more}\n'
BROKEN_EXCEPTIONS = [
    ('path = "x"', "2027-03-31", 'rule = "E-nothing"', "rule", 13),
    ('path = "x"', '"2027-03-31"', 'rule = "E-*"', "expires", 12),
    ('path = "x"', "2027-03-31", "", "exception", 8),
    ('path = "x"', "2027-03-31", 'place = "nowhere"', "place", 13),
]


@pytest.mark.parametrize(("text", "key", "line"), BROKEN)
def test_mistakes_are_named_with_their_line(tmp_path: Path, text: str, key: str, line: int) -> None:
    file = tmp_path / "own.toml"
    file.write_text(text)
    with pytest.raises(DongleError) as caught:
        load(str(file))
    assert caught.value.code == "usage.policy"
    assert f"own.toml:{line} " in caught.value.message
    assert (caught.value.details["key"], caught.value.details["line"]) == (key, line)


@pytest.mark.parametrize(("first", "expires", "second", "key", "line"), BROKEN_EXCEPTIONS)
def test_mistakes_in_the_second_exception(
    tmp_path: Path, first: str, expires: str, second: str, key: str, line: int
) -> None:
    file = tmp_path / "own.toml"
    good = ONE.format(id="1", expires="2027-03-31", more=first)
    file.write_text("schema = 1\n" + good + ONE.format(id="2", expires=expires, more=second))
    with pytest.raises(DongleError) as caught:
        load(str(file))
    assert (caught.value.details["key"], caught.value.details["line"]) == (key, line)


def test_mistakes_on_the_command_line(tmp_path: Path) -> None:
    root = put(tmp_path / "root", {"a": "x"})
    assert audit(tmp_path, root, "--policy", "tsg6").exit == 2
    (tmp_path / "own.toml").write_text('schema = 1\n[rules]\nrun = ["E-locl-documents"]\n')
    said = audit(tmp_path, root, "--policy", tmp_path / "own.toml")
    assert (said.exit, said.error["code"]) == (2, "usage.policy")
    assert "own.toml:3" in said.error["message"]
    assert "E-local-documents" in said.error["message"]
    (tmp_path / "cut.toml").write_bytes(b"schema = 1\n[rules\n")
    assert "line 2" in audit(tmp_path, root, "--policy", tmp_path / "cut.toml").error["message"]
    assert audit(tmp_path, root, "--policy", tmp_path / "gone.toml").error["code"] == "usage.policy"


def test_rules_are_listed_and_explained_in_both_languages(tmp_path: Path) -> None:
    listed = [json.loads(line) for line in run(tmp_path, "audit", "rules", "--format", "json").stdout.splitlines()]
    assert [one["rule"] for one in listed] == sorted(CATALOGUE)
    assert all(one["schema"] == 1 and one["official_item"] == "" for one in listed)
    english = run(tmp_path, "audit", "rules", "e-redirect-clipboard").stdout
    japanese = run(tmp_path, "--lang", "ja", "audit", "rules", "E-redirect-clipboard").stdout
    for text in (japanese, run(tmp_path, "--lang", "ja", "audit", "rules").stdout):
        assert "中" in text and not re.search(r"\b(high|medium|low)\b", text)
    assert "a file without this line shares it" in " ".join(english.split())
    assert "クリップボードを共有し" in japanese
    assert "対処" in japanese


def test_an_unknown_rule_is_an_error_with_suggestions(tmp_path: Path) -> None:
    done = run(tmp_path, "audit", "rules", "E-redirect-clip", "--format", "json")
    error = json.loads(done.stderr)["error"]
    assert (done.returncode, error["code"], done.stdout) == (2, "usage.rule", "")
    assert "E-redirect-clipboard" in error["hint"]
