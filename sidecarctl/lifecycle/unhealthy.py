"""What liveness kills cost: one worker kills, one container after the other, and starts them again.

Everything that has a livenessProbe fails at 0 s, as when what all of them ask is gone.

- P4  a probe gives up after failureThreshold failures in a row, each seen up to a period late
- T10 the kubelet then kills that container alone: its preStop hook, its stop signal, SIGKILL when
  the grace period is over. That is the probe's own terminationGracePeriodSeconds where it has one
  (from 1.25 on), else the pod's; nothing orders it against the others
- S1  the worker of the pod kills what has failed by then one after the other, and starts nothing
  meanwhile: the graces add up. What fails later waits for the next round
- S2  after the kills it starts again what it killed: sidecars first, then the apps in their order,
  each postStart hook holding back the next one
- S3  a deletion meanwhile ends the round: the stop of the pod begins at once

Sources: https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/,
https://github.com/kubernetes/enhancements/issues/2238,
https://github.com/kubernetes/kubernetes/issues/138146, and in
https://github.com/kubernetes/kubernetes/tree/master/pkg/kubelet: step 3 of ``SyncPod`` in
kuberuntime/kuberuntime_manager.go, ``setTerminationGracePeriod`` in
kuberuntime/kuberuntime_container.go, ``UpdatePod`` in pod_workers.go
"""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from sidecarctl.lifecycle.assumptions import Assumptions
from sidecarctl.lifecycle.crash import comes_back
from sidecarctl.lifecycle.events import Event, What, in_order
from sidecarctl.lifecycle.pod import Container, Pod, Probe
from sidecarctl.lifecycle.restart import Verdict, verdict
from sidecarctl.lifecycle.stop import stop_one
from sidecarctl.lifecycle.versions import Version, supports

_KILLED = 137  # 128 and SIGKILL; whatever the code is, the kubelet restarts what it killed


def watched(pod: Pod) -> tuple[Container, ...]:
    """Return the containers that the kubelet kills when they do not answer."""
    return tuple(c for c in pod.containers if c.liveness is not None)


def unhealthy(
    pod: Pod, guess: Assumptions, version: Version, victims: Iterable[Container]
) -> tuple[Event, ...]:
    """Return what follows when the livenessProbes of *victims* fail from 0 s on."""
    pending = {c.name: _noticed_s(c.liveness, guess) for c in victims if c.liveness is not None}
    events: list[Event] = []
    now = 0.0
    while pending:
        now = max(now, min(pending.values()))
        round_ = [c for c in pod.containers if pending.get(c.name, now + 1) <= now]
        killed, now = _kills(round_, pod, guess, version, now)
        events += killed
        for container in round_:
            del pending[container.name]
            if verdict(container, pod, _KILLED) is Verdict.RESTART:  # S2
                back, now = _restart(container, guess, now)
                events += back
        now += guess.sync_s
    return in_order(events)


def grace_of(container: Container, pod: Pod, version: Version) -> tuple[int, str]:
    """Return the grace period of a liveness kill of *container*, and whose it is [T10]."""
    probe = container.liveness
    own = probe.grace_s if probe is not None else None
    if own is not None and supports("probe-termination-grace", version):
        return own, "the probe's own grace period"
    return pod.grace_s, "the pod's grace period"


def _kills(
    victims: Sequence[Container], pod: Pod, guess: Assumptions, version: Version, now: float
) -> tuple[list[Event], float]:
    """Return the kills of *victims* from *now* on, and when the last one is over."""
    events: list[Event] = []
    for container in victims:
        mine = _kill(container, pod, guess, version, now)
        events += mine
        now = mine[-1].at_s
    return events, now


def _kill(
    container: Container, pod: Pod, guess: Assumptions, version: Version, now: float
) -> tuple[Event, ...]:
    grace, whose = grace_of(container, pod, version)
    mine = stop_one(container, guess.paces[container.name], grace)
    told = f"its livenessProbe has failed; {whose}, {grace} s"
    return tuple(
        replace(each, at_s=now + each.at_s, why=each.why or (told if not index else ""))
        for index, each in enumerate(mine)
    )


def _restart(container: Container, guess: Assumptions, now: float) -> tuple[list[Event], float]:
    events = comes_back(container, guess, now)
    if container.post_start is None:
        return events, now
    hooked = now + guess.paces[container.name].hook
    return [*events, Event(hooked, container.name, What.HOOKED)], hooked


def _noticed_s(probe: Probe, guess: Assumptions) -> float:
    """Return when *probe* has failed often enough [P4]."""
    return (probe.failures - 1 + guess.phase) * probe.period_s
