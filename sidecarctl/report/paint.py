"""Lines with colours.

A line is built of plain words and of words with a style, so that what is said and how it looks
stay apart. Nothing is wrapped, highlighted or read as markup: ``[/etc/envoy]`` is text.

By hand and not by rich, which takes longer to import (35 ms) than most runs need for all they do.
"""

import os
import shutil
from collections.abc import Iterable, Sequence
from typing import TextIO, TypeAlias

Words: TypeAlias = str | tuple[str, str]
"""Some words, or some words and their style: ``("error", "bold red")``."""

Line: TypeAlias = Sequence[Words]

# The reader's own sixteen colours, so that they are right on a dark ground and on a light one.
# Source: ECMA-48, 8.3.117 SGR
_CODES = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "cyan": "36",
}


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
    return shutil.get_terminal_size().columns if stream is not None and stream.isatty() else None


def paint(lines: Iterable[Line], *, coloured: bool) -> str:
    """Return *lines* as text, each with a line end; *coloured* with the escapes of a terminal."""
    say = _coloured if coloured else plain
    return "".join(f"{say(line)}\n" for line in lines)


def plain(line: Line) -> str:
    """Return the words of *line* without their styles."""
    return "".join(words if isinstance(words, str) else words[0] for words in line)


def _coloured(line: Line) -> str:
    return "".join(words if isinstance(words, str) else _styled(*words) for words in line)


def _styled(words: str, style: str) -> str:
    codes = ";".join(_CODES[name] for name in style.split())
    return f"\x1b[{codes}m{words}\x1b[0m" if codes and words else words
