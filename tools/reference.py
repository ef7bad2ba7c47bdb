"""Write docs/reference.md and docs/ja/reference.md from the commands' own help: `python tools/reference.py`.

With --check nothing is written, and the exit code is 1 where a page is not what the commands say.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = {"en": ROOT / "docs" / "reference.md", "ja": ROOT / "docs" / "ja" / "reference.md"}
INTRODUCTION = {
    "en": """# Reference

Written by `make docs` from the commands' own `--help`. `--lang`, `--verbose` and `--quiet` are understood before and
after the command; the other options of `dongle-cli` itself stand before it.
""",
    "ja": """# リファレンス

`make docs` が各コマンドの `--help` から作成しています。`--lang`、`--verbose`、`--quiet` はコマンドの前にも後にも
書けます。`dongle-cli` 自体のほかのオプションは、コマンドの前に書きます。
""",
}


def page(language: str) -> str:
    """The whole page in `language`; asked of a process of its own, as help texts are looked up once, at import."""
    run = subprocess.run(
        [sys.executable, __file__, "--print", language],
        env={**os.environ, "COLUMNS": "100", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout


def print_page(language: str) -> None:
    """Print the page in `language`, which this process speaks from now on."""
    import click

    from dongle_cli import i18n
    from dongle_cli.cli.help import Context
    from dongle_cli.cli.main import PROGRAM, root

    i18n.activate(language)

    def section(command: click.Command, name: str, parent: click.Context | None, depth: int) -> None:
        context = Context(command, info_name=name, parent=parent, **command.context_settings)
        print(f"\n{'#' * min(depth, 4)} `{context.command_path}`\n\n```text\n{command.get_help(context)}\n```")
        if isinstance(command, click.Group):
            for below in command.list_commands(context):
                found = command.get_command(context, below)
                if found is not None and not found.hidden:
                    section(found, below, context, depth + 1)

    print(INTRODUCTION[language].rstrip())
    section(root(), PROGRAM, None, 2)


def main() -> int:
    """Write or compare the pages."""
    if sys.argv[1:2] == ["--print"]:
        print_page(sys.argv[2])
        return 0
    stale = []
    for language, path in PAGES.items():
        text = page(language)
        if sys.argv[1:] == ["--check"]:
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                stale.append(path)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for path in stale:
        print(f"{path.relative_to(ROOT)} is not what the commands say; run: make docs", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
