"""The documents say what the program does: the reference is the commands' own help, and what the pages call exists."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
WRITTEN = [page for page in PAGES if page.name != "reference.md"]


def test_the_reference_is_what_the_commands_say() -> None:
    run = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "reference.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.relative_to(ROOT)}: {target}"


def test_commands_and_options_that_pages_show_exist(command_tree: list[tuple[list[str], click.Command]]) -> None:
    known = {tuple(path): command for path, command in command_tree}
    root_options = {"--lang", "--verbose", "--quiet", "--config", "--version", "--help", "-v", "-q", "-h"}
    for page in WRITTEN:
        for line in re.findall(r"dongle-cli ((?:[^\n`|>#(。、]|\\\n)+)", page.read_text(encoding="utf-8")):
            words = line.replace("\\\n", " ").split()
            path: list[str] = []
            rest = [word for word in words if word not in root_options]
            while rest and (*path, rest[0]) in known:
                path.append(rest.pop(0))
            if not path:  # a sentence about dongle-cli, not a command line
                continue
            options = {name for parameter in known[tuple(path)].params for name in parameter.opts} | root_options
            for word in words:
                option = re.match(r"--[a-z][a-z-]*", word)
                if option:
                    assert option.group() in options, f"{page.relative_to(ROOT)}: dongle-cli {line}"


def test_every_daily_command_is_in_a_page() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in WRITTEN)
    from dongle_cli.cli.commands import COMMANDS

    for name in COMMANDS:
        assert f"dongle-cli {name}" in text, name


def test_error_codes_that_the_guides_explain_exist() -> None:
    sources = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "dongle_cli").rglob("*.py"))
    first_words = {"device", "usb", "port", "at", "sim", "flash", "network", "modem", "usage", "internal"}
    for page in WRITTEN:
        for first, second in re.findall(r"`([a-z]+)\.([a-z-]+)`", page.read_text(encoding="utf-8")):
            if first in first_words:
                assert f'"{first}.{second}"' in sources, f"{page.relative_to(ROOT)}: {first}.{second}"
