"""The door: a command line comes in, and the one place that catches what stops a run."""

import sys
from collections.abc import Sequence
from itertools import pairwise

from sidecarctl.cli.exit_code import ExitCode
from sidecarctl.cli.quick import quick
from sidecarctl.errors import SidecarctlError
from sidecarctl.report.streams import prepare


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line *argv* (without the program's name) and exit with its code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    prepare()
    try:
        code = _run(arguments)
    except SidecarctlError as error:
        code = _say(error, arguments)
    except KeyboardInterrupt:
        code = ExitCode.INTERRUPTED
    sys.exit(code)


def _run(arguments: list[str]) -> int:
    call = quick(arguments)
    if call is not None:
        return call()
    from sidecarctl.cli import app  # Typer takes as long as all the rest of a small run

    return app.run(arguments)


def _say(error: SidecarctlError, arguments: list[str]) -> ExitCode:
    from sidecarctl.report.json import error_json
    from sidecarctl.report.paint import is_coloured, paint
    from sidecarctl.report.streams import write_err
    from sidecarctl.report.text import error_lines

    # Looked up in the arguments: an error of the command line comes before any option is known.
    if "--report=json" in arguments or ("--report", "json") in pairwise(arguments):
        write_err(error_json(error))
    else:
        write_err(paint(error_lines(error), coloured=is_coloured(sys.stderr)))
    return ExitCode.BAD_INPUT
