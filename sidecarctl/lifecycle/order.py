"""Which moment of a pod waits for which: the kubelet's order and the needs, as one graph.

The kubelet's part, each edge with its rule (the same tags as in `start` and `stop`):

- I1  an init container starts when the one before it has finished;
- I2  what follows a native sidecar starts when its postStart hook has returned and its
  startupProbe, if it has one, has succeeded;
- A1  app containers start one after the other, in their order;
- H1  a postStart hook holds the containers after it back.

Source: https://github.com/kubernetes/enhancements/issues/753 and ``SyncPod``,
``computeInitContainerActions`` in kubernetes/pkg/kubelet/kuberuntime
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from sidecarctl.findings import FieldPath
from sidecarctl.lifecycle.needs import Need, When
from sidecarctl.lifecycle.pod import Container, Pod, Role


class Stage(StrEnum):
    """How far a container has come, as one says it of the container."""

    START = "starts"
    HOOKED = "has run its postStart hook"
    LISTENING = "listens"
    STARTED = "has passed its startupProbe"
    DONE = "has finished"


@dataclass(frozen=True, slots=True)
class Moment:
    """A container reaches a stage."""

    container: str
    stage: Stage

    def __str__(self) -> str:
        return f"{self.container!r} {self.stage}"


@dataclass(frozen=True, slots=True)
class Wait:
    """A moment waits for *on*; *path* is the place in the pod that makes it so."""

    on: Moment
    path: FieldPath
    need: Need | None = None


Graph: TypeAlias = Mapping[Moment, tuple[Wait, ...]]

_STAGE_OF = {
    When.DONE: Stage.DONE,
    When.HOOKED: Stage.HOOKED,
    When.STARTED: Stage.STARTED,
}


def graph(pod: Pod, needs: Iterable[Need]) -> Graph:
    """Return what every moment of *pod* waits for; empty where no need could close a circle.

    Needs whose moment lies after the start are left out.
    """
    starting = [need for need in needs if need.when in _STAGE_OF]
    if not starting:
        return {}
    waits: dict[Moment, list[Wait]] = {}
    before: Container | None = None
    for container in pod.containers:
        start, hooked = Moment(container.name, Stage.START), Moment(container.name, Stage.HOOKED)
        waits[start] = [Wait(gate(before), _gate_path(before))] if before else []  # I1, I2, A1, H1
        waits[hooked] = [Wait(start, container.path)]
        for stage, on in ((Stage.LISTENING, start), (Stage.STARTED, hooked), (Stage.DONE, start)):
            waits[Moment(container.name, stage)] = [Wait(on, container.path)]
        before = container
    for need in starting:
        on = Moment(need.server.name, Stage.LISTENING)
        moment = Moment(need.who.name, _STAGE_OF[need.when])
        waits[moment].append(Wait(on, need.path, need))
    return {moment: tuple(ways) for moment, ways in waits.items()}


def gate(container: Container) -> Moment:
    """Return the moment of *container* that lets the next container start."""
    if container.role is Role.INIT:
        return Moment(container.name, Stage.DONE)
    if container.role is Role.SIDECAR and container.startup is not None:
        return Moment(container.name, Stage.STARTED)
    return Moment(container.name, Stage.HOOKED)  # without a hook that is the start itself


def cycle(waits: Graph, need: Need) -> tuple[Moment, ...]:
    """Return the circle of moments that *need* closes, or nothing where it can be met.

    The first moment is the one that needs; each waits for the next, the last for the first.
    """
    stage = _STAGE_OF.get(need.when)
    if stage is None:
        return ()
    goal = Moment(need.who.name, stage)
    return (
        (goal, *way)
        if (way := _way(waits, Moment(need.server.name, Stage.LISTENING), goal))
        else ()
    )


def is_gated(pod: Pod, server: Container, by: Container) -> bool:
    """Say whether *server* has proved that it works before *by* starts.

    A native sidecar proves it by its startupProbe or its postStart hook, an app container by its
    hook alone, and then only as long as the hook does not fail [A2].
    """
    if pod.containers.index(server) >= pod.containers.index(by):
        return False
    if server.role is Role.INIT:
        return False  # it has ended by then
    is_native = server.role is Role.SIDECAR
    return server.post_start is not None or (is_native and server.startup is not None)


def _gate_path(container: Container) -> FieldPath:
    if container.role is Role.SIDECAR and container.startup is not None:
        return container.startup.path
    if container.post_start is not None:
        return container.post_start.path
    return container.path


def _way(waits: Graph, start: Moment, goal: Moment) -> tuple[Moment, ...]:
    """Return the moments from *start* up to the one that waits for *goal*, or nothing."""
    ways: list[tuple[Moment, ...]] = [(start,)]
    seen = {start}
    while ways:
        way = ways.pop()
        for wait in waits[way[-1]]:
            if wait.on == goal:
                return way
            if wait.on not in seen:
                seen.add(wait.on)
                ways.append((*way, wait.on))
    return ()
