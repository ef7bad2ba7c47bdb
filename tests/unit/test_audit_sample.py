"""The same machines are drawn from the same list and seed: on any Python, in whatever order the list stands."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import openpyxl
import pytest
from audit_tree import audit

from dongle_cli.audit.sample import draw

MACHINES = [f"PC-{number:04d}" for number in range(1, 2501)]


def drawn(tmp_path: Path, path: Path, *more: str) -> list[str]:
    ran = audit(tmp_path, "sample", "--seed", "2026年度第3回", path, "--format", "json", *more)
    assert ran.code == 0, ran.err
    return [line["machine"] for line in ran.of("drawn")]


def test_every_form_of_the_list_gives_the_same_draw(tmp_path: Path) -> None:
    shuffled = MACHINES[:]
    random.Random(1).shuffle(shuffled)
    (tmp_path / "l.txt").write_text("\n".join(MACHINES) + "\n\n", encoding="utf-8")
    rows = "".join(f"山田,{name}\r\n" for name in shuffled)
    (tmp_path / "l.csv").write_bytes(f"氏名,管理番号\r\n{rows}山田,PC-0001\r\n".encode("cp932"))
    book = openpyxl.Workbook()
    for line in (["hostname"], *([name] for name in shuffled)):
        book.worksheets[0].append(line)
    book.save(tmp_path / "l.xlsx")
    draws = [drawn(tmp_path, tmp_path / f"l.{suffix}") for suffix in ("txt", "csv", "xlsx")]
    assert draws[0] == draws[1] == draws[2]
    assert len(set(draws[0])) == 25 and set(draws[0]) <= set(MACHINES)
    assert (
        draws[0] == sorted(MACHINES, key=lambda name: hashlib.sha256(f"2026年度第3回\n{name}".encode()).digest())[:25]
    )


def test_the_draw_is_this_one_for_ever() -> None:
    names = [(row, name) for row, name in enumerate(MACHINES, start=2)]
    assert [one.name for one in draw("1", names, 3)] == EXPECTED
    assert [one.name for one in draw("1", reversed(names), 3)] == EXPECTED


EXPECTED = ["PC-1714", "PC-1319", "PC-2147"]  # as sha256sum and sort have it


def test_every_machine_has_the_same_chance() -> None:
    counts = dict.fromkeys(MACHINES[:100], 0)
    for seed in range(2000):
        for one in draw(str(seed), list(enumerate(counts)), 25):
            counts[one.name] += 1
    # 2,000 draws of a quarter: 500 each; six standard deviations of a binomial are 116.
    assert all(384 < count < 616 for count in counts.values())


def test_a_list_that_is_none_is_refused_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "e.csv").write_bytes(b"")
    (tmp_path / "n.csv").write_bytes(b"asset_no\r\n1.2E+15\r\n")
    (tmp_path / "b.xlsx").write_bytes(b"PK\x03\x04 broken")
    for name in ("e.csv", "n.csv", "b.xlsx", "none.csv", "none.txt"):
        ran = audit(tmp_path, "sample", "--seed", "1", tmp_path / name)
        assert ran.code == 2 and "[usage.list]" in ran.err and ran.out == b"", name
    ran = audit(tmp_path, "sample", "--seed", "1", "--column", "nope", tmp_path / "n.csv")
    assert ran.code == 2 and "nope" in ran.err


@pytest.mark.parametrize("count", [1, 3, 9])
def test_more_than_there_are_is_all_of_them_and_said(tmp_path: Path, count: int) -> None:
    (tmp_path / "l.txt").write_text("a\nb\nc\n")
    ran = audit(tmp_path, "sample", "--seed", "1", "--n", str(count), tmp_path / "l.txt")
    assert ran.code == 0 and f"{min(count, 3)} of 3 machines drawn" in ran.err


def test_the_row_of_a_machine_is_called_so(tmp_path: Path) -> None:
    (tmp_path / "l.txt").write_text("PC-1\nPC-2\n", encoding="utf-8")
    ran = audit(tmp_path, "sample", tmp_path / "l.txt", "--seed", "s", lang="ja")
    assert "リストの行" in ran.out.decode() and "行の種類" not in ran.out.decode()
