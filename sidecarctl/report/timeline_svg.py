"""Timelines as one SVG for a pull request: light and dark, without fonts or scripts of its own.

Colours stand in classes, once for each scheme, and nowhere as CSS variables, which not every
renderer knows. Source: https://www.w3.org/TR/SVG2/, https://www.w3.org/TR/mediaqueries-5/
"""

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from xml.sax.saxutils import escape, quoteattr

from sidecarctl.findings import Severity
from sidecarctl.lifecycle.assumptions import Case
from sidecarctl.lifecycle.lanes import Phase
from sidecarctl.report.timeline_chart import WORDS, Chart, Gate, Row, assumed, chart, seconds
from sidecarctl.simulate.simulated import Danger, SimulatedPod, Simulation

_WIDTH, _PAD = 940, 24
_INNER = _WIDTH - 2 * _PAD
_ROW, _BAR, _AXIS = 26, 16, 22
_MONO, _SANS = 7.3, 6.2  # pixels a character takes, on the wide side
_LONGEST_NAME = 26  # characters
_TICK = 80  # pixels between two of them, at the least
_INVALID = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

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
# Phase -> fill on light, fill on dark, text on light, text on dark. The colours of GitHub's Primer,
# so that the picture is at home where most pull requests are read: https://primer.style/foundations/color
_FILLS: Mapping[Phase, tuple[str, str, str, str]] = {
    Phase.PULLING: ("#d0d7de", "#3d444d", "#424a53", "#c9d1d9"),
    Phase.STARTING: ("#f2cc60", "#9e6a03", "#4d2d00", "#fff8c5"),
    Phase.GATING: ("#80ccff", "#1158c7", "#0a3069", "#cae8ff"),
    Phase.RUNNING: ("#7ee0a0", "#1f7a37", "#033a16", "#d3f9de"),
    Phase.WORKING: ("#2da44e", "#2ea043", "#ffffff", "#ffffff"),
    Phase.DRAINING: ("#d8b9ff", "#6e40c9", "#3e1f79", "#eddeff"),
    Phase.WAITING: ("#eaeef2", "#262c36", "#57606a", "#9198a1"),
    Phase.STOPPING: ("#ffb77c", "#bd561d", "#5c2200", "#ffe2cc"),
    Phase.DOWN: ("#ff8182", "#b62324", "#660018", "#ffdcd7"),
    Phase.STUCK: ("#ff8182", "#b62324", "#660018", "#ffdcd7"),
}
# Class -> property, light, dark.
_COLOURS: Mapping[str, tuple[str, str, str]] = {
    "ground": ("fill", "#ffffff", "#0d1117"),
    "card": ("stroke", "#d0d7de", "#3d444d"),
    "ink": ("fill", "#1f2328", "#f0f6fc"),
    "muted": ("fill", "#59636e", "#9198a1"),
    "grid": ("stroke", "#e6e9ed", "#21262d"),
    "gate": ("stroke", "#1f2328", "#f0f6fc"),
    "tip": ("fill", "#1f2328", "#f0f6fc"),
    "mark": ("stroke", "#1a7f37", "#3fb950"),
    "markink": ("fill", "#1a7f37", "#3fb950"),
    "limit": ("stroke", "#59636e", "#9198a1"),
    "limitink": ("fill", "#59636e", "#9198a1"),
    "gap": ("fill", "#ffebe9", "#3c1618"),
    "gapedge": ("stroke", "#ff8182", "#8e1519"),
    "error": ("fill", "#cf222e", "#ff7b72"),
    "warning": ("fill", "#9a6700", "#e3b341"),
    "info": ("fill", "#0969da", "#58a6ff"),
}
_FIXED = """\
text{font:12px -apple-system,BlinkMacSystemFont,"Segoe UI","Noto Sans",Helvetica,Arial,sans-serif}
.mono{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.h1{font-size:17px;font-weight:600}.h2{font-size:13px;font-weight:600}.small{font-size:11px}
.b{font-weight:600}.r{text-anchor:end}.m{text-anchor:middle}
.grid,.gapedge{fill:none;stroke-width:1}
.gate{fill:none;stroke-width:1.5}
.dashed{stroke-width:1.5;stroke-dasharray:3 3}.gap{fill-opacity:.75}
"""

_Block = tuple[float, list[str]]
"""A height in pixels, and what is drawn from y = 0 on."""


def simulation_svg(simulation: Simulation, cases: Iterable[Case]) -> str:
    """Return the pods of *simulation* with their pictures in *cases*, one below the other."""
    shown = tuple(cases)
    blocks = [_pod(pod, shown, is_pair=bool(simulation.profile)) for pod in simulation.pods]
    height, body = _stacked(blocks, gap=_PAD)
    height += 2 * _PAD
    subjects = ", ".join(dict.fromkeys(pod.subject for pod in simulation.pods))
    title = f"Start and stop of {subjects}, by the model of the kubelet {simulation.version}"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height:g}" '
        f'viewBox="0 0 {_WIDTH} {height:g}" role="img" aria-label={_attribute(title)}>',
        f"<title>{_text(title)}</title>",
        f"<style>{_style()}</style>",
        f'<rect class="ground card" x=".5" y=".5" width="{_WIDTH - 1}" height="{height - 1:g}" '
        'rx="6"/>',
        *_moved(_PAD, _PAD, body),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _style() -> str:
    light, dark = [], []
    for name, (what, on_light, on_dark) in _COLOURS.items():
        light.append(f".{name}{{{what}:{on_light}}}")
        dark.append(f".{name}{{{what}:{on_dark}}}")
    for phase, (on_light, on_dark, ink, dark_ink) in _FILLS.items():
        light += [f".{phase.value}{{fill:{on_light}}}", f".on-{phase.value}{{fill:{ink}}}"]
        dark += [f".{phase.value}{{fill:{on_dark}}}", f".on-{phase.value}{{fill:{dark_ink}}}"]
    media = "@media (prefers-color-scheme:dark){\n" + "\n".join(dark) + "\n}"
    return _FIXED + "\n".join(light) + "\n" + media


def _pod(pod: SimulatedPod, cases: tuple[Case, ...], *, is_pair: bool) -> _Block:
    stage = f" · {pod.stage.value}" if is_pair else ""
    head = [
        _words(0, 14, "ink h1", pod.subject + stage),
        _words(_INNER, 14, "muted mono r", str(pod.location)),
    ]
    charts = [(case, chart(picture, case)) for picture in pod.pictures for case in cases]
    names = max((len(row.name) for _, each in charts for row in each.rows), default=0)
    left = min(names, _LONGEST_NAME) * _MONO + 64
    blocks: list[_Block] = [(26, head)]
    blocks += [_paragraph(f"refused by the API server: {fault}", "error") for fault in pod.faults]
    blocks += [_chart(each, case, left) for case, each in charts]
    if charts:
        blocks.append(_legend([each for _, each in charts]))
        blocks += [_paragraph(line, "muted small") for line in assumed(pod, cases)]
    blocks += [_paragraph(remark, "muted") for remark in pod.remarks]
    if pod.dangers:
        blocks.append((8, []))
    blocks += [_danger(danger) for danger in pod.dangers]
    return _stacked(blocks)


def _chart(chart_: Chart, case: Case, left: float) -> _Block:
    """Draw the axis, the grid, gaps behind the bars, gates before them."""
    per_s = (_INNER - left) / chart_.end_s
    bottom = _AXIS + _ROW * len(chart_.rows)
    span = f"{case.value}; {chart_.span}" if chart_.span else case.value
    body = []
    for tick in chart_.ticks(int((_INNER - left) / _TICK)):
        x = left + tick * per_s
        body.append(_upright("grid", x, _AXIS - 4, bottom))
        if x < _INNER - 20:
            body.append(_words(x, 12, "muted small m" if tick else "muted small", seconds(tick)))
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
        body.append(_upright(f"{colour} dashed", x, _AXIS, bottom + 3))
        side = "r " if x + len(mark.text) * _SANS / 2 > _INNER else "m "
        body.append(_words(min(x, _INNER), bottom + 15, f"{side}{colour}ink small b", mark.text))
    body += [_gate(gate, chart_.rows, left, per_s) for gate in chart_.gates]
    head = [
        _words(0, 13, "ink h2", chart_.title),
        _words(len(chart_.title) * 7.6 + 10, 13, "ink", chart_.sentence),
        _words(_INNER, 13, "muted small r", span),
    ]
    foot = bottom + (20 if chart_.marks else 6)
    below: list[_Block] = [
        _paragraph(f"{seconds(gap.start_s)} to {seconds(gap.end_s)}: {gap.message}", "error small")
        for gap in chart_.gaps
    ]
    below += [_paragraph(note, "muted small") for note in chart_.notes]
    return _stacked([(22, head), (foot, body), *below, (18, [])])


def _row(row: Row, y: float, left: float, per_s: float) -> Iterator[str]:
    is_long = len(row.name) > _LONGEST_NAME
    shown = f"{row.name[: _LONGEST_NAME - 1]}…" if is_long else row.name
    middle, top = y + _ROW / 2 + 4, y + (_ROW - _BAR) / 2
    yield _words(0, middle, "ink mono", shown)
    yield _words(left - 10, middle, "muted small r", row.role.value)
    for span in row.spans:
        x, width = left + span.start_s * per_s, max((span.end_s - span.start_s) * per_s, 2)
        what = f"{row.name} {WORDS[span.phase]}: {seconds(span.start_s)} to {seconds(span.end_s)}"
        yield (
            f'<rect class="{span.phase.value}" x="{x:.1f}" y="{top:g}" width="{width:.1f}" '
            f'height="{_BAR}" rx="2"><title>{_text(what)}</title></rect>'
        )
        label = _LABELS[span.phase]
        if width > len(label) * _SANS + 6:
            yield _words(x + width / 2, middle, f"on-{span.phase.value} small m", label)
    if not row.spans:
        yield _words(left + 4, middle, "muted small", row.silence)
    elif row.killed:
        x = left + row.spans[-1].end_s * per_s
        yield _words(x + 4, middle, "error small b", "killed")


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


def _legend(charts: Iterable[Chart]) -> _Block:
    used = {span.phase for each in charts for row in each.rows for span in row.spans}
    x, y, body = 0.0, 0, []
    for phase, what in WORDS.items():
        if phase not in used:
            continue
        width = 20 + len(what) * _SANS + 14
        if x + width > _INNER:
            x, y = 0.0, y + 18
        body.append(
            f'<rect class="{phase.value}" x="{x:.1f}" y="{y + 2}" width="14" height="11" rx="2"/>'
        )
        body.append(_words(x + 20, y + 12, "muted small", what))
        x += width
    return y + 22, body


def _danger(danger: Danger) -> _Block:
    hazard = danger.hazard
    word = {Severity.INFO: "note"}.get(hazard.severity, hazard.severity.value)
    indent = 64
    blocks: list[_Block] = [(0, [_words(0, 12, f"{hazard.severity.value} b", word)])]
    blocks.append(_paragraph(f"{hazard.message} [{hazard.kind.value}]", "ink", indent))
    blocks.append(_paragraph(str(danger.location), "muted small mono", indent))
    blocks += [
        _paragraph(f"{one.location} {one.message}", "muted small mono", indent)
        for one in danger.related
    ]
    blocks.append(_paragraph(f"cure: {hazard.cure.text}", "ink", indent))
    return _stacked([*blocks, (8, [])])


def _paragraph(text: str, kind: str, indent: float = 0) -> _Block:
    per_character = _MONO if "mono" in kind else _SANS if "small" not in kind else 5.8
    lines = textwrap.wrap(text, int((_INNER - indent) / per_character)) or [""]
    body = [_words(indent, 12 + 16 * n, kind, line) for n, line in enumerate(lines)]
    return 16 * len(lines) + 1, body


def _stacked(blocks: Iterable[_Block], gap: float = 0) -> _Block:
    y, body = 0.0, []
    for number, (height, elements) in enumerate(blocks):
        y += gap if number else 0
        body += _moved(0, y, elements) if elements else []
        y += height
    return y, body


def _moved(x: float, y: float, elements: list[str]) -> list[str]:
    return [f'<g transform="translate({x:g} {y:g})">', *elements, "</g>"]


def _upright(kind: str, x: float, top: float, bottom: float) -> str:
    return f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{top:g}" y2="{bottom:g}"/>'


def _words(x: float, y: float, kind: str, text: str) -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:g}">{_text(text)}</text>'


def _text(text: str) -> str:
    return escape(_INVALID.sub("�", text))


def _attribute(text: str) -> str:
    return quoteattr(_INVALID.sub("�", text))
