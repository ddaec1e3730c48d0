"""Timelines for a terminal: a row for each container, gates between them, hazards below."""

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator

from sidecarctl.findings import Severity
from sidecarctl.lifecycle.assumptions import Case
from sidecarctl.lifecycle.gaps import Gap
from sidecarctl.report.paint import Line, Words
from sidecarctl.report.timeline_cells import CELLS, Plot, axis, label, row_words
from sidecarctl.report.timeline_chart import WORDS, Chart, Row, chart
from sidecarctl.report.timeline_words import assumed, seconds
from sidecarctl.simulate.simulated import Danger, SimulatedPod, Simulation, Stage

_COLOUR = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
_LABEL = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_WIDTH = 100  # columns, where there is no terminal to ask
_NARROWEST = 24  # columns of a plot
_LONGEST_NAME = 32


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
    plot = Plot(chart_.end_s, columns)
    yield (" " * margin, (axis(chart_, plot), "dim"))
    for index, row in enumerate(chart_.rows):
        words = row_words(index, chart_, plot) if row.spans else [(row.silence, "dim")]
        yield (f"  {_name(row)[:_LONGEST_NAME]:<{margin - 2}}", *words)
    for mark in chart_.marks:
        yield (" " * margin, *label(plot.column(mark.at_s), "◆", mark.text, columns, "bold"))
    for gap in chart_.gaps:
        yield from _gap(gap, plot, margin)
    for note in chart_.notes:
        yield ("  ", (note, "dim"))


def _gap(gap: Gap, plot: Plot, margin: int) -> Iterator[Line]:
    first = plot.column(gap.start_s)
    sign = "!" * max(plot.column(gap.end_s) - first, 1)
    message = f"{gap.message} ({seconds(gap.start_s)} to {seconds(gap.end_s)})"
    if first + len(sign) + 1 + len(message) > plot.columns and first <= len(message):
        yield (" " * (margin + first), (sign, "red"))
        yield ("  ", ("! ", "red"), message)
    else:
        yield (" " * margin, *label(first, sign, message, plot.columns, "red"))


def _name(row: Row) -> str:
    return f"{row.name}  {row.role.value}"


def _legend(charts: Iterable[Chart], width: int) -> Iterator[Line]:
    """Yield what the signs mean, those that are there, in as many lines as it takes."""
    found = tuple(charts)
    used = {span.phase for each in found for row in each.rows for span in row.spans}
    signs = [
        (CELLS[phase][0] * 2, CELLS[phase][1], what)
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
