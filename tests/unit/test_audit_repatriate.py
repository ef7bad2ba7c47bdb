"""Documents come to the share with their paths and their content, once each, and go from here only after that."""

from __future__ import annotations

import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dongle_cli.audit.receipt import Receipt
from dongle_cli.audit.repatriate import Moved, Repatriation
from dongle_cli.audit.share import Share
from dongle_cli.errors import DongleError


def laptop(tmp_path: Path, files: dict[str, bytes]) -> Path:
    root = tmp_path / "laptop"
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


def share(tmp_path: Path) -> Path:
    folder = tmp_path / "share"
    folder.mkdir(exist_ok=True)
    return folder


def bring(tmp_path: Path, paths: list[str], *, remove: bool = False) -> list[Moved]:
    receipt = Receipt(tmp_path / "receipt.jsonl")
    run = Repatriation(str(tmp_path / "laptop"), Share(share(tmp_path)), receipt, remove)
    return list(run.bring(paths))


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_paths_content_and_time_come_along(tmp_path: Path) -> None:
    root = laptop(tmp_path, {"Users/a/報告.docx": b"one", "x.pdf": b"two"})
    os.utime(root / "x.pdf", ns=(10**18, 10**18))
    moved = bring(tmp_path, ["Users/a/報告.docx", "x.pdf"])
    assert [m.result for m in moved] == ["copied", "copied"]
    assert contents(share(tmp_path)) == contents(root) == {"Users/a/報告.docx": b"one", "x.pdf": b"two"}
    assert (share(tmp_path) / "x.pdf").stat().st_mtime_ns == 10**18
    lines = [json.loads(line) for line in (tmp_path / "receipt.jsonl").read_text().splitlines()]
    assert [(line["done"], line["path"], line["sha256"]) for line in lines] == [
        ("copied", "Users/a/報告.docx", hashlib.sha256(b"one").hexdigest()),
        ("copied", "x.pdf", hashlib.sha256(b"two").hexdigest()),
    ]
    assert [m.result for m in bring(tmp_path, ["x.pdf"])] == ["there"]


def test_removal_comes_after_the_verified_copy(tmp_path: Path) -> None:
    root = laptop(tmp_path, {"a.pdf": b"one"})
    assert [m.result for m in bring(tmp_path, ["a.pdf"], remove=True)] == ["removed"]
    assert contents(root) == {} and contents(share(tmp_path)) == {"a.pdf": b"one"}
    assert [m.result for m in bring(tmp_path, ["a.pdf"], remove=True)] == ["vanished"]


def test_another_document_of_the_same_name_is_never_overwritten(tmp_path: Path) -> None:
    root = laptop(tmp_path, {"a.pdf": b"mine"})
    (share(tmp_path) / "a.pdf").write_bytes(b"theirs")
    moved = bring(tmp_path, ["a.pdf"], remove=True)
    digest = hashlib.sha256(b"mine").hexdigest()[:8]
    assert moved[0].to == f"a ({digest}).pdf"
    assert contents(share(tmp_path)) == {"a.pdf": b"theirs", f"a ({digest}).pdf": b"mine"}
    assert contents(root) == {}


def test_no_link_is_followed_and_no_device_is_read(tmp_path: Path) -> None:
    root = laptop(tmp_path, {"real/a.pdf": b"one"})
    (root / "link").symlink_to(root / "real")
    (root / "b.pdf").symlink_to(root / "real" / "a.pdf")
    os.mkfifo(root / "c.pdf")
    results = [m.result for m in bring(tmp_path, ["link/a.pdf", "b.pdf", "c.pdf"], remove=True)]
    assert results == ["refused"] * 3
    assert contents(share(tmp_path)) == {} and (root / "real" / "a.pdf").exists()


def test_a_share_that_fails_stops_the_run_with_everything_still_here(tmp_path: Path) -> None:
    root = laptop(tmp_path, {"a.pdf": b"x" * 5000})
    where = Share(Path("/dev/null"))  # a share that takes nothing
    run = Repatriation(str(root), where, Receipt(tmp_path / "receipt.jsonl"), True)
    with pytest.raises(DongleError) as caught:
        list(run.bring(["a.pdf"]))
    assert caught.value.code == "audit.share"
    assert contents(root) == {"a.pdf": b"x" * 5000}


def test_of_two_runs_between_the_same_places_one_is_told_so(tmp_path: Path) -> None:
    names = ["a.pdf", "b.pdf"]
    laptop(tmp_path, {name: name.encode() for name in names})
    first = Repatriation(str(tmp_path / "laptop"), Share(share(tmp_path)), Receipt(tmp_path / "receipt.jsonl"), True)
    moved = first.bring(names)
    assert next(moved).result == "removed"
    with pytest.raises(DongleError) as caught:
        bring(tmp_path, names, remove=True)
    assert caught.value.code == "audit.receipt" and (tmp_path / "laptop/b.pdf").exists()
    assert [one.result for one in moved] == ["removed"]
    assert [one.result for one in bring(tmp_path, names)] == ["vanished"] * 2


def test_two_runs_at_once_bring_everything_and_neither_blames_the_share(tmp_path: Path) -> None:
    names = [f"{n}.pdf" for n in range(150)]
    laptop(tmp_path, {name: name.encode() for name in names})

    def run(number: int) -> list[Moved]:
        receipt = Receipt(tmp_path / f"receipt{number}.jsonl")
        return list(Repatriation(str(tmp_path / "laptop"), Share(share(tmp_path)), receipt, True).bring(names))

    with ThreadPoolExecutor() as pool:
        moved = [one for ended in pool.map(run, range(2), timeout=60) for one in ended]
    assert len(moved) == 2 * len(names)
    wanted = {name.encode() for name in names}
    assert {*contents(tmp_path / "laptop").values(), *contents(share(tmp_path)).values()} == wanted
    assert all(one.safe or one.result == "vanished" for one in run(2))
    assert set(contents(share(tmp_path)).values()) == wanted and not contents(tmp_path / "laptop")


@pytest.mark.parametrize("where", ["smb://server/share", "https://x.example/", "/nowhere/at/all"])
def test_a_share_that_cannot_be_written_is_named(where: str) -> None:
    with pytest.raises(DongleError) as caught:
        Share.parse(where)
    assert caught.value.code == "audit.share"


def test_a_file_url_is_a_path(tmp_path: Path) -> None:
    folder = tmp_path / "県 共有"
    folder.mkdir()
    assert Share.parse(folder.as_uri()).root == folder
