"""A pod's life as a picture has it: a lane for each container, spans of time, gaps that hurt.

Nothing is drawn here; whoever draws finds every word and number in a `Timeline`.
"""

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from sidecarctl.lifecycle.assumptions import Assumptions, assume
from sidecarctl.lifecycle.completion import complete
from sidecarctl.lifecycle.crash import crash_to_the_end
from sidecarctl.lifecycle.during_init import half_way, hangs, stop_during_init
from sidecarctl.lifecycle.events import NEVER, Event, What, time_of
from sidecarctl.lifecycle.gaps import Gap, empty_seat, gaps
from sidecarctl.lifecycle.lanes import Lane, Phase, lane
from sidecarctl.lifecycle.needs import Need, needs
from sidecarctl.lifecycle.pod import Container, Pod, Role
from sidecarctl.lifecycle.rollout import NEW, OLD, exchange
from sidecarctl.lifecycle.scenario import GRACE_OF, STOPS, Scenario
from sidecarctl.lifecycle.setting import Setting, mains
from sidecarctl.lifecycle.start import POD, start
from sidecarctl.lifecycle.stop import effective_grace_s, stop
from sidecarctl.lifecycle.strategy import Strategy
from sidecarctl.lifecycle.unhealthy import unhealthy, watched

_DOES = {Role.INIT: "works", Role.SIDECAR: "has not opened its gate"}


class Timeline(Struct, frozen=True):
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

    Without a *victim* every livenessProbe fails. *pod* must be one that the API server takes: see
    `refusal.faults`.

    Raises:
        ValueError: nothing replaces the pod, so it has no rolling update.
        IndexError: it has no init container at which a deletion could find it.
    """
    setting, guess = setting or Setting(), guess or assume(pod)
    wanted = needs(pod, setting)
    if scenario is Scenario.ROLLING_UPDATE:
        return _rolling_update(pod, guess, setting, wanted)
    stops = scenario in STOPS
    override = GRACE_OF.get(scenario)
    if scenario is Scenario.DELETION_DURING_INIT:
        events = stop_during_init(pod, guess, setting.version)
    elif stops:
        events = stop(pod, guess, setting.version, grace_s=override)
    elif scenario is Scenario.JOB:
        events = complete(pod, guess, setting)
    elif scenario is Scenario.START:
        events = start(pod, guess, wanted)
    elif scenario is Scenario.LIVENESS_KILL:
        victims = (pod.container(victim),) if victim else watched(pod)
        events = unhealthy(pod, guess, setting.version, victims)
    else:
        victim = victim or first_victim(pod, scenario, setting)
        events = crash_to_the_end(pod, guess, victim, setting.version)
    end_s = max((event.at_s for event in events), default=0.0)
    before = None if scenario in {Scenario.START, Scenario.JOB} else Phase.RUNNING
    return Timeline(
        scenario=scenario,
        assumptions=guess,
        lanes=_lanes(pod, events, end_s, before, _idle(pod, scenario)),
        events=events,
        gaps=()
        if scenario is Scenario.DELETION_DURING_INIT
        else gaps(events, pod, wanted, setting),
        end_s=end_s,
        ready_s=time_of(events, POD, What.READY),
        grace_s=effective_grace_s(pod, override) if stops else None,
        notes=tuple(_notes(pod, scenario, setting)),
    )


def first_victim(pod: Pod, scenario: Scenario, setting: Setting) -> str:
    """Return the name of the container that crashes where nobody was named.

    In a pod without a sidecar it is an app.
    """
    chosen = mains(pod, setting)
    helpers = [*pod.sidecars, *(app for app in pod.apps if app not in chosen)]
    first = helpers[0] if helpers and scenario is Scenario.SIDECAR_CRASH else chosen[0]
    return first.name


def _rolling_update(
    pod: Pod, guess: Assumptions, setting: Setting, wanted: tuple[Need, ...]
) -> Timeline:
    how = setting.strategy
    if how is None:
        raise ValueError("nothing replaces this pod")
    comes, goes = exchange(pod, guess, wanted, setting.version, how)
    end_s = max((event.at_s for event in (*comes, *goes)), default=0.0)
    begins = min((event.at_s for event in goes), default=0.0)
    new = (replace(e, revision=NEW) for e in _lanes(pod, comes, end_s, None))
    old = (replace(e, revision=OLD) for e in _lanes(pod, goes, end_s, Phase.RUNNING))
    ready = time_of(comes, POD, What.READY)
    lacks = (*gaps(comes, pod, wanted, setting), *gaps(goes, pod, wanted, setting, begins))
    return Timeline(
        scenario=Scenario.ROLLING_UPDATE,
        assumptions=guess,
        lanes=(*new, *old),
        events=tuple(
            replace(event, revision=revision)
            for revision, events in ((NEW, comes), (OLD, goes))
            for event in events
        ),
        gaps=(*empty_seat(how, begins, ready), *lacks),
        end_s=end_s,
        ready_s=ready,
        grace_s=effective_grace_s(pod),
        notes=tuple(_rollout_notes(how, comes[0].at_s, ready)),
    )


def _rollout_notes(how: Strategy, begins: float, ready: float) -> Iterator[str]:
    """Yield who goes first, what stays, and how long all rounds take where *ready* ends one."""
    yield how.order.value
    if how.kept:
        yield f"{how.kept} of {how.replicas} pods below the partition: they stay as they are"
    if how.replicas is None:
        nodes = "one node" if how.batch == 1 else f"up to {how.batch} nodes"
        nodes = f"up to {how.share} of the nodes" if how.share else nodes
        yield f"a pod on each node, {nodes} at a time"
    if ready == NEVER:
        yield "the new pod is never Ready: the update stops here"
    elif how.rounds is not None and how.rounds > 1:
        took = ready + how.min_ready_s
        if how.is_serial:  # U6: each of the batch waits for the one before it
            took += (how.batch - 1) * (ready - begins + how.min_ready_s)
        how_many = f"{how.moved} pods, up to {how.batch} at a time"
        yield f"{how_many}: {how.rounds} rounds, about {round(how.rounds * took)} s"
    if how.is_serial:
        yield "the new pods of a round come one after the other (podManagementPolicy: OrderedReady)"


def _lanes(
    pod: Pod,
    events: tuple[Event, ...],
    end_s: float,
    before: Phase | None,
    idle: frozenset[str] = frozenset(),
) -> tuple[Lane, ...]:
    """Return the lane of each container; all do *before* at 0 s but *idle* and init containers."""
    return tuple(
        lane(c, events, end_s, before=_at_first(c, before, idle, events)) for c in pod.containers
    )


def _at_first(
    container: Container, before: Phase | None, idle: frozenset[str], events: tuple[Event, ...]
) -> Phase | None:
    if container.name in idle:
        return None
    if container.role is Role.INIT:  # it has ended, unless the stop finds it at work
        is_stopped = time_of(events, container.name, What.SIGNAL) != NEVER
        return Phase.WORKING if is_stopped else None
    return before


def _idle(pod: Pod, scenario: Scenario) -> frozenset[str]:
    """Return the containers that have not begun when *scenario* does."""
    if scenario is not Scenario.DELETION_DURING_INIT:
        return frozenset()
    _, running = half_way(pod)
    return frozenset(c.name for c in pod.containers) - running


def _notes(pod: Pod, scenario: Scenario, setting: Setting) -> Iterator[str]:
    """Yield where the kubelet does not promise what the timeline shows."""
    if scenario in STOPS and GRACE_OF.get(scenario, pod.grace_s) == 0:  # T5
        yield "without a grace period neither preStop hooks nor the order of the stop are promised"
    if len(pod.apps) > 1 and scenario in {Scenario.START, Scenario.JOB}:  # A3
        yield "that apps start one after the other is how the kubelet is built, not a promise"
    if scenario is Scenario.DELETION_DURING_INIT:
        at, running = half_way(pod)
        yield f"the pod is deleted while {at.name!r} {_DOES[at.role]}; no app has begun"
        if hangs(pod, setting.version):  # T14
            first = next(c.name for c in pod.sidecars if c.name in running)
            yield (
                f"on {setting.version} {first!r} waits for sidecars that never ran, until "
                "the grace period is over: fixed in 1.29.8, 1.30.4 and 1.31 (k/k#125880)"
            )
    if scenario is Scenario.LIVENESS_KILL and len(watched(pod)) > 1:  # S1
        yield "one container is killed after the other, in no promised order; none starts meanwhile"
