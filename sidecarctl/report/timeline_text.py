"""Timelines for a terminal: a row for each container, gates between them, hazards below."""

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sidecarctl.findings import Severity
from sidecarctl.lifecycle.assumptions import Case
from sidecarctl.lifecycle.gaps import Gap
from sidecarctl.lifecycle.lanes import Phase
from sidecarctl.report.paint import Line, Words
from sidecarctl.report.timeline_chart import WORDS, Chart, Gate, Row, assumed, chart, seconds
from sidecarctl.simulate.simulated import Danger, SimulatedPod, Simulation, Stage

_CELLS: dict[Phase, tuple[str, str]] = {
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
_COLOUR = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
_LABEL = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_WIDTH = 100  # columns, where there is no terminal to ask
_NARROWEST = 24  # columns of a plot
_LONGEST_NAME = 32
_TICK = 10  # columns between two of them, at the least
_GATE = ("gate", "bold")

_Cell = tuple[str, str]


def simulation_lines(
    simulation: Simulation, cases: Iterable[Case], width: int | None
) -> Iterator[Line]:
    """Yield every pod with its pictures in *cases*; *width* is the terminal's, None without one."""
    shown = tuple(cases)
    for number, pod in enumerate(simulation.pods):
        if number:
            yield ()
        yield from _pod(pod, shown, width, is_pair=bool(simulation.profile))


def simulation_sum_lines(simulation: Simulation) -> Iterator[Line]:
    """Yield the last line: how many pods, hazards and refusals, and for which version."""
    stage = Stage.INJECTED if simulation.profile else Stage.AS_GIVEN
    pods = [pod for pod in simulation.pods if pod.stage is stage]
    count = Counter(danger.hazard.severity for pod in pods for danger in pod.dangers)
    refused = sum(bool(pod.faults) for pod in pods)
    hazards = ", ".join(
        f"{count[one]} {_LABEL[one]}{'' if count[one] == 1 else 's'}"
        for one in Severity
        if count[one]
    )
    facts = [
        f"{len(pods)} pod{'' if len(pods) == 1 else 's'}",
        hazards or "no hazard",
        *([f"{refused} refused"] if refused else []),
        f"target Kubernetes {simulation.version}",
        *([f"profile {simulation.profile}"] if simulation.profile else []),
    ]
    worst = min(count, key=list(Severity).index, default=None)
    yield ((" · ".join(facts), _COLOUR[worst] if worst else "bold green"),)


def _pod(
    pod: SimulatedPod, cases: tuple[Case, ...], width: int | None, *, is_pair: bool
) -> Iterator[Line]:
    stage = f"  {pod.stage.value}" if is_pair else ""
    yield ((pod.subject, "bold"), f"{stage}  ", (str(pod.location), "dim"))
    for fault in pod.faults:
        yield ("  ", ("refused", "bold red"), f" by the API server: {fault}")
        if fault.hint:
            yield ("    ", ("hint: ", "cyan"), fault.hint)
    charts = [(case, chart(picture, case)) for picture in pod.pictures for case in cases]
    names = max((len(_name(row)) for _, each in charts for row in each.rows), default=0)
    margin = min(names, _LONGEST_NAME) + 4
    columns = max((width or _WIDTH) - margin - 1, _NARROWEST)
    for case, each in charts:
        yield ()
        yield from _chart(each, case, margin, columns)
    if charts:
        yield ()
        yield from _legend([each for _, each in charts], (width or _WIDTH) - 2)
        yield from (("  ", (line, "dim")) for line in assumed(pod, cases))
    for remark in pod.remarks:
        yield ("  ", ("note: ", "cyan"), remark)
    yield from _dangers(pod.dangers, width)


def _chart(chart_: Chart, case: Case, margin: int, columns: int) -> Iterator[Line]:
    how = f"  {case.value}" + (f"; {chart_.span}" if chart_.span else "")
    yield ("  ", (f"{chart_.title}: ", "bold"), chart_.sentence, (how, "dim"))
    plot = _Plot(chart_.end_s, columns)
    yield (" " * margin, (_axis(chart_, plot), "dim"))
    for index, row in enumerate(chart_.rows):
        words = _words(_cells(index, chart_, plot)) if row.spans else [(row.silence, "dim")]
        yield (f"  {_name(row)[:_LONGEST_NAME]:<{margin - 2}}", *words)
    for mark in chart_.marks:
        yield (" " * margin, *_label(plot.column(mark.at_s), "◆", mark.text, columns, "bold"))
    for gap in chart_.gaps:
        yield from _gap(gap, plot, margin)
    for note in chart_.notes:
        yield ("  ", (note, "dim"))


@dataclass(frozen=True, slots=True)
class _Plot:
    """Turns times into columns: *end_s* is the right edge."""

    end_s: float
    columns: int

    def column(self, at_s: float) -> int:
        return min(round(at_s * self.columns / self.end_s), self.columns - 1)


def _cells(index: int, chart_: Chart, plot: _Plot) -> list[_Cell]:
    """Return the cells of row *index*, the gates that cross it included."""
    cells: list[_Cell] = [(" ", "")] * plot.columns
    row = chart_.rows[index]
    last = 0
    for span in row.spans:
        first = plot.column(span.start_s)
        last = max(plot.column(span.end_s), first + 1)  # what is short is seen all the same
        cells[first:last] = [_CELLS[span.phase]] * (min(last, plot.columns) - first)
    if row.killed and row.spans:
        cells[min(last, plot.columns - 1)] = ("✗", "bold red")
    for gate in chart_.gates:
        _draw(gate, index, row, cells, plot)
    return cells


def _draw(gate: Gate, index: int, row: Row, cells: list[_Cell], plot: _Plot) -> None:
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


def _axis(chart_: Chart, plot: _Plot) -> str:
    line = ""
    for tick in chart_.ticks(max(plot.columns // _TICK, 1)):
        label, column = seconds(tick), plot.column(tick)
        if column + len(label) <= plot.columns:
            line = line.ljust(column) + label
    return line


def _label(column: int, sign: str, text: str, columns: int, style: str) -> Iterator[Words]:
    """Yield *sign* at *column* and *text* beside it, to its left where there is no room."""
    if column + len(sign) + 1 + len(text) <= columns or column < len(text) + 1:
        yield from (" " * column, (f"{sign} {text}", style))
    else:
        yield from (" " * (column - len(text) - 1), (f"{text} {sign}", style))


def _gap(gap: Gap, plot: _Plot, margin: int) -> Iterator[Line]:
    first = plot.column(gap.start_s)
    sign = "!" * max(plot.column(gap.end_s) - first, 1)
    message = f"{gap.message} ({seconds(gap.start_s)} to {seconds(gap.end_s)})"
    if first + len(sign) + 1 + len(message) > plot.columns and first <= len(message):
        yield (" " * (margin + first), (sign, "red"))
        yield ("  ", ("! ", "red"), message)
    else:
        yield (" " * margin, *_label(first, sign, message, plot.columns, "red"))


def _name(row: Row) -> str:
    return f"{row.name}  {row.role.value}"


def _legend(charts: Iterable[Chart], width: int) -> Iterator[Line]:
    """Yield what the signs mean, those that are there, in as many lines as it takes."""
    found = tuple(charts)
    used = {span.phase for each in found for row in each.rows for span in row.spans}
    signs = [
        (_CELLS[phase][0] * 2, _CELLS[phase][1], what)
        for phase, what in WORDS.items()
        if phase in used
    ]
    if any(each.gates for each in found):
        signs.append(("┳┗", "bold", "lets the other go on"))
    line: list[Words] = []
    room = width
    for sign, style, what in signs:
        length = len(what) + 6
        if length > room:
            yield ("  ", *line)
            line, room = [], width
        line += [
            "   " if line else "",
            (sign, style),
            (f" {what}", "dim"),
        ]
        room -= length
    yield ("  ", *line)


def _dangers(dangers: Iterable[Danger], width: int | None) -> Iterator[Line]:
    found = tuple(dangers)
    if found:
        yield ()
    for danger in found:
        hazard = danger.hazard
        label, place = _LABEL[hazard.severity], str(danger.location)
        yield from _folded(
            ("  ", (label, _COLOUR[hazard.severity]), ": ", (f"{place}: ", "bold")),
            f"{hazard.message} [{hazard.kind.value}]",
            width,
        )
        for one in danger.related:
            yield from _folded(("    ", ("see ", "blue")), f"{one.location}: {one.message}", width)
        yield from _folded(("    ", ("cure: ", "green")), hazard.cure.text, width)


def _folded(head: Line, text: str, width: int | None) -> Iterator[Line]:
    """Yield *head* and *text*, folded where a terminal is *width* columns wide."""
    length = sum(len(words if isinstance(words, str) else words[0]) for words in head)
    if not width:
        yield (*head, text)
        return
    room = max(width - 6, _NARROWEST)
    lines = textwrap.wrap(text, room, initial_indent=" " * max(length - 6, 0)) or [""]
    yield (*head, lines[0][max(length - 6, 0) :])
    for line in lines[1:]:
        yield (" " * 6, line)
