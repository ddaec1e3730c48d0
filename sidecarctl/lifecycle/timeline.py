"""A pod's life as a picture has it: a lane for each container, spans of time, gaps that hurt.

Nothing is drawn here; whoever draws finds every word and number in a `Timeline`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sidecarctl.lifecycle.assumptions import Assumptions, assume
from sidecarctl.lifecycle.completion import complete
from sidecarctl.lifecycle.crash import crash
from sidecarctl.lifecycle.events import NEVER, Event, What, time_of
from sidecarctl.lifecycle.lanes import Lane, Phase, lane
from sidecarctl.lifecycle.needs import Need, When, needs
from sidecarctl.lifecycle.pod import Container, Pod, Role
from sidecarctl.lifecycle.setting import Setting, mains
from sidecarctl.lifecycle.start import POD, start
from sidecarctl.lifecycle.stop import PROPAGATION_S, effective_grace_s, stop


class Scenario(StrEnum):
    """What happens to the pod."""

    START = "start"
    DELETION = "deletion"
    NODE_SHUTDOWN = "node shutdown"
    SPOT_RECLAIM = "spot reclaim"
    EVICTION = "hard eviction"
    SIDECAR_CRASH = "sidecar crash"
    APP_CRASH = "app crash"
    JOB = "job"


GRACE_OF: Mapping[Scenario, int] = {
    # shutdownGracePeriod 30s less 10s for critical pods, the example of the documentation:
    # https://kubernetes.io/docs/concepts/cluster-administration/node-shutdown/
    Scenario.NODE_SHUTDOWN: 20,
    # https://cloud.google.com/kubernetes-engine/docs/concepts/spot-vms: 30 s, half for pods
    Scenario.SPOT_RECLAIM: 15,
    # https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/: 0 s
    Scenario.EVICTION: 0,
}
"""The grace period that the kubelet puts in place of the pod's, where it is shorter [T0]."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch in which somebody needs what is not there."""

    start_s: float
    end_s: float
    message: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """A scenario under stated assumptions. *ready_s* is when the pod is Ready, or `NEVER`.

    *grace_s* is the grace period of a stop, None where nothing stops; *notes* are sentences on
    what the model does not promise.
    """

    scenario: Scenario
    assumptions: Assumptions
    lanes: tuple[Lane, ...]
    events: tuple[Event, ...]
    gaps: tuple[Gap, ...]
    end_s: float
    ready_s: float = NEVER
    grace_s: int | None = None
    notes: tuple[str, ...] = ()


def timeline(
    pod: Pod,
    scenario: Scenario = Scenario.START,
    guess: Assumptions | None = None,
    setting: Setting | None = None,
    *,
    victim: str = "",
) -> Timeline:
    """Return what happens to *pod* in *scenario*; *victim* crashes, else the first of its role.

    *pod* must be one that the API server takes: see `refusal.faults`.
    """
    setting, guess = setting or Setting(), guess or assume(pod)
    wanted = needs(pod, setting)
    stops = scenario is Scenario.DELETION or scenario in GRACE_OF
    override = GRACE_OF.get(scenario)
    if stops:
        events = stop(pod, guess, setting.version, grace_s=override)
    elif scenario is Scenario.JOB:
        events = complete(pod, guess, setting)
    elif scenario is Scenario.START:
        events = start(pod, guess, wanted)
    else:
        events = crash(pod, guess, victim or _victim(pod, scenario, setting))
    end_s = max((event.at_s for event in events), default=0.0)
    return Timeline(
        scenario=scenario,
        assumptions=guess,
        lanes=tuple(lane(c, events, end_s, before=_before(c, scenario)) for c in pod.containers),
        events=events,
        gaps=(*_gaps(events, wanted, mains(pod, setting)), *_late_requests(events, pod, setting)),
        end_s=end_s,
        ready_s=time_of(events, POD, What.READY),
        grace_s=effective_grace_s(pod, override) if stops else None,
        notes=tuple(_notes(pod, scenario, stops=stops)),
    )


def _notes(pod: Pod, scenario: Scenario, *, stops: bool) -> Iterator[str]:
    """Yield where the kubelet does not promise what the timeline shows."""
    if stops and GRACE_OF.get(scenario, pod.grace_s) == 0:  # T5
        yield "without a grace period neither preStop hooks nor the order of the stop are promised"
    if len(pod.apps) > 1 and scenario in {Scenario.START, Scenario.JOB}:  # A3
        yield "that apps start one after the other is how the kubelet is built, not a promise"


def _before(container: Container, scenario: Scenario) -> Phase | None:
    """Return what *container* does when the scenario begins."""
    if scenario in {Scenario.START, Scenario.JOB} or container.role is Role.INIT:
        return None
    return Phase.RUNNING


def _victim(pod: Pod, scenario: Scenario, setting: Setting) -> str:
    """Return the name of the container that crashes where nobody was named."""
    chosen = mains(pod, setting)
    helpers = [*pod.sidecars, *(app for app in pod.apps if app not in chosen)]
    first = helpers[0] if helpers and scenario is Scenario.SIDECAR_CRASH else chosen[0]
    return first.name


def _gaps(
    events: tuple[Event, ...], wanted: tuple[Need, ...], chosen: tuple[Container, ...]
) -> Iterator[Gap]:
    """Yield when an app works without what it needs: before it listens, or after it has ended."""
    for need in wanted:
        if need.when is not When.RUN or need.who not in chosen:
            continue
        who, server = need.who.name, need.server.name
        message = f"{who!r} runs without {need.what} of {server!r}"
        listens, ends = time_of(events, server, What.LISTENING), _end(events, server)
        begins, over = time_of(events, who, What.START), _end(events, who)
        if begins != NEVER and begins < listens:
            yield Gap(begins, listens, message)
        elif begins == NEVER and ends < over:  # a stop or a crash: everybody runs at 0 s
            yield Gap(ends, min(listens, over), message)


def _late_requests(events: tuple[Event, ...], pod: Pod, setting: Setting) -> Iterator[Gap]:
    """Yield when Services still send requests to an app that is told to stop [T13]."""
    for main in mains(pod, setting):
        signal = time_of(events, main.name, What.SIGNAL)
        if setting.is_served and main.ports and signal < PROPAGATION_S:
            yield Gap(signal, PROPAGATION_S, f"requests still come to {main.name!r}, which stops")


def _end(events: tuple[Event, ...], container: str) -> float:
    ends = (What.EXIT, What.KILL)
    return min(time_of(events, container, what) for what in ends)
