"""Standard output and standard error: UTF-8 in any locale, silent when the reader has gone."""

import contextlib
import io
import os
import sys
from typing import TextIO

from sidecarctl.errors import SidecarctlError


def prepare() -> None:
    """Make both streams write UTF-8 and leave line ends as they are.

    A file name that is no UTF-8 is shown with escapes: a message must never fail on its way out.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", newline="")


def write_out(text: str) -> None:
    """Write *text* to standard output.

    Raises:
        SidecarctlError: it could not be written, and not because the reader has closed the pipe.
    """
    # Python sets the stream to None where the shell has closed it (`>&-`).
    stream: TextIO | None = sys.stdout
    if stream is None:
        raise SidecarctlError("standard output is closed", hint="write to a folder with -o DIR")
    try:
        _write(stream, text)
    except OSError as error:
        _abandon(stream)
        reason = error.strerror or str(error)
        raise SidecarctlError(f"cannot write to standard output: {reason}") from None


def write_err(text: str) -> None:
    """Write *text* to standard error; where that fails there is nobody left to tell."""
    stream: TextIO | None = sys.stderr
    if stream is None:
        return
    try:
        _write(stream, text)
    except OSError:
        _abandon(stream)


def _write(stream: TextIO, text: str) -> None:
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        _abandon(stream)


def _abandon(stream: TextIO) -> None:
    """Send what is left in *stream* nowhere, so that the flush at exit does not fail once more."""
    # A stream of a test has no file descriptor, and nothing to flush at exit.
    with contextlib.suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
