"""`explain`: the page of a concern, a sidecar or a field."""

import sys
from typing import Annotated

import typer


def command(
    name: Annotated[
        str,
        typer.Argument(
            metavar="CONCERN|SIDECAR|FIELD",
            help="A name from `list`, or a field of one: rateLimit.perInstance",
            show_default=False,
        ),
    ],
) -> None:
    """Explain a concern, a sidecar, or a field of one."""
    from sidecarctl.profile.pages import explain
    from sidecarctl.report.paint import is_coloured, page
    from sidecarctl.report.streams import write_out

    write_out(page(explain(name), coloured=is_coloured(sys.stdout)))
