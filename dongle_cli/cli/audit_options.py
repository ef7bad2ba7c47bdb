"""The options of `audit` that say where its answer goes and which names it shows."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from dongle_cli.i18n import _

Encoding = Annotated[
    Literal["utf-8", "cp932"],
    typer.Option("--encoding", help=_("Of CSV: utf-8 (with a mark for Excel), or cp932 for old systems.")),
]
MaskNames = Annotated[
    bool, typer.Option("--mask-names", help=_("Replace the names of files and people also on standard output."))
]
Names = Annotated[
    bool, typer.Option("--names", help=_("Show names in report files; without it they carry masks instead."))
]
