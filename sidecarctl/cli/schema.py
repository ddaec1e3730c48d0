"""`schema`: the JSON Schema of a file that you write, for your editor."""

from typing import Annotated, Literal

import typer


def command(
    _what: Annotated[
        Literal["profile"],
        typer.Argument(metavar="profile", help="Of which file.", show_default=False),
    ],
) -> None:
    """Print the JSON Schema of a profile."""
    from sidecarctl.profile.schema import profile_schema
    from sidecarctl.report.dump import dump
    from sidecarctl.report.streams import write_out

    write_out(dump(profile_schema()))
