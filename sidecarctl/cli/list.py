"""`list`: what there is to choose from."""

import sys
from typing import Annotated, Literal

import typer

from sidecarctl.cli.options import ListFormat


def command(
    what: Annotated[
        Literal["concerns", "sidecars", "profiles"],
        typer.Argument(
            metavar="concerns|sidecars|profiles", help="Which of them.", show_default=False
        ),
    ],
    *,
    form: Annotated[ListFormat, typer.Option("--format", help="How to print them.")] = "text",
) -> None:
    """List the concerns, the sidecars or the built-in profiles."""
    from sidecarctl.profile.pages import rows
    from sidecarctl.report.paint import width_of
    from sidecarctl.report.streams import write_out
    from sidecarctl.report.table import table

    write_out(table(rows(what), form, width=width_of(sys.stdout)))
