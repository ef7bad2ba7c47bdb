"""A tray of dongles and a list: each dongle by its own numbers, and one bad one never disturbs another."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from binding_bench import Bench, csr_file, laptop_file, make, records

Lab = Any


def sheet(path: Path, rows: Sequence[dict[str, str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.DictWriter(file, sorted({name for row in rows for name in row}))
        writer.writeheader()
        writer.writerows(rows)
    return path


def laptop_columns(folder: Path, number: int) -> dict[str, str]:
    csr_file(folder, f"lt{number}")
    about = json.loads(laptop_file(folder, number).read_text())
    named = {f"laptop_{name}": about[name] for name in ("serial", "uuid", "host")}
    return {"管理番号": f"PF{number:07}", "csr": f"lt{number}.csr", **named}


@pytest.fixture
def tray(lab: Callable[..., Lab], tmp_path: Path) -> Bench:
    """Four dongles and an authority."""
    dongles = lab(count=4, models=["quectel-ec25"])
    (tmp_path / "out").mkdir()
    return make(dongles, tmp_path)


def run(tray: Bench, path: Path, *more: str) -> tuple[int, dict[str, dict[str, Any]]]:
    done = tray.run("bind", "--all", "--list", path, "--out", tray.folder / "out", "-F", "json", *tray.unlock, *more)
    return done.returncode, {one["port"]: one for one in map(json.loads, done.stdout.splitlines())}


def test_each_dongle_by_its_own_numbers(lab: Callable[..., Lab], tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    tray = make(lab(count=6, models=["quectel-ec25"], faults=["deaf@5"]), tmp_path)
    dongles = tray.lab.status()
    rows = [laptop_columns(tmp_path, number) for number in range(1, 6)]
    # Against the order of the ports, so that luck would show.
    rows[0] |= {"imei": dongles[3]["imei"]}
    rows[1] |= {"iccid": dongles[2]["iccid"]}
    rows[2] |= {"imei": dongles[1]["imei"], "iccid": dongles[0]["iccid"]}  # the SIMs of two were swapped
    rows[3] |= {"imei": dongles[4]["imei"]}
    rows[4] |= {"imei": "490154203237518"}
    path = sheet(tmp_path / "list.csv", rows)
    code, found = run(tray, path, "--yes")
    assert code == 4
    assert {port: one["code"] for port, one in found.items()} == {
        "1-1": "binding.list-differs", "1-2": "binding.list-differs", "1-3": None, "1-4": None,
        "1-5": "at.silent", "1-6": "binding.unlisted",
    }  # fmt: skip
    assert (found["1-3"]["asset"], found["1-4"]["asset"]) == ("PF0000002", "PF0000001")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"PF0000001.pem", "PF0000002.pem"}
    for number, port in ((1, "1-4"), (2, "1-3")):
        pem = tmp_path / "out" / f"PF{number:07}.pem"
        verify = tray.run("verify", "--pem", pem, "-d", port, "--laptop", laptop_file(tmp_path, number))
        assert verify.returncode == 0, verify.stdout
    kept = records(tray, "bind")
    assert {(body["binding"]["asset"], body["port"], signed) for body, signed in kept} == {
        ("PF0000001", "1-4", True), ("PF0000002", "1-3", True)
    }  # fmt: skip
    _code, again = run(tray, path, "--yes")
    assert {again[port]["result"] for port in ("1-3", "1-4")} == {"already"}
    assert records(tray, "bind") == kept
    assert again["1-3"]["serial"] == found["1-3"]["serial"]


def test_a_request_of_a_laptop_in_the_list_and_a_bad_file_beside_it(tray: Bench, tmp_path: Path) -> None:
    dongles = tray.lab.status()
    for number in (1, 2):
        out = tmp_path / f"lt{number}.request"
        laptop = laptop_file(tmp_path, number)
        tray.json("bind", "request", "--new-key", "--out", out, "--laptop", laptop, *tray.unlock)
    (tmp_path / "lt2.request").write_text("{}")
    rows = [{"asset": f"A/{n}", "imei": dongles[n - 1]["imei"], "request": f"lt{n}.request"} for n in (1, 2, 3)]
    path = sheet(tmp_path / "list.csv", rows)
    _code, plan = run(tray, path, "--dry-run")
    assert plan["1-1"]["result"] == "skipped" and not list((tmp_path / "out").iterdir())
    _code, found = run(tray, path, "--yes")
    assert [found[f"1-{n}"]["code"] for n in (1, 2, 3)] == [None, "request.unreadable", "file.unreadable"]
    answer = tmp_path / "out" / "A%2F1.answer"
    assert found["1-1"]["out"] == str(answer)
    assert json.loads(answer.read_text())["asset"] == "A/1"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"imei": "490154203237519"}, "check digit"),
        ({"imei": "000000000000000"}, "check digit"),
        ({"iccid": "8.98103E+18"}, "Excel"),
        ({"imei": ""}, "which dongle"),
        ({"csr": ""}, "it needs a request"),
        ({"laptop_uuid": "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"}, "placeholder"),
        ({"管理番号": "PF0000001"}, "row 2 too"),
        ({"管理番号": ""}, "asset number is empty"),
    ],
)
def test_a_list_with_a_wrong_row_is_refused_as_a_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: dict[str, str], said: str
) -> None:
    from dongle_cli import i18n
    from dongle_cli.cli.bind_list import load
    from dongle_cli.errors import DongleError

    i18n.activate("en")
    about = {"csr": "x.csr", "laptop_uuid": "4c4c4544-0042-3510-8052-b4c04f4a0001", "iccid": ""}
    good = {**about, "管理番号": "PF0000001", "imei": "490154203237518"}
    bad = {**about, "管理番号": "PF0000002", "imei": "356938035643809"}
    bad["laptop_uuid"] = about["laptop_uuid"][:-1] + "2"
    bad["csr"] = "y.csr"
    path = sheet(tmp_path / "list.csv", [good, bad])
    assert [row.row for row in load(path)] == [2, 3]
    with pytest.raises(DongleError) as caught:
        load(sheet(path, [good, {**bad, **changed}]))
    assert caught.value.code == "pairs.invalid"
    assert caught.value.details["rows"][0]["row"] == 3  # type: ignore[index]
    assert said in caught.value.message


def test_two_dongles_that_say_the_same_imei_are_both_left_alone(lab: Callable[..., Lab], tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    bench = make(lab(count=3, models=["quectel-ec25"], faults=["same-imei@2"]), tmp_path)
    imeis = [dongle["imei"] for dongle in bench.lab.status()]
    rows = [laptop_columns(tmp_path, 1) | {"imei": imeis[0]}, laptop_columns(tmp_path, 2) | {"imei": imeis[2]}]
    _code, found = run(bench, sheet(tmp_path / "list.csv", rows), "--yes")
    assert [one["code"] for one in found.values()] == ["modem.twin-imei", "modem.twin-imei", None]
