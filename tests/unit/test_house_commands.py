"""Every command helps in both languages, and every error has one shape."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from dongle_cli.cli.main import run as run_here
from dongle_cli.errors import DongleError, ExitCode
from dongle_cli.i18n import width

JAPANESE = re.compile(r"[ぁ-んァ-ヶ一-龠]")
# Click's and Typer's own words; in Japanese help none of them may be left.
FRAMEWORK = [
    "Usage:", "Options:", "Commands:", "Arguments:", "Show this message", "Show the version", "[OPTIONS]",
    "COMMAND [ARGS]", "default:", "required", "env var:", "Example:", "Help for a command",
]  # fmt: skip
Result = subprocess.CompletedProcess[str]


def run(*arguments: str, home: Path, **environment: str) -> Result:
    """Run the real program with its own home, in English unless told otherwise, without a terminal."""
    keep = {key: os.environ[key] for key in ("PATH", "SYSTEMROOT") if key in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "dongle_cli", *arguments],
        env=keep | {"DONGLE_HOME": str(home), "LANG": "C.UTF-8"} | environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
        timeout=60,
    )


def test_every_command_and_option_has_help(command_tree: list[tuple[list[str], click.Command]]) -> None:
    for path, command in command_tree:
        assert command.help, path
        for parameter in command.params:
            assert getattr(parameter, "help", None), f"{path}: {parameter.name} has no help"


# Commands that only look, wait for questions, or move the lab's virtual dongles. `at` asks before what is not reading.
LOOKING = {
    "list", "show", "profile check", "profile show", "profile diff", "at", "verify", "ca ocsp", "ca status",
    "audit rules", "audit sample", "evidence verify", "register runs", "register dongles", "register bindings",
    "register check",
}  # fmt: skip


def test_whatever_changes_something_has_a_dry_run_and_a_yes(
    command_tree: list[tuple[list[str], click.Command]],
) -> None:
    for path, command in command_tree:
        name = " ".join(path)
        if (isinstance(command, click.Group) and not command.invoke_without_command) or path[0] == "lab":
            continue
        options = {word for parameter in command.params for word in parameter.opts}
        assert name in LOOKING or options >= {"--dry-run", "-n", "--yes", "-y"}, name


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_help_pages_fit_80_columns_and_are_in_one_language(
    lang: str, command_paths: list[list[str]], tmp_path: Path
) -> None:
    for path in [[], *command_paths]:
        page = run(*path, "--help", "--lang", lang, home=tmp_path, COLUMNS="80")
        assert page.returncode == 0, page.stderr
        wide = [line for line in page.stdout.splitlines() if width(line) > 82]
        assert not wide, (path, wide)
        assert bool(JAPANESE.search(page.stdout)) == (lang == "ja"), path
        left = [word for word in FRAMEWORK if word in page.stdout]
        assert bool(left) == (lang == "en"), f"{path}: {left}\n{page.stdout}"


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_wrong_usage_is_clicks_own_and_one_object_in_json(lang: str, tmp_path: Path) -> None:
    text = run("lsit", "--lang", lang, home=tmp_path)
    assert text.returncode == ExitCode.USAGE
    assert "'list'" in text.stderr, "the suggestion"
    assert not text.stdout
    if lang == "ja":
        assert JAPANESE.search(text.stderr)
        assert "Did you mean" not in text.stderr
    result = run("list", "--format", "json", "--nope", "--lang", lang, home=tmp_path)
    assert result.returncode == ExitCode.USAGE
    (line,) = result.stderr.splitlines()
    error = json.loads(line)
    assert set(error) == {"schema", "error"}
    assert error["schema"] == 1
    assert error["error"]["code"] == "usage.click"
    assert bool(JAPANESE.search(error["error"]["message"])) == (lang == "ja")


def test_no_command_at_all_is_answered_with_help(tmp_path: Path) -> None:
    result = run(home=tmp_path)
    assert result.returncode == ExitCode.USAGE
    assert "dongle-cli" in result.stderr


def test_an_error_is_words_with_a_code_or_one_object(tmp_path: Path) -> None:
    nobody = "usbip://127.0.0.1:1"  # nothing listens on port 1
    text = run("list", home=tmp_path, DONGLE_BUS=nobody)
    assert text.returncode == ExitCode.FAILED
    assert re.fullmatch(r"dongle-cli: .+ \[usb\.bus\]", text.stderr.splitlines()[0])
    result = run("list", "-F", "json", home=tmp_path, DONGLE_BUS=nobody)
    assert result.returncode == ExitCode.FAILED
    assert not result.stdout
    error = json.loads(result.stderr)["error"]
    assert {"code", "message", "hint"} <= set(error)
    assert error["code"] == "usb.bus"


def test_a_settings_file_sets_what_the_environment_does_not(tmp_path: Path) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text('bus = "nonsense://"\n')
    assert "[usage.bus]" in run("--config", str(settings), "list", home=tmp_path).stderr
    settings.write_text('buss = "x"\n')
    wrong = run("--config", str(settings), "list", home=tmp_path)
    assert wrong.returncode == ExitCode.USAGE
    assert "[usage.config]" in wrong.stderr
    assert "buss" in wrong.stderr


def test_options_for_everything_work_before_and_after_the_command(tmp_path: Path) -> None:
    for arguments in (["--lang", "ja", "-q", "list", "--help"], ["list", "--help", "-q", "--lang=ja"]):
        result = run(*arguments, home=tmp_path)
        assert result.returncode == 0, result.stderr
        assert JAPANESE.search(result.stdout)


def test_a_defect_is_admitted_and_kept_without_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dongle_cli.cli.crash import record
    from dongle_cli.secrets import Secret

    monkeypatch.setenv("DONGLE_HOME", str(tmp_path))
    secret = Secret("hunter-hunter-22")
    try:
        raise ValueError(f'password {secret.reveal()} after AT+CPIN="9876"')
    except ValueError as error:
        path = record(error)
    assert path is not None
    kept = path.read_text()
    assert "ValueError" in kept
    assert "hunter-hunter-22" not in kept
    assert "9876" not in kept.split("Traceback")[1].splitlines()[-1]
    assert path.stat().st_mode & 0o077 == 0


class Interrupted(io.BytesIO):
    """Standard input at which somebody presses Ctrl-C."""

    def read(self, size: int | None = -1) -> bytes:
        raise KeyboardInterrupt


def test_an_interruption_is_one_error_and_130(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DONGLE_HOME", str(tmp_path))
    monkeypatch.setenv("LANGUAGE", "en")  # put back afterwards
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Interrupted()))
    assert run_here(["--lang", "en", "at", "decode", "--format", "json"]) == ExitCode.INTERRUPTED
    captured = capsys.readouterr()
    assert captured.out == ""
    assert json.loads(captured.err)["error"]["code"] == "interrupted.user"


@pytest.mark.parametrize("arguments", [["--help"], ["profile", "new", "x", "--dry-run"]])
def test_a_reader_that_has_left_is_no_error_to_talk_about(arguments: list[str], tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    result = subprocess.run(
        [sys.executable, "-m", "dongle_cli", *arguments],
        env={**os.environ, "DONGLE_HOME": str(tmp_path), "LANGUAGE": "en"},
        stdout=writer, stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    os.close(writer)
    assert (result.returncode, result.stderr) == (ExitCode.FAILED, "")


@pytest.mark.parametrize(
    ("words", "expected"),
    [("dongle-cli pro", {"profile", "provision"}), ("dongle-cli list --for", {"--format"}), ("dongle-cli --v", set())],
)
def test_the_shell_completes_commands_and_options(words: str, expected: set[str], tmp_path: Path) -> None:
    asked = {"_DONGLE_CLI_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    completed = {line.split(",")[1] for line in run(home=tmp_path, **asked).stdout.split()}
    assert completed == expected or (not expected and {"--verbose", "--version"} <= completed)


def test_first_words_of_codes_decide_the_exit_code() -> None:
    for code, expected in {
        "device.none": 3, "sim.pin-refused": 4, "usb.permission": 1, "usb.vanished": 4, "secret.missing": 6,
        "usage.confirm": 2, "interrupted.user": 130, "nobody.knows": 1, "evidence.altered": 5,
    }.items():  # fmt: skip
        assert DongleError("x", code=code).exit_code == expected, code
