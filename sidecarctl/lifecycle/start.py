"""How a pod starts: the kubelet's order and gates, as events on a clock.

The rules, with the tags that the code below carries:

- I1  init containers run one after the other; each must end with 0 before the next starts
- I2  a native sidecar lets the next one start when it runs, its postStart hook has returned and
  its startupProbe, if it has one, has succeeded; without either the process alone is enough
- I3  readiness and liveness hold nothing back
- I4  a startupProbe that fails failureThreshold times kills the sidecar, which starts again; the
  list stays where it is, for ever if need be
- I7  the pod is Ready when every sidecar and every app is
- A1  app containers start in their order, each after the pull, the start and the postStart hook
  of the one before
- A2  a failed start or hook of an app does not stop the next one: the container of a failed hook
  is killed, within the grace period, and when it has ended the next one starts [H2]
- H1  a postStart hook runs beside the process right after its start, without a time limit
- P1  a probe runs every periodSeconds from a moment of its own, so a success is seen up to one
  period late
- P2  liveness and readiness begin when the container counts as started; readiness is asked at once
- P3  without a probe the answer is yes

Sources: https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/,
https://kubernetes.io/docs/concepts/workloads/pods/init-containers/,
https://kubernetes.io/docs/concepts/containers/container-lifecycle-hooks/, and in
https://github.com/kubernetes/kubernetes/tree/master/pkg/kubelet: ``SyncPod`` in
kuberuntime/kuberuntime_manager.go, ``computeInitContainerActions`` in
kuberuntime/kuberuntime_container.go, prober/worker.go, status/generate.go
"""

from collections.abc import Iterable

from msgspec import Struct, field

from sidecarctl.lifecycle.assumptions import Assumptions
from sidecarctl.lifecycle.events import NEVER, Event, What, in_order
from sidecarctl.lifecycle.needs import Need, When
from sidecarctl.lifecycle.pod import Container, Pod, Probe, Role

POD = ""
"""The name under which events of the pod as a whole stand."""


def start(pod: Pod, guess: Assumptions, needs: Iterable[Need] = ()) -> tuple[Event, ...]:
    """Return what happens from the moment the sandbox stands (0 s) until the pod is Ready.

    What cannot happen is a STUCK event at the moment the wait begins; nothing of what would come
    after it is there.
    """
    clock = _Clock(guess, tuple(needs))
    for index, container in enumerate(pod.inits):
        if index:
            clock.now += guess.sync_s  # the kubelet must see that the gate has opened
        clock.now = _init(container, clock)
        if clock.now == NEVER:
            return in_order(clock.events)
    if pod.inits:
        clock.now += guess.sync_s
    for container in pod.apps:
        if clock.now != NEVER:
            _app_starts(container, clock)
    for container in pod.apps:  # only now is it known who listens
        _app_is_ready(container, clock)
    _pod_is_ready(pod, clock)
    return in_order(clock.events)


class _Clock(Struct):
    """The run so far. It changes as the run goes on and never leaves this module."""

    guess: Assumptions
    needs: tuple[Need, ...]
    now: float = 0.0
    events: list[Event] = field(default_factory=list)
    starts: dict[str, float] = field(default_factory=dict)
    listens: dict[str, float] = field(default_factory=dict)
    hooked: dict[str, float] = field(default_factory=dict)
    ready: dict[str, float] = field(default_factory=dict)

    def note(self, at_s: float, container: Container, what: What, why: str = "") -> None:
        self.events.append(Event(at_s, container.name, what, why))

    def served(self, container: Container, when: When) -> float:
        """Return when all listens that *container* needs at *when*; 0 where it needs nothing."""
        asked = (
            n.server.name for n in self.needs if n.who.name == container.name and n.when is when
        )
        return max((self.listens.get(name, NEVER) for name in asked), default=0.0)


def _init(container: Container, clock: _Clock) -> float:
    """Start an init container or a native sidecar; return when it lets the next one start."""
    begins = _process(container, clock)
    if container.role is Role.INIT:
        return _run(container, begins, clock)
    hooked = _hook(container, begins, clock)
    if hooked == NEVER:
        return NEVER
    opens = _started(container, hooked, clock)  # I2
    _readiness(container, opens, clock)  # I3: beside, it holds nothing back
    return opens


def _process(container: Container, clock: _Clock) -> float:
    """Pull and start *container*; return when its process is there."""
    pace = clock.guess.paces[container.name]
    if pace.pull:
        clock.note(clock.now, container, What.PULL)
    begins = clock.now + pace.pull
    clock.note(begins, container, What.START)
    clock.starts[container.name] = begins
    if container.role is not Role.INIT:
        clock.listens[container.name] = begins + pace.start
        clock.note(begins + pace.start, container, What.LISTENING)
    return begins


def _run(container: Container, begins: float, clock: _Clock) -> float:
    served = clock.served(container, When.DONE)
    done = max(begins, served) + clock.guess.paces[container.name].run
    if done == NEVER:
        clock.note(begins, container, What.STUCK, "waits for what starts only after it")
    else:
        clock.note(done, container, What.DONE)  # I1
    return done


def _hook(container: Container, begins: float, clock: _Clock) -> float:
    """Run the postStart hook; return when it has returned [H1]."""
    if container.post_start is None:
        clock.hooked[container.name] = begins
        return begins
    served = clock.served(container, When.HOOKED)
    done = max(begins, served) + clock.guess.paces[container.name].hook
    if done == NEVER:
        clock.note(begins, container, What.STUCK, "waits in its postStart for what starts later")
    else:
        clock.note(done, container, What.HOOKED)
    clock.hooked[container.name] = done
    return done


def _started(container: Container, hooked: float, clock: _Clock) -> float:
    """Return when *container* counts as started: at once, or when its startupProbe succeeds."""
    probe = container.startup
    if probe is None:
        clock.note(hooked, container, What.STARTED, "no startupProbe: the process is enough")  # P3
        return hooked
    begins = clock.starts[container.name]
    listens = max(clock.listens[container.name], clock.served(container, When.STARTED))
    if (
        not probe.handler.has_target or listens - begins > probe.budget_s
    ):  # I4: it is killed before, every time
        clock.note(begins + probe.budget_s, container, What.STUCK, "never passes its startupProbe")
        return NEVER
    opens = max(hooked, _seen(listens, begins, probe, clock))
    clock.note(opens, container, What.STARTED, "its startupProbe has passed")
    return opens


def _seen(listens: float, begins: float, probe: Probe, clock: _Clock) -> float:
    """Return when *probe* sees that its target listens [P1]."""
    return max(listens, begins + probe.delay_s) + clock.guess.phase * probe.period_s


def _app_starts(container: Container, clock: _Clock) -> None:
    hooked = _hook(container, _process(container, clock), clock)
    clock.now = hooked  # A1; a hook that fails is over as well [A2]


def _app_is_ready(container: Container, clock: _Clock) -> None:
    hooked = clock.hooked.get(container.name, NEVER)
    if hooked != NEVER:
        _readiness(container, _started(container, hooked, clock), clock)


def _readiness(container: Container, started: float, clock: _Clock) -> None:
    """Note when *container* is ready, unless it never is."""
    probe = container.readiness
    ready = started
    if probe is not None and started != NEVER:
        listens = max(clock.listens[container.name], clock.served(container, When.READY))
        ready = max(started, listens, clock.starts[container.name] + probe.delay_s)
        if ready > started:  # else the first question, asked at once, hears yes [P2]
            ready += clock.guess.phase * probe.period_s
        ready += (probe.successes - 1) * probe.period_s
    clock.ready[container.name] = ready
    if ready != NEVER:
        clock.note(ready, container, What.READY)


def _pod_is_ready(pod: Pod, clock: _Clock) -> None:
    waiting = (*pod.sidecars, *pod.apps)  # I7
    at = max(clock.ready.get(container.name, NEVER) for container in waiting)
    if at != NEVER:
        clock.events.append(Event(at + clock.guess.sync_s, POD, What.READY))
