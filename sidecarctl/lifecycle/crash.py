"""What a crash in a running pod does: who is down for how long, and who only watches.

- H3  nobody waits for a container that comes back: its hook and gate hold nothing back any more
- P8  the first restart comes at once, the later ones after a growing wait (`restart.backoff_s`)

Source: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#container-restarts
"""

from sidecarctl.lifecycle.assumptions import Assumptions
from sidecarctl.lifecycle.events import Event, What, in_order
from sidecarctl.lifecycle.pod import Pod
from sidecarctl.lifecycle.restart import Verdict, backoff_s, verdict


def crash(
    pod: Pod, guess: Assumptions, victim: str, *, code: int = 1, restarts: int = 0
) -> tuple[Event, ...]:
    """Return what happens when *victim* of the running *pod* ends with *code* at 0 s.

    *restarts* is how often it has crashed before within ten minutes.

    Raises:
        KeyError: the pod has no container of that name.
    """
    container, pace = pod.container(victim), guess.paces[victim]
    follows = verdict(container, pod, code)
    events = [Event(0.0, victim, What.EXIT, f"exit code {code}: {follows}")]
    if follows in {Verdict.REST, Verdict.POD_FAILS}:
        return tuple(events)
    begins = guess.sync_s + backoff_s(restarts)
    events.append(Event(begins, victim, What.RESTART, "its image is on the node already"))
    listens = begins + pace.start
    events.append(Event(listens, victim, What.LISTENING))
    ready = listens
    if container.readiness is not None:
        ready = max(listens, begins + container.readiness.delay_s)
        ready += guess.phase * container.readiness.period_s  # P1
    events.append(Event(ready, victim, What.READY))
    return in_order(events)
