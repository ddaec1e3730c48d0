"""Events -> what each container does during which span of time."""

from enum import StrEnum

from msgspec import Struct

from sidecarctl.lifecycle.events import Event, What
from sidecarctl.lifecycle.pod import Container, Role


class Phase(StrEnum):
    """What a container does during a span."""

    PULLING = "pulling"
    STARTING = "starting"  # the process runs, nobody listens yet
    GATING = "gating"  # it listens, but its gate has not opened
    RUNNING = "running"
    WORKING = "working"  # an init container, or the app of a Job
    DRAINING = "draining"  # its preStop hook runs
    WAITING = "waiting"  # a sidecar waits for its turn to stop
    STOPPING = "stopping"  # it has got its stop signal
    DOWN = "down"  # it has ended and is to start again
    STUCK = "stuck"


class Span(Struct, frozen=True):
    """A container is in *phase* from *start_s* to *end_s*."""

    phase: Phase
    start_s: float
    end_s: float


class Lane(Struct, frozen=True):
    """One container through time; *killed* says that SIGKILL ended it.

    *rest* is what it goes on doing after the last event, None where it has ended or has not begun.
    *revision* tells the pods of a rolling update apart.
    """

    container: str
    role: Role
    spans: tuple[Span, ...]
    killed: bool = False
    rest: Phase | None = None
    revision: str = ""


def lane(
    container: Container, events: tuple[Event, ...], end_s: float, *, before: Phase | None
) -> Lane:
    """Return the spans of *container*, which does *before* at 0 s; the last one ends at *end_s*."""
    mine = [event for event in events if event.container == container.name]
    what_happens = {event.what for event in mine}
    works = container.role is Role.INIT or What.DONE in what_happens
    spans: list[Span] = []
    phase, since = before, 0.0
    for event in mine:
        after = _after(event.what, phase, container, works=works)
        if after is not phase:
            if phase is not None and event.at_s > since:
                spans.append(Span(phase, since, event.at_s))
            phase, since = after, event.at_s
    rest = None if phase is Phase.DOWN and _is_over(mine) else phase
    if rest is not None and end_s > since:
        spans.append(Span(rest, since, end_s))
    return Lane(container.name, container.role, tuple(spans), What.KILL in what_happens, rest)


def _after(what: What, phase: Phase | None, container: Container, *, works: bool) -> Phase | None:
    """Return what *container* does after *what* has happened to it."""
    if what in _BEGINS:
        return _BEGINS[what]
    if what in {What.START, What.RESTART}:
        return Phase.WORKING if works else Phase.STARTING
    if phase is Phase.STARTING and what is What.LISTENING:
        return Phase.GATING if container.startup is not None else Phase.RUNNING
    if phase is Phase.GATING and what is What.STARTED:
        return Phase.RUNNING
    return phase


def _is_over(mine: list[Event]) -> bool:
    return What.RESTART not in {event.what for event in mine}


_BEGINS: dict[What, Phase | None] = {
    What.PULL: Phase.PULLING,
    What.STUCK: Phase.STUCK,
    What.DONE: None,
    What.HOOK: Phase.DRAINING,
    What.HOOK_DONE: Phase.WAITING,
    What.HOOK_CUT: Phase.WAITING,
    What.SIGNAL: Phase.STOPPING,
    What.KILL: Phase.DOWN,
    What.EXIT: Phase.DOWN,
}
