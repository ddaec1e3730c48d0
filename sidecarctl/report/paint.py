"""Lines with colours.

A line is built of plain words and of words with a style, so that what is said and how it looks
stay apart. Nothing is wrapped, highlighted or read as markup: ``[/etc/envoy]`` is text.
"""

import io
import os
from collections.abc import Iterable, Sequence
from typing import TextIO, TypeAlias

from rich.console import Console
from rich.text import Text

Words: TypeAlias = str | tuple[str, str]
"""Some words, or some words and their style: ``("error", "bold red")``."""

Line: TypeAlias = Sequence[Words]

_PAGE_WIDTH = 100


def is_coloured(stream: TextIO | None) -> bool:
    """Tell whether *stream* is to be written in colour.

    A terminal is, unless ``NO_COLOR`` is set (to anything but nothing); ``FORCE_COLOR`` colours
    whatever the stream is. Source: https://no-color.org, https://force-color.org
    """
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"


def width_of(stream: TextIO | None) -> int | None:
    """Return how many columns *stream* has where it is a terminal."""
    return Console().width if stream is not None and stream.isatty() else None


def paint(lines: Iterable[Line], *, coloured: bool) -> str:
    """Return *lines* as text, each with a line end; *coloured* with the escapes of a terminal."""
    if not coloured:
        return "".join(f"{plain(line)}\n" for line in lines)
    terminal = console()
    for line in lines:
        terminal.print(Text.assemble(*line))
    return taken(terminal)


def plain(line: Line) -> str:
    """Return the words of *line* without their styles."""
    return "".join(words if isinstance(words, str) else words[0] for words in line)


def console() -> Console:
    """Return a terminal that keeps what is printed; `taken` gives it out."""
    return Console(
        file=io.StringIO(),
        force_terminal=True,
        color_system="standard",  # the reader's own sixteen colours: right on dark and on light
        width=min(Console().width, _PAGE_WIDTH),
        soft_wrap=True,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )


def taken(terminal: Console) -> str:
    """Return what was printed on *terminal*, which `console` has made."""
    # It was made with a StringIO, whose type rich does not keep.
    return terminal.file.getvalue() if isinstance(terminal.file, io.StringIO) else ""
