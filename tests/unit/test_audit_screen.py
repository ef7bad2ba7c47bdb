"""What a person sees: a line that moves, signs of life, a verdict he can trust, and a Ctrl-C that is not a result."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from audit_tree import NAMES, PDF, TOKEN, audit, grow

from dongle_cli.audit.pii.numbers import my_number_valid
from dongle_cli.audit.sources import Options, open_source
from dongle_cli.cli import output
from dongle_cli.errors import DongleError


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return grow(tmp_path_factory.mktemp("target"))


@pytest.mark.parametrize(("lang", "last", "place"), [
    ("en", "10 violations were found. 1 thing could not be looked at.", "documents folder"),
    ("ja", "違反が 10 件見つかりました。調べられなかったものが 1 件あります。", "ドキュメント フォルダー"),
])  # fmt: skip
def test_the_last_line_is_the_verdict(tree: Path, tmp_path: Path, lang: str, last: str, place: str) -> None:
    ran = audit(tmp_path, tree, "--policy", "strict", lang=lang)
    lines = ran.out.decode().splitlines()
    assert lines[-1] == last and place in ran.out.decode() and TOKEN in ran.out.decode()
    assert all(line.isprintable() for line in lines), "nothing in a name moves the cursor"


def test_what_could_not_be_looked_at_is_never_called_clean(tmp_path: Path) -> None:
    target = tmp_path / "t"
    target.mkdir()
    assert (
        audit(tmp_path, target).out.decode().splitlines()[-1].startswith("Nothing forbidden was found, and everything")
    )
    (target / "x.zip").write_bytes(b"PK\x03\x04" + bytes(20))
    ran = audit(tmp_path, target)
    assert ran.code == 7
    assert "that does not mean it is clean" in ran.out.decode().splitlines()[-1]


def test_masks_on_the_screen_are_those_of_the_report(tree: Path, tmp_path: Path) -> None:
    report = tmp_path / "r.json"
    ran = audit(tmp_path, tree, "--policy", "strict", "--mask-names", "--report", report)
    assert TOKEN not in ran.out.decode() and "yamada" not in ran.out.decode()
    for one in json.loads(report.read_text("utf-8"))["findings"]:
        assert one["path"] in ran.out.decode()
    assert (tmp_path / "state" / "audit" / "mask.key").stat().st_mode & 0o777 == 0o600


def test_an_empty_target_is_never_this_machine(tree: Path, tmp_path: Path) -> None:
    with pytest.raises(DongleError) as caught:  # also where nobody asked before
        open_source("", Options())
    assert caught.value.code == "audit.target"
    for targets in ([""], [tree, ""]):
        ran = audit(tmp_path, *targets, "--report", tmp_path / "r.json")
        assert (ran.code, ran.out) == (2, b"") and "[usage.target]" in ran.err
    assert not (tmp_path / "r.json").exists()


def test_what_would_be_counted_twice_is_refused(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "way").symlink_to(tree / "Users")
    image = tmp_path / "disk.raw"
    os.link(tree / "broken.zip", image)
    for first, second in ((tree, tree), (tree, tree / "Users"), (tmp_path / "way", tree), (tree, f"{tree}/"),
                          (tree, tree / "broken.zip"), (tree / "broken.zip", image)):  # fmt: skip
        ran = audit(tmp_path, first, second)
        assert (ran.code, ran.out) == (2, b""), (first, second)
        assert "[usage.target]" in ran.err and str(first) in ran.err and str(second) in ran.err
    apart = audit(tmp_path, tree / "Users/yamada", tree / "Users/Public", "--policy", "strict", "--format", "json")
    assert apart.code == 5 and apart.of("summary")[0]["findings"] == len(NAMES)
    assert audit(tmp_path, tmp_path / "home", tmp_path / "home").code == 1, "what is not there is not there, first"


def test_a_gap_says_of_which_target_it_is(tree: Path, tmp_path: Path) -> None:
    image = tmp_path / "disk.raw"
    image.write_bytes(b"no file system" + bytes(1 << 20))
    one = audit(tmp_path, image).out.decode()
    assert re.search(rf"^.*\S  +{re.escape(str(image))}$", one, re.MULTILINE)
    both = audit(tmp_path, tree, image).out.decode()
    assert f"{tree}: broken.zip" in both and re.search(rf" {re.escape(str(image))}$", both, re.MULTILINE)


@pytest.mark.parametrize("format_", ["csv", "sarif"])
def test_formats_of_files_come_out_of_standard_output_too(tree: Path, tmp_path: Path, format_: str) -> None:
    ran = audit(tmp_path, tree, "--policy", "strict", "--format", format_)
    assert ran.code == 5 and ran.out.decode("utf-8-sig").count("公開") == 1


def test_json_lines_are_whole_and_in_order(tree: Path, tmp_path: Path) -> None:
    ran = audit(tmp_path, tree, "--policy", "strict", "--format", "json")
    kinds = [line["type"] for line in ran.lines]
    assert kinds[0] == "start" and kinds[-1] == "summary" and kinds.count("summary") == 1
    assert set(kinds) <= {"start", "finding", "gap", "check", "summary"}
    assert all(line["schema"] == 1 for line in ran.lines)
    assert sorted(line["path"] for line in ran.of("finding")) == sorted(NAMES)
    assert ran.err == ""


def test_a_terminal_shows_how_far_it_is(tree: Path, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    environment = {"PATH": os.environ["PATH"], "DONGLE_HOME": str(tmp_path), "LANGUAGE": "en", "TERM": "xterm",
                   "LC_ALL": "C.UTF-8"}  # fmt: skip
    many = tmp_path / "many"
    for n in range(3000):
        (many / f"d{n % 30}").mkdir(parents=True, exist_ok=True)
        (many / f"d{n % 30}" / f"{n}.pdf").write_bytes(PDF)
    command = [sys.executable, "-m", "dongle_cli", "audit", str(many), "--policy", "strict", "--jobs", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, env=environment) as process:
        os.close(theirs)
        out, _err = process.communicate(timeout=60)
    said = b""
    while select.select([ours], [], [], 0)[0]:
        try:
            said += os.read(ours, 65536)
        except OSError:  # EIO: all of it was read
            break
    os.close(ours)
    assert process.returncode == 5 and b"3000 violations" in out
    assert re.search(rb"\d files  [\d,]+ a second  \d+ violations  \d+ not looked at", said)


def test_an_interruption_ends_with_130_and_is_never_a_result(tmp_path: Path) -> None:
    target, report = tmp_path / "t", tmp_path / "r.json"
    for n in range(6000):
        (target / f"d{n % 60}").mkdir(parents=True, exist_ok=True)
        (target / f"d{n % 60}" / f"{n}.pdf").write_bytes(PDF)
    environment = {"PATH": os.environ["PATH"], "DONGLE_HOME": str(tmp_path / "home"), "LANGUAGE": "en"}
    command = [sys.executable, "-m", "dongle_cli", "audit", str(target), "--policy", "strict", "--format", "json",
               "--report", str(report)]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment,
                          bufsize=0) as process:  # fmt: skip
        assert process.stdout is not None
        while b'"finding"' not in process.stdout.readline():
            pass
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130 and json.loads(err)["error"]["code"] == "interrupted.user"
    *_found, summary = map(json.loads, out.splitlines())
    assert summary["type"] == "summary" and summary["complete"] is False and summary["interrupted"] is True
    assert summary["exit"] == 130 and summary["findings"] < 6000
    assert json.loads(report.read_text("utf-8"))["summary"]["complete"] is False


class Slow(io.RawIOBase):
    """A pipe whose reader is slow: a write waits in the middle, and meanwhile somebody presses Ctrl-C."""

    def __init__(self, presses: int) -> None:
        super().__init__()
        self.presses, self.taken = presses, b""

    def writable(self) -> bool:
        return True

    def write(self, data: object, /) -> int:
        some = bytes(data)[:5000]  # type: ignore[call-overload]
        self.taken += some
        if self.presses:
            self.presses -= 1
            signal.raise_signal(signal.SIGINT)
        return len(some)


def test_an_interruption_breaks_no_line_and_a_second_one_waits_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for presses in (1, 2):
        pipe = Slow(presses)
        with io.TextIOWrapper(io.BufferedWriter(pipe), "utf-8") as stdout, monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", stdout)
            with pytest.raises(KeyboardInterrupt):
                output.emit({"found": "x" * 20_000})
            whole = pipe.taken.endswith(b"\n")
            output.emit({"summary": True})
        assert whole is (presses == 1)
        assert not whole or [len(json.loads(line)) for line in pipe.taken.splitlines()] == [2, 2]
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_signs_of_life_where_there_is_no_terminal() -> None:
    from dongle_cli.cli.audit_progress import _Every

    beats: list[float] = []
    began = time.monotonic()
    every = _Every(0.05, lambda: beats.append(time.monotonic()))
    while time.monotonic() < began + 0.3 or not beats:
        every()
    assert len(beats) <= (time.monotonic() - began) / 0.05, "never more often, however busy the machine is"


def numbers(count: int) -> list[str]:
    """Numbers that pass the check digit, made here and nobody's."""
    return [f"{n:012d}" for n in range(123456780000, 123456789999) if my_number_valid(f"{n:012d}")][:count]


def test_numbers_are_counted_and_no_digit_of_one_is_anywhere(tmp_path: Path) -> None:
    import zipfile

    target = tmp_path / "t"
    target.mkdir()
    mine = numbers(6)
    rtf = "{\\rtf1 \\'8c\\'c2\\'90\\'6c\\'94\\'d4\\'8d\\'86 " + " , ".join(mine[:2]) + "}"
    (target / "a.rtf").write_text(rtf, "ascii")
    with zipfile.ZipFile(target / "b.zip", "w") as archive:
        archive.writestr("in/c.rtf", "{\\rtf1 My Number " + mine[2] + "}")
    (target / "d.pdf").write_bytes(b"%PDF-1.4\nbroken")
    reports = [tmp_path / f"r.{suffix}" for suffix in ("json", "html", "csv", "sarif", "xml")]
    ran = audit(tmp_path / "h", target, "--policy", "strict", "--pii", "--format", "json", "--names",
                *[word for path in reports for word in ("--report", path)])  # fmt: skip
    counts = {(line["path"], line["member"]): line["detail"].get("my_numbers") for line in ran.of("finding")}
    assert counts == {("a.rtf", None): 2, ("b.zip", "in/c.rtf"): 1, ("d.pdf", None): None}
    assert [(gap["path"], gap["reason"]) for gap in ran.of("gap")] == [("d.pdf", "damaged")]
    assert ran.of("summary")[0]["pii"]["my_numbers"] == 3 and ran.of("summary")[0]["complete"] is False
    screen = audit(tmp_path / "h", target, "--policy", "strict", "--pii").out.decode()
    assert re.search(r"My Numbers 3\b", screen)
    assert "a.rtf  (My Numbers: 2)" in screen and "b.zip > in/c.rtf  (My Numbers: 1)" in screen
    for text in (screen, ran.out.decode(), ran.err, *(path.read_text("utf-8") for path in reports)):
        assert not any(number in text or number[:8] in text for number in mine)


def test_a_document_without_end_costs_its_deadline_and_a_broken_one_nobody_else(tmp_path: Path) -> None:
    import zipfile

    from dongle_cli.audit.identify import Limits
    from dongle_cli.audit.pii.counting import numbers as count
    from dongle_cli.audit.pii.extract import Unmeasured
    from dongle_cli.audit.sources.directory import Tree

    class Silent(io.BytesIO):
        """A file whose server no longer answers."""

        def seek(self, offset: int, whence: int = 0, /) -> int:
            while True:
                signal.pause()

    class Share(Tree):
        def open(self, path: str) -> io.BytesIO:  # type: ignore[override]
            return Silent((tmp_path / path).read_bytes())

    (tmp_path / "a.rtf").write_text("{\\rtf1 My Number " + numbers(1)[0] + "}")
    with zipfile.ZipFile(tmp_path / "b.xlsx", "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types")
        archive.writestr("xl/workbook.xml", "<workbook/>" * 3)
    tree = Tree(str(tmp_path))
    late = count(Share(str(tmp_path)), "a.rtf", "rtf", Limits(), deadline=0.3)[None, "rtf"]
    assert isinstance(late, Unmeasured) and late.reason == "limit"
    broken = count(tree, "b.xlsx", "xlsx", Limits())[None, "xlsx"]
    assert isinstance(broken, Unmeasured) and broken.reason == "damaged"
    good = count(tree, "a.rtf", "rtf", Limits())[None, "rtf"]
    assert not isinstance(good, Unmeasured) and good.my_number == 1
    gone = count(tree, "none.rtf", "rtf", Limits())[None, "rtf"]
    assert isinstance(gone, Unmeasured)
