"""A sign of life during long work, on a terminal only."""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.status import Status
from rich.text import Text

_PATIENCE_S = 0.7


@contextmanager
def working(verb: str) -> Iterator[Callable[[str], None]]:
    """Show *verb* on standard error while the body runs, if it runs for long.

    The body is given a function to tell the name of each file that is done.
    """
    console = Console(stderr=True)
    if sys.stderr is None or not console.is_terminal or console.is_dumb_terminal:
        yield lambda _file: None
        return
    status = Status(Text(verb), console=console)
    timer = threading.Timer(_PATIENCE_S, status.start)
    timer.daemon = True
    timer.start()
    try:
        yield lambda file: status.update(Text(f"{verb} {file}"))
    finally:
        timer.cancel()
        timer.join()  # it may just be starting the sign that has to be stopped
        status.stop()
