"""`eject`: take back what `inject` did."""

from sidecarctl.cli.exit_code import ExitCode
from sidecarctl.cli.options import Check, Diff, Files, Folder, InPlace, Report


def command(
    files: Files,
    *,
    diff: Diff = False,
    check: Check = False,
    in_place: InPlace = False,
    output: Folder = None,
    report: Report = "text",
) -> ExitCode:
    """Take back what inject added, to the byte.

    Also after the files were edited elsewhere. A file that inject had made is removed.
    """
    from sidecarctl.cli.ejecting import run

    return run(files, diff=diff, check=check, in_place=in_place, output=output, report=report)
