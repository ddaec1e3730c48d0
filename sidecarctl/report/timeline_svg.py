"""Timelines as one SVG for a pull request, without fonts or scripts of its own."""

from collections.abc import Iterable, Iterator, Mapping

from sidecarctl.findings import Severity
from sidecarctl.lifecycle.assumptions import Case
from sidecarctl.lifecycle.lanes import Phase
from sidecarctl.report.svg import (
    INNER,
    MONO,
    PAD,
    SANS,
    WIDTH,
    Block,
    attribute,
    escaped,
    moved,
    paragraph,
    stacked,
    upright,
    words,
)
from sidecarctl.report.timeline_chart import WORDS, Chart, Gate, Row, chart
from sidecarctl.report.timeline_style import style_sheet
from sidecarctl.report.timeline_words import assumed, seconds
from sidecarctl.simulate.simulated import Danger, SimulatedPod, Simulation

_ROW, _BAR, _AXIS = 26, 16, 22
_LONGEST_NAME = 26  # characters
_TICK = 80  # pixels between two of them, at the least

_LABELS: Mapping[Phase, str] = {
    Phase.PULLING: "pull",
    Phase.STARTING: "start",
    Phase.GATING: "gate",
    Phase.RUNNING: "run",
    Phase.WORKING: "work",
    Phase.DRAINING: "preStop",
    Phase.WAITING: "wait",
    Phase.STOPPING: "stop",
    Phase.DOWN: "down",
    Phase.STUCK: "stuck",
}


def simulation_svg(simulation: Simulation, cases: Iterable[Case]) -> str:
    """Return the pods of *simulation* with their pictures in *cases*, one below the other."""
    shown = tuple(cases)
    blocks = [_pod(pod, shown, is_pair=bool(simulation.profile)) for pod in simulation.pods]
    height, body = stacked(blocks, gap=PAD)
    height += 2 * PAD
    subjects = ", ".join(dict.fromkeys(pod.subject for pod in simulation.pods))
    title = f"Start and stop of {subjects}, by the model of the kubelet {simulation.version}"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height:g}" '
        f'viewBox="0 0 {WIDTH} {height:g}" role="img" aria-label={attribute(title)}>',
        f"<title>{escaped(title)}</title>",
        f"<style>{style_sheet()}</style>",
        f'<rect class="ground card" x=".5" y=".5" width="{WIDTH - 1}" height="{height - 1:g}" '
        'rx="6"/>',
        *moved(PAD, PAD, body),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _pod(pod: SimulatedPod, cases: tuple[Case, ...], *, is_pair: bool) -> Block:
    stage = f" · {pod.stage.value}" if is_pair else ""
    head = [
        words(0, 14, "ink h1", pod.subject + stage),
        words(INNER, 14, "muted mono r", str(pod.location)),
    ]
    charts = [(case, chart(picture, case)) for picture in pod.pictures for case in cases]
    names = max((len(row.name) for _, each in charts for row in each.rows), default=0)
    left = min(names, _LONGEST_NAME) * MONO + 64
    blocks: list[Block] = [(26, head)]
    blocks += [paragraph(f"refused by the API server: {fault}", "error") for fault in pod.faults]
    blocks += [_chart(each, case, left) for case, each in charts]
    if charts:
        blocks.append(_legend([each for _, each in charts]))
        blocks += [paragraph(line, "muted small") for line in assumed(pod, cases)]
    blocks += [paragraph(remark, "muted") for remark in pod.remarks]
    if pod.dangers:
        blocks.append((8, []))
    blocks += [_danger(danger) for danger in pod.dangers]
    return stacked(blocks)


def _chart(chart_: Chart, case: Case, left: float) -> Block:
    """Draw the axis, the grid, gaps behind the bars, gates before them."""
    per_s = (INNER - left) / chart_.end_s
    bottom = _AXIS + _ROW * len(chart_.rows)
    span = f"{case.value}; {chart_.span}" if chart_.span else case.value
    body = []
    for tick in chart_.ticks(int((INNER - left) / _TICK)):
        x = left + tick * per_s
        body.append(upright("grid", x, _AXIS - 4, bottom))
        if x < INNER - 20:
            body.append(words(x, 12, "muted small m" if tick else "muted small", seconds(tick)))
    for gap in chart_.gaps:
        x, width = left + gap.start_s * per_s, max((gap.end_s - gap.start_s) * per_s, 2)
        body.append(
            f'<rect class="gap gapedge" x="{x:.1f}" y="{_AXIS}" width="{width:.1f}" '
            f'height="{bottom - _AXIS}" rx="2"/>'
        )
    for index, row in enumerate(chart_.rows):
        body += _row(row, _AXIS + index * _ROW, left, per_s)
    for mark in chart_.marks:
        x = left + mark.at_s * per_s
        colour = "limit" if mark.is_limit else "mark"
        body.append(upright(f"{colour} dashed", x, _AXIS, bottom + 3))
        side = "r " if x + len(mark.text) * SANS / 2 > INNER else "m "
        body.append(words(min(x, INNER), bottom + 15, f"{side}{colour}ink small b", mark.text))
    body += [_gate(gate, chart_.rows, left, per_s) for gate in chart_.gates]
    head = [
        words(0, 13, "ink h2", chart_.title),
        words(len(chart_.title) * 7.6 + 10, 13, "ink", chart_.sentence),
        words(INNER, 13, "muted small r", span),
    ]
    foot = bottom + (20 if chart_.marks else 6)
    below: list[Block] = [
        paragraph(f"{seconds(gap.start_s)} to {seconds(gap.end_s)}: {gap.message}", "error small")
        for gap in chart_.gaps
    ]
    below += [paragraph(note, "muted small") for note in chart_.notes]
    return stacked([(22, head), (foot, body), *below, (18, [])])


def _row(row: Row, y: float, left: float, per_s: float) -> Iterator[str]:
    is_long = len(row.name) > _LONGEST_NAME
    shown = f"{row.name[: _LONGEST_NAME - 1]}…" if is_long else row.name
    middle, top = y + _ROW / 2 + 4, y + (_ROW - _BAR) / 2
    yield words(0, middle, "ink mono", shown)
    yield words(left - 10, middle, "muted small r", row.role.value)
    for span in row.spans:
        x, width = left + span.start_s * per_s, max((span.end_s - span.start_s) * per_s, 2)
        what = f"{row.name} {WORDS[span.phase]}: {seconds(span.start_s)} to {seconds(span.end_s)}"
        yield (
            f'<rect class="{span.phase.value}" x="{x:.1f}" y="{top:g}" width="{width:.1f}" '
            f'height="{_BAR}" rx="2"><title>{escaped(what)}</title></rect>'
        )
        label = _LABELS[span.phase]
        if width > len(label) * SANS + 6:
            yield words(x + width / 2, middle, f"on-{span.phase.value} small m", label)
    if not row.spans:
        yield words(left + 4, middle, "muted small", row.silence)
    elif row.killed:
        x = left + row.spans[-1].end_s * per_s
        yield words(x + 4, middle, "error small b", "killed")


def _gate(gate: Gate, rows: tuple[Row, ...], left: float, per_s: float) -> str:
    """Draw an arrow from the middle of one row to the bar that it lets begin or go on."""
    x = left + gate.at_s * per_s
    begin, end = (_AXIS + n * _ROW + _ROW / 2 for n in (gate.by, gate.to))
    down = 1 if end > begin else -1
    reach = left + rows[gate.to].spans[0].start_s * per_s
    tip = end - down * (_BAR / 2 - 1)
    line, head = f"V{tip - down * 4:g}", f"M{x:.1f} {tip:g}l-3.5 {-5 * down}h7z"
    if reach - x > 8:  # the kubelet takes its time: across to where the bar begins
        line, head = f"V{end:g}H{reach - 4:.1f}", f"M{reach:.1f} {end:g}l-5 -3.5v7z"
    return (
        f'<g><circle class="tip" cx="{x:.1f}" cy="{begin:g}" r="2.5"/>'
        f'<path class="gate" d="M{x:.1f} {begin:g}{line}"/><path class="tip" d="{head}"/></g>'
    )


def _legend(charts: Iterable[Chart]) -> Block:
    used = {span.phase for each in charts for row in each.rows for span in row.spans}
    x, y, body = 0.0, 0, []
    for phase, what in WORDS.items():
        if phase not in used:
            continue
        width = 20 + len(what) * SANS + 14
        if x + width > INNER:
            x, y = 0.0, y + 18
        body.append(
            f'<rect class="{phase.value}" x="{x:.1f}" y="{y + 2}" width="14" height="11" rx="2"/>'
        )
        body.append(words(x + 20, y + 12, "muted small", what))
        x += width
    return y + 22, body


def _danger(danger: Danger) -> Block:
    hazard = danger.hazard
    word = {Severity.INFO: "note"}.get(hazard.severity, hazard.severity.value)
    indent = 64
    blocks: list[Block] = [(0, [words(0, 12, f"{hazard.severity.value} b", word)])]
    blocks.append(paragraph(f"{hazard.message} [{hazard.kind.value}]", "ink", indent))
    blocks.append(paragraph(str(danger.location), "muted small mono", indent))
    blocks += [
        paragraph(f"{one.location} {one.message}", "muted small mono", indent)
        for one in danger.related
    ]
    blocks.append(paragraph(f"cure: {hazard.cure.text}", "ink", indent))
    return stacked([*blocks, (8, [])])
