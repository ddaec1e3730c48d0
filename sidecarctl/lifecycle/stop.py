"""How a pod stops: one grace period for all, hooks together, sidecars last and in reverse order.

The rules, with the tags that the code below carries:

- T0  the grace period is the pod's, or a shorter one that the kubelet puts in its place (eviction,
  node shutdown), and never less than 1 s
- T1  at 0 s every running container begins with its preStop hook; after it the stop signal, and
  SIGKILL when what is left of the grace period is over, at the earliest after 2 s
- T2  the hooks of apps and sidecars run at the same time, all from 0 s
- T3  a native sidecar is sent its signal when every app and every later sidecar has ended
- T4  it waits for its turn no longer than the grace period; then all sidecars get theirs at once
- T5  a hook that outlives the grace period is cut
- T6  a sidecar in ``containers`` is an app: nothing orders it
- T7  a sidecar that ends before its turn is not started again
- T8  before 1.29 native sidecars had no order either
- T13 who sends requests hears of the end in parallel, and some seconds late

Sources: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination,
https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/, and in
https://github.com/kubernetes/kubernetes/tree/master/pkg/kubelet:
kuberuntime/kuberuntime_termination_order.go, ``killContainer`` in
kuberuntime/kuberuntime_container.go, ``calculateEffectiveGracePeriod`` in pod_workers.go
"""

import math
from collections.abc import Mapping

from sidecarctl.lifecycle.assumptions import Assumptions, Pace
from sidecarctl.lifecycle.events import NEVER, Event, What, in_order
from sidecarctl.lifecycle.pod import Container, Pod
from sidecarctl.lifecycle.versions import Version, supports

FLOOR_S = 2
"""What every container has between its signal and SIGKILL, ``minimumGracePeriodInSeconds``."""


PROPAGATION_S = 5
"""How long requests still come after the word of the pod's end: k/k#43576 found 3 s enough [T13].

Source: https://github.com/kubernetes/kubernetes/issues/43576
"""


def stop(
    pod: Pod,
    guess: Assumptions,
    version: Version,
    *,
    grace_s: int | None = None,
    dies: Mapping[str, float] | None = None,
) -> tuple[Event, ...]:
    """Return what happens from the deletion of the pod (0 s) until its last container has ended.

    *grace_s* is the kubelet's own grace period where it has one. *dies* says which containers end
    by themselves, and when.
    """
    grace = effective_grace_s(pod, grace_s)
    ends: dict[str, float] = {}
    events: list[Event] = []
    ordered = supports("native-sidecar", version)  # T8
    # T3: the ends of the apps are the sidecars' turn, and of these the last one comes first.
    for container in (*pod.apps, *reversed(pod.sidecars)):
        turn = max(ends.values(), default=0.0) if container.is_native_sidecar and ordered else 0.0
        death = (dies or {}).get(container.name, NEVER)
        mine = stop_one(container, guess.paces[container.name], grace, turn, death)
        ends[container.name] = mine[-1].at_s
        events += mine
    return in_order(events)


def effective_grace_s(pod: Pod, override_s: int | None = None) -> int:
    """Return the grace period that all containers of *pod* share, in seconds [T0]."""
    grace = pod.grace_s if override_s is None else min(pod.grace_s, override_s)
    return max(grace, 1)


def end_s(events: tuple[Event, ...]) -> float:
    """Return when the last container has ended."""
    return max((e.at_s for e in events if e.what in {What.EXIT, What.KILL}), default=0.0)


def stop_one(
    container: Container, pace: Pace, grace: int, turn: float = 0.0, death: float = NEVER
) -> list[Event]:
    """Return the stop of one container within *grace* seconds, from 0 s on.

    Its turn is at *turn*, 0 for whoever need not wait; it ends by itself at *death*.
    """
    name, events = container.name, []
    hooked = 0.0
    if container.pre_stop is not None and grace > 0:  # T1, T2
        hooked = min(pace.pre_stop, grace, death)
        events.append(Event(0, name, What.HOOK))
        if pace.pre_stop <= min(grace, death):
            events.append(Event(hooked, name, What.HOOK_DONE))
        elif death > grace:  # T5
            events.append(Event(hooked, name, What.HOOK_CUT, "the grace period is over"))
    left = grace - math.floor(hooked)
    waited = min(max(turn - hooked, 0.0), left)  # T4
    signal = hooked + waited
    if death <= signal:  # T7
        return [*events, Event(death, name, What.EXIT, "by itself, and it is not started again")]
    why = "the grace period is over, its turn had not come" if turn > signal else ""
    events.append(Event(signal, name, What.SIGNAL, why))
    left = max(left - math.floor(waited), FLOOR_S)  # T1
    if min(pace.exit, death - signal) > left:
        return [*events, Event(signal + left, name, What.KILL, f"{left} s after its signal")]
    return [*events, Event(min(signal + pace.exit, death), name, What.EXIT)]
