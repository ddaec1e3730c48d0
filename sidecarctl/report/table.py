"""Tables of a catalogue: aligned for people, JSON for programs, Markdown for a page."""

from collections.abc import Mapping, Sequence
from typing import Literal

from sidecarctl.report.dump import dump

Row = Mapping[str, str]
"""Heading to cell; every row of a table has the same headings."""


def table(rows: Sequence[Row], form: Literal["text", "json", "markdown"]) -> str:
    """Return *rows* in the form *form*, with a line end; no rows give no table."""
    if form == "json":
        return dump([dict(row) for row in rows])
    if not rows:
        return ""
    if form == "markdown":
        return _markdown(rows)
    return _text(rows)


def _text(rows: Sequence[Row]) -> str:
    headings = list(rows[0])
    cells = [[heading.upper() for heading in headings]]
    cells += [[row[heading] for heading in headings] for row in rows]
    widths = [max(len(line[column]) for line in cells) for column in range(len(headings))]
    lines = ["   ".join(map(str.ljust, line, widths)).rstrip() for line in cells]
    return "\n".join(lines) + "\n"


def _markdown(rows: Sequence[Row]) -> str:
    headings = list(rows[0])
    lines = [headings, ["---"] * len(headings)]
    lines += [[row[heading].replace("|", "\\|") for heading in headings] for row in rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
