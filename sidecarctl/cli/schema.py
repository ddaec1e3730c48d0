"""`schema`: the JSON Schema of a file that you write, for your editor."""

from typing import Annotated, Literal

import typer


def command(
    what: Annotated[
        Literal["profile", "config"],
        typer.Argument(metavar="profile|config", help="Of which file.", show_default=False),
    ],
) -> None:
    """Print the JSON Schema of a profile, or of the configuration .sidecarctl.yaml."""
    from sidecarctl.report.dump import dump
    from sidecarctl.report.streams import write_out

    if what == "config":
        from sidecarctl.lint.config_file import config_schema

        write_out(dump(config_schema()))
    else:
        from sidecarctl.profile.schema import profile_schema

        write_out(dump(profile_schema()))
