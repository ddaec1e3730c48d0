"""A chart in cells of a terminal: a line for each row, gates drawn through them."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from sidecarctl.lifecycle.lanes import Phase
from sidecarctl.report.paint import Words
from sidecarctl.report.timeline_chart import Chart, Gate, Row
from sidecarctl.report.timeline_words import seconds

CELLS: dict[Phase, tuple[str, str]] = {
    Phase.PULLING: ("·", "dim"),
    Phase.STARTING: ("░", "yellow"),
    Phase.GATING: ("▒", "cyan"),
    Phase.RUNNING: ("━", "green"),
    Phase.WORKING: ("▓", "green"),
    Phase.DRAINING: ("▅", "blue"),
    Phase.WAITING: ("┈", "dim"),
    Phase.STOPPING: ("▂", "yellow"),
    Phase.DOWN: ("×", "red"),
    Phase.STUCK: ("×", "red"),
}
_TICK = 10  # columns between two of them, at the least

_Cell = tuple[str, str]
"""A character and its style."""


class Plot(Struct, frozen=True):
    """Turns times into columns: *end_s* is the right edge."""

    end_s: float
    columns: int

    def column(self, at_s: float) -> int:
        return min(round(at_s * self.columns / self.end_s), self.columns - 1)


def row_words(index: int, chart: Chart, plot: Plot) -> Iterator[Words]:
    """Yield the row *index* of *chart*, with the gates that cross it."""
    return _words(_cells(index, chart, plot))


def _cells(index: int, chart: Chart, plot: Plot) -> list[_Cell]:
    cells: list[_Cell] = [(" ", "")] * plot.columns
    row = chart.rows[index]
    last = 0
    for span in row.spans:
        first = plot.column(span.start_s)
        last = max(plot.column(span.end_s), first + 1)  # what is short is seen all the same
        cells[first:last] = [CELLS[span.phase]] * (min(last, plot.columns) - first)
    if row.killed and row.spans:
        cells[min(last, plot.columns - 1)] = ("✗", "bold red")
    for gate in chart.gates:
        _draw(gate, index, row, cells, plot)
    return cells


def _draw(gate: Gate, index: int, row: Row, cells: list[_Cell], plot: Plot) -> None:
    """Draw *gate* into the row *index*: it goes down from *by* in a start, up in a stop."""
    column, goes_down = plot.column(gate.at_s), gate.to > gate.by
    first, last = sorted((gate.by, gate.to))
    if index == gate.by:
        ends = row.spans[-1].end_s <= gate.at_s
        cells[column] = ("┓" if goes_down and ends else "┳" if goes_down else "┛", "bold")
    elif index == gate.to:
        cells[column] = ("┗" if goes_down else "┏", "bold")
        begins = plot.column(row.spans[0].start_s) if goes_down else column
        for each in range(column + 1, begins):
            cells[each] = ("╌", "dim")
    elif first < index < last and cells[column][0] in " ┈":
        cells[column] = ("┃", "bold")


def _words(cells: Iterable[_Cell]) -> Iterator[Words]:
    """Yield runs of cells of one style, without blanks at the end."""
    run, style = "", ""
    for character, own in _stripped(cells):
        if own != style and run:
            yield (run, style) if style else run
            run = ""
        run, style = run + character, own
    if run:
        yield (run, style) if style else run


def _stripped(cells: Iterable[_Cell]) -> list[_Cell]:
    found = list(cells)
    while found and found[-1][0] == " ":
        found.pop()
    return found


def axis(chart: Chart, plot: Plot) -> str:
    """Return the line of times above the rows of *chart*."""
    line = ""
    for tick in chart.ticks(max(plot.columns // _TICK, 1)):
        label, column = seconds(tick), plot.column(tick)
        if column + len(label) <= plot.columns:
            line = line.ljust(column) + label
    return line


def label(column: int, sign: str, text: str, columns: int, style: str) -> Iterator[Words]:
    """Yield *sign* at *column* and *text* beside it, to its left where there is no room."""
    if column + len(sign) + 1 + len(text) <= columns or column < len(text) + 1:
        yield from (" " * column, (f"{sign} {text}", style))
    else:
        yield from (" " * (column - len(text) - 1), (f"{text} {sign}", style))
