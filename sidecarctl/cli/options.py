"""The options that several verbs share, each written once."""

from pathlib import Path
from typing import Annotated

import typer

from sidecarctl.cli.words import ReportFormat

Files = Annotated[
    list[str],
    typer.Argument(
        metavar="FILES...",
        help="Manifests: files, folders, globs, or - for standard input.",
        show_default=False,
    ),
]
Diff = Annotated[
    bool, typer.Option("--diff", help="Print what would change; exit 1 where something would.")
]
Check = Annotated[
    bool, typer.Option("--check", help="Print no manifest; exit 1 if a file would change.")
]
InPlace = Annotated[
    bool, typer.Option("--in-place", "-i", help="Replace the files, all of them or none.")
]
Folder = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", metavar="DIR", help="Write to DIR, new documents in files of their own."
    ),
]
Report = Annotated[
    ReportFormat,
    typer.Option("--report", help="How to report on standard error: for people or for programs."),
]
