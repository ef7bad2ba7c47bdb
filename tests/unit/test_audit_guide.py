"""The audit guide is true: its policies load, its script runs with every exit code, its unit is one for systemd."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest
from audit_cli import PDF, audit, hardened, put
from windows_settings import CONFIG, windows

from dongle_cli.audit.places.words import WORDS
from dongle_cli.audit.policy_file import load, load_exceptions, names
from dongle_cli.errors import ExitCode

DOCS = Path(__file__).resolve().parents[2] / "docs"
GUIDES = [DOCS / "audit.md", DOCS / "ja" / "audit.md"]


def blocks(guide: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", guide.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("guide", GUIDES, ids=["en", "ja"])
def test_the_policies_it_shows_load(tmp_path: Path, guide: Path) -> None:
    policy, exceptions = blocks(guide, "toml")
    (tmp_path / "own.toml").write_text(policy, encoding="utf-8")
    (tmp_path / "exceptions.toml").write_text(exceptions, encoding="utf-8")
    own = load(str(tmp_path / "own.toml"))
    assert (own.name, own.warn_days, len(own.grants)) == ("pref-laptops", 30, 1)
    assert not own.runs("E-redirect-horizon")
    assert len(load_exceptions(tmp_path / "exceptions.toml", own).grants) == 2


@pytest.mark.parametrize("guide", GUIDES, ids=["en", "ja"])
def test_it_shows_every_key_place_policy_and_exit_code(guide: Path) -> None:
    text = guide.read_text(encoding="utf-8")
    policy = blocks(guide, "toml")[0]
    source = (DOCS.parent / "dongle_cli/audit/policy_file.py").read_text(encoding="utf-8")
    known = {
        key for table in re.findall(r"self\.table\(\"\w+\", \{(.*?)\}\)", source) for key in re.findall(r"\w+", table)
    }
    assert len(known) > 10
    assert {key for key in known if not re.search(rf"(^|[\[.]){key}\b", policy, re.MULTILINE)} == set()
    assert {word for word in WORDS if f"`{word}`" not in text} == set()
    assert all(f"`{name}`" in text for name in names())
    assert all(f"| {int(code)} " in text for code in (ExitCode.DONE, ExitCode.FINDINGS, ExitCode.INCOMPLETE))


def test_the_exception_for_a_write_filter_covers_what_it_names(tmp_path: Path) -> None:
    static = r"Services\uwfvol\Parameters\Static\Copy0"
    out = {rf"{static}\C": {"Exclusions": [r"\ProgramData\AV", r"C:\work"]}}
    root = put(tmp_path / "root", windows(system={static: {"UwfEnabled": 1}, **out}))
    later = f"expires = {date.today() + timedelta(days=90)}"  # what the guide shows holds on the day of its reader
    exceptions = re.sub("^expires = .*$", later, blocks(GUIDES[0], "toml")[1], flags=re.MULTILINE)
    (tmp_path / "exceptions.toml").write_text(exceptions, encoding="utf-8")
    said = audit(tmp_path, root, "--exceptions", tmp_path / "exceptions.toml")
    mine = {
        one["detail"]["found"]: one["verdict"] for one in said.findings if one["rule"] == "E-write-filter-exclusion"
    }
    assert mine == {"ProgramData/AV": "excepted", "work": "violation"}


def test_both_languages_show_the_same_script_and_unit() -> None:
    for language in ("sh", "ini"):
        first, second = (blocks(guide, language) for guide in GUIDES)
        assert first == second


def test_the_script_of_the_imaging_station(tmp_path: Path) -> None:
    script = put(tmp_path, {"bin/audit-station": blocks(GUIDES[0], "sh")[0]}) / "bin/audit-station"
    program = (
        put(tmp_path, {"bin/dongle-cli": f'#!/bin/sh\nexec {sys.executable} -m dongle_cli "$@"\n'}) / "bin/dongle-cli"
    )
    reports = tmp_path / "reports"
    reports.mkdir()
    for file in (script, program):
        file.chmod(0o755)
    environment = {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "DONGLE_HOME": str(tmp_path / "home"),
                   "AUDIT_REPORTS": str(reports), "LANG": "C.UTF-8"}  # fmt: skip

    def station(target: str | Path, name: str) -> int:
        done = subprocess.run([script, target, name], env=environment, capture_output=True, text=True, check=False)
        assert "Traceback" not in done.stderr
        return done.returncode

    clean = put(tmp_path / "clean", hardened())
    assert station(clean, "a") == 0
    put(clean, {"Users/sakura/Desktop/x": PDF})
    assert station(clean, "a") == 5
    broken = put(tmp_path / "broken", hardened() | {f"{CONFIG}/SYSTEM": b"cut"})
    (broken / CONFIG / "SOFTWARE").write_bytes((clean / CONFIG / "SOFTWARE").read_bytes())
    assert station(broken, "b") == 7
    assert station(tmp_path / "nothing", "c") == 1
    assert station("", "c") == 2, "a variable without a value is not this machine"
    lines = [line.split("\t")[1:] for line in (reports / "list.tsv").read_text().splitlines()]
    assert lines == [["a", "clean", "0"], ["a", "findings", "5"], ["b", "incomplete", "7"], ["c", "failed", "1"],
                     ["c", "failed", "2"]]  # fmt: skip
    assert {path.suffix for path in reports.glob("a-*")} == {".html", ".xlsx", ".json", ".txt"}
    assert "1 new" in max(reports.glob("a-*.txt")).read_text()  # the second run was compared with the first
    assert not (reports / "c.json").exists()


@pytest.mark.strangers
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        assert not os.environ.get("CI"), "systemd-analyze is missing: install systemd"
        pytest.skip("systemd-analyze is missing: install the Debian package systemd")
    unit = blocks(GUIDES[0], "ini")[0].replace("/usr/local/sbin/audit-station", "/bin/true")
    put(tmp_path, {"audit-station@.service": unit})
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", tmp_path / "audit-station@.service"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert [line for line in done.stderr.splitlines() if "audit-station" in line] == []
