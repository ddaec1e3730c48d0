"""The door: a command line comes in, and the one place that catches what stops a run."""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise
from typing import NoReturn

from sidecarctl.cli.exit_code import ExitCode
from sidecarctl.cli.quick import VERBS, quick
from sidecarctl.errors import SidecarctlError
from sidecarctl.report.streams import prepare


def entry() -> NoReturn:
    """Be what the shell calls: run the command line and end the process with its code.

    After a quick verb it ends at once. Everything has been written then, and to take the modules
    and documents apart one by one, as Python does at its end, takes a tenth of a small run.
    """
    arguments = sys.argv[1:]
    code = _finish(arguments)
    if arguments and arguments[0] in VERBS:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError, AttributeError):  # closed, or None: nobody reads
                stream.flush()
        os._exit(code)
    sys.exit(code)


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the command line *argv* (without the program's name) and exit with its code."""
    sys.exit(_finish(list(sys.argv[1:] if argv is None else argv)))


def _finish(arguments: list[str]) -> int:
    prepare()
    try:
        return _run(arguments)
    except SidecarctlError as error:
        return _say(error, arguments)
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED


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
