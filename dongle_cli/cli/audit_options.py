"""The options of `audit` that say where its answer goes and which names it shows."""

from __future__ import annotations

from pathlib import Path
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
Pii = Annotated[bool, typer.Option("--pii", help=_("Also count My Numbers in what is found; never a digit is kept."))]
Second = Annotated[
    bool, typer.Option("--second-opinion", help=_("Also ask libmagic about what is found, and show where it differs."))
]
Repatriate = Annotated[
    str | None,
    typer.Option(
        "--repatriate", metavar=_("PLACE"), show_default=False,
        help=_("Copy what is found to the shared server (a mounted folder), and read it back."),
    ),
]  # fmt: skip
Remove = Annotated[
    bool, typer.Option("--remove", help=_("With --repatriate: remove each here once it is verified there."))
]
ReceiptFile = Annotated[
    Path | None,
    typer.Option(
        "--receipt", metavar=_("FILE"), show_default=False,
        help=_("Where the receipt of --repatriate is kept; without it among the program's data."),
    ),
]  # fmt: skip
