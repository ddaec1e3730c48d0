"""`list`: what there is to choose from."""

import sys
from typing import Annotated, Literal

import typer

from sidecarctl.cli.words import ListFormat


def command(
    what: Annotated[
        Literal["concerns", "sidecars", "profiles", "rules"],
        typer.Argument(
            metavar="concerns|sidecars|profiles|rules", help="Which of them.", show_default=False
        ),
    ],
    *,
    form: Annotated[ListFormat, typer.Option("--format", help="How to print them.")] = "text",
) -> None:
    """List the concerns, the sidecars, the built-in profiles or the rules of lint."""
    from sidecarctl.report.paint import width_of
    from sidecarctl.report.streams import write_out
    from sidecarctl.report.table import table

    if what == "rules":
        from sidecarctl.lint.pages import rule_rows

        found = rule_rows()
    else:
        from sidecarctl.profile.pages import rows

        found = rows(what)
    write_out(table(found, form, width=width_of(sys.stdout)))
