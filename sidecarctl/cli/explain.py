"""`explain`: the page of a concern, a sidecar, a field or a rule of lint."""

import sys
from typing import Annotated

import typer


def command(
    name: Annotated[
        str,
        typer.Argument(
            metavar="CONCERN|SIDECAR|FIELD|RULE",
            help="A name or code from `list`, or a field: rateLimit.perInstance",
            show_default=False,
        ),
    ],
) -> None:
    """Explain a concern, a sidecar, a field of one, or a rule of lint."""
    from sidecarctl.lint.pages import rule_page
    from sidecarctl.profile.pages import explain
    from sidecarctl.report.page import page
    from sidecarctl.report.paint import is_coloured
    from sidecarctl.report.streams import write_out

    write_out(page(rule_page(name) or explain(name), coloured=is_coloured(sys.stdout)))
