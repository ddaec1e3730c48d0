"""`init`: a first profile to change."""

from pathlib import Path
from typing import Annotated

import typer


def command(
    file: Annotated[
        Path, typer.Argument(metavar="[FILE]", help="Where to write it; - prints it.")
    ] = Path("profile.yaml"),
) -> None:
    """Write a commented profile to start from.

    The JSON Schema that editors check it by is written beside it. What exists already is never
    overwritten.
    """
    from sidecarctl.errors import SidecarctlError
    from sidecarctl.manifest.files import write_all
    from sidecarctl.profile.schema import profile_schema
    from sidecarctl.report.dump import dump
    from sidecarctl.report.starter import starter
    from sidecarctl.report.streams import write_err, write_out

    if str(file) == "-":
        write_out(starter(file=Path("profile.yaml"), schema="profile.schema.json"))
        return
    if file.exists() or file.is_symlink():
        raise SidecarctlError(
            f"{str(file)!r} exists already, and init overwrites nothing",
            hint="name another file: sidecarctl init FILE",
        )
    schema = file.with_name("profile.schema.json")
    texts = {file: starter(file=file, schema=schema.name)}
    if not schema.exists():
        texts[schema] = dump(profile_schema())
    write_all(texts)
    write_err(f"{' and '.join(map(str, texts))} written\n")
