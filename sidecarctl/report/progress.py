"""A sign of life during long work, on a terminal only."""

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sidecarctl.report.streams import write_err

_PATIENCE_S = 0.5
_PAUSE_S = 0.1
_CLEAR_LINE = "\r\x1b[K"


@contextmanager
def working(verb: str) -> Iterator[Callable[[str], None]]:
    """Show on standard error, in one line that goes again, how far the body is.

    The body is given a function to tell the name of each file that is done. What is done quickly
    is not shown at all.
    """
    # Python sets the stream to None where the shell has closed it.
    if sys.stderr is None or not sys.stderr.isatty():
        yield lambda _file: None
        return
    due = time.monotonic() + _PATIENCE_S

    def tell(file: str) -> None:
        nonlocal due
        now = time.monotonic()
        if now >= due:
            width = shutil.get_terminal_size().columns - 1
            write_err(_CLEAR_LINE + f"{verb} {file}"[:width])
            due = now + _PAUSE_S

    try:
        yield tell
    finally:
        write_err(_CLEAR_LINE)
