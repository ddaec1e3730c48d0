"""Where the things of a timeline stand on its axis: what text and SVG draw, each in its own way."""

import math
from collections.abc import Iterator, Mapping
from itertools import pairwise

from msgspec import Struct

from sidecarctl.lifecycle.assumptions import Case
from sidecarctl.lifecycle.events import NEVER, Event, What, time_of
from sidecarctl.lifecycle.gaps import Gap
from sidecarctl.lifecycle.lanes import Lane, Phase, Span
from sidecarctl.lifecycle.pod import Role
from sidecarctl.lifecycle.rollout import OLD
from sidecarctl.lifecycle.scenario import STOPS, Scenario
from sidecarctl.lifecycle.timeline import Timeline
from sidecarctl.report.timeline_words import outcome_s, seconds, sentence
from sidecarctl.simulate.simulated import Picture

WORDS = {
    Phase.PULLING: "pulls its image",
    Phase.STARTING: "starts",
    Phase.GATING: "waits for its startupProbe",
    Phase.RUNNING: "runs",
    Phase.WORKING: "works until it ends",
    Phase.DRAINING: "preStop hook",
    Phase.WAITING: "waits for its turn",
    Phase.STOPPING: "stops",
    Phase.DOWN: "down",
    Phase.STUCK: "stuck",
}
"""What each phase is called in a legend, in the order of a life."""

_STEPS = (1, 2, 5, 10)
_TAIL, _STUCK_TAIL = 0.06, 0.5
"""How much of its length the axis goes on after the last event, so that what lasts is seen."""
_RUNNING = STOPS | {Scenario.SIDECAR_CRASH, Scenario.APP_CRASH, Scenario.LIVENESS_KILL}
"""Scenarios that begin with a running pod."""
_OPENS = {Role.INIT: What.DONE, Role.SIDECAR: What.STARTED, Role.APP: What.HOOKED}


class Row(Struct, frozen=True):
    """One container; *spans* reach as far as the axis where it goes on.

    *silence* is what is said where there is no span.
    """

    name: str
    role: Role
    spans: tuple[Span, ...]
    killed: bool
    silence: str


class Gate(Struct, frozen=True):
    """At *at_s* the container of row *by* lets that of row *to* go on."""

    at_s: float
    by: int
    to: int


class Mark(Struct, frozen=True):
    """Something that is reached at *at_s*: ``Ready 16.5s``; *is_limit*: no success."""

    at_s: float
    text: str
    is_limit: bool = False


class Chart(Struct, frozen=True):
    """A picture laid out; *sentence* says how it comes out, *span* how well and how badly."""

    title: str
    sentence: str
    span: str
    rows: tuple[Row, ...]
    gates: tuple[Gate, ...]
    gaps: tuple[Gap, ...]
    marks: tuple[Mark, ...]
    notes: tuple[str, ...]
    end_s: float

    def ticks(self, most: int) -> tuple[float, ...]:
        """Return at most *most* round times from 0 on."""
        least = self.end_s / max(most, 1)
        scale = 10 ** math.floor(math.log10(least))
        step = next(s * scale for s in _STEPS if s * scale >= least * 0.999)
        return tuple(round(n * step, 3) for n in range(math.floor(self.end_s / step) + 1))


def chart(picture: Picture, case: Case) -> Chart:
    """Lay out *picture* as it goes in *case*."""
    timeline = picture.cases[case]
    last_s = max((gap.end_s for gap in timeline.gaps if gap.end_s < NEVER), default=0.0)
    is_stuck = any(event.what is What.STUCK for event in timeline.events)
    end_s = max(timeline.end_s, last_s, 1.0) * (1 + (_STUCK_TAIL if is_stuck else _TAIL))
    lanes = tuple(each for each in timeline.lanes if not _is_history(each, timeline))
    silence = "has ended" if picture.scenario in _RUNNING else "never starts"
    if picture.scenario is Scenario.DELETION_DURING_INIT:
        silence = "has not begun"
    rows = tuple(_row(lane, timeline.end_s, end_s, silence) for lane in lanes)
    others = [f"{c.value} {seconds(outcome_s(picture.cases[c]))}" for c in Case if c is not case]
    is_certain = len({outcome_s(each) for each in picture.cases.values()}) == 1
    return Chart(
        title=picture.scenario.value,
        sentence=sentence(timeline),
        span="" if is_certain else ", ".join(others),
        rows=rows,
        gates=tuple(_gates(timeline, lanes)),
        gaps=tuple(_cut(gap, end_s) for gap in timeline.gaps if gap.start_s < end_s),
        marks=tuple(_marks(timeline, end_s)),
        notes=timeline.notes,
        end_s=end_s,
    )


def _row(lane: Lane, last_s: float, end_s: float, silence: str) -> Row:
    """Return the row of *lane*: what it does at the last event it goes on doing."""
    spans = list(lane.spans)
    if lane.rest is not None:
        since = last_s
        if spans and spans[-1].phase is lane.rest and spans[-1].end_s == last_s:
            since = spans.pop().start_s
        spans.append(Span(lane.rest, since, end_s))
    name = f"{lane.revision} {lane.container}" if lane.revision else lane.container
    return Row(name, lane.role, tuple(spans), lane.killed, silence)


def _is_history(lane: Lane, timeline: Timeline) -> bool:
    """Say whether *lane* is an init container that has ended long before."""
    is_running = lane.revision == OLD or timeline.scenario in _RUNNING
    return lane.role is Role.INIT and not lane.spans and is_running


def _gates(timeline: Timeline, lanes: tuple[Lane, ...]) -> Iterator[Gate]:
    """Yield what holds containers back: gates of the start, turns of the stop."""
    for revision in dict.fromkeys(lane.revision for lane in lanes):
        mine = {n: lane for n, lane in enumerate(lanes) if lane.revision == revision}
        events = tuple(e for e in timeline.events if e.revision == revision)
        if revision != OLD and timeline.scenario not in _RUNNING:
            yield from _starts(mine, events)
        yield from _turns(mine, events)


def _starts(lanes: Mapping[int, Lane], events: tuple[Event, ...]) -> Iterator[Gate]:
    for (by, first), (to, second) in pairwise(lanes.items()):
        at = time_of(events, first.container, _OPENS[first.role])
        if at <= time_of(events, second.container, What.START) and second.spans:
            yield Gate(at, by, to)


def _turns(lanes: Mapping[int, Lane], events: tuple[Event, ...]) -> Iterator[Gate]:
    """Yield the turn of each sidecar that the end of another one brings."""
    for to, lane in lanes.items():
        turn = time_of(events, lane.container, What.SIGNAL)
        by = [n for n, other in lanes.items() if n > to and _ends(other) == turn]
        if lane.role is Role.SIDECAR and turn > 0 and by:
            yield Gate(turn, by[0], to)


def _ends(lane: Lane) -> float:
    return lane.spans[-1].end_s if lane.spans and lane.rest is None else -1.0


def _marks(timeline: Timeline, end_s: float) -> Iterator[Mark]:
    if timeline.ready_s != NEVER:
        yield Mark(timeline.ready_s, f"Ready {seconds(timeline.ready_s)}")
    if timeline.scenario is Scenario.JOB and outcome_s(timeline) != NEVER:
        yield Mark(outcome_s(timeline), f"over {seconds(outcome_s(timeline))}")
    grace = timeline.grace_s
    if grace is not None and timeline.scenario in STOPS and grace <= end_s:
        yield Mark(grace, f"grace period ends {seconds(grace)}", is_limit=True)


def _cut(gap: Gap, end_s: float) -> Gap:
    return Gap(gap.start_s, min(gap.end_s, end_s), gap.message)
