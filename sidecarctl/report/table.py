"""Tables of a catalogue: aligned for people, JSON for programs, Markdown for a page."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Literal

from sidecarctl.report.dump import dump

Row = Mapping[str, str]
"""Heading to cell; every row of a table has the same headings."""

_GAP = "   "
_NARROWEST = 24  # columns in which sentences can still be read


def table(
    rows: Sequence[Row], form: Literal["text", "json", "markdown"], *, width: int | None = None
) -> str:
    """Return *rows* in the form *form*, with a line end; no rows give no table.

    *width* is that of the terminal: the last column is folded so as to stay within it.
    """
    if form == "json":
        return dump([dict(row) for row in rows])
    if not rows:
        return ""
    if form == "markdown":
        return _markdown(rows)
    return _text(rows, width)


def _text(rows: Sequence[Row], width: int | None) -> str:
    headings = list(rows[0])
    cells = [[heading.upper() for heading in headings]]
    cells += [[row[heading] for heading in headings] for row in rows]
    widths = [max(len(line[column]) for line in cells) for column in range(len(headings) - 1)]
    margin = sum(widths) + len(_GAP) * len(widths)
    room = width - margin if width and width - margin >= _NARROWEST else None
    return "".join(_line(line, widths, " " * margin, room) for line in cells)


def _line(cells: list[str], widths: list[int], margin: str, room: int | None) -> str:
    *others, last = cells
    start = "".join(f"{cell:<{width}}{_GAP}" for cell, width in zip(others, widths, strict=True))
    parts = (textwrap.wrap(last, room) if room else [last]) or [""]
    return f"\n{margin}".join([(start + parts[0]).rstrip(), *parts[1:]]) + "\n"


def _markdown(rows: Sequence[Row]) -> str:
    headings = list(rows[0])
    lines = [headings, ["---"] * len(headings)]
    lines += [[row[heading].replace("|", "\\|") for heading in headings] for row in rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
