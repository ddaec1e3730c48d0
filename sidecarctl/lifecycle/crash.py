"""What a crash in a running pod does: who is down for how long, and who only watches.

- J2  where the last app has ended for good, the sidecars are stopped, as when the work is done
- H3  nobody waits for a container that comes back: its hook and gate hold nothing back any more
- P1  a probe sees a success up to one period late; when the startupProbe has passed, readiness is
  asked at once [P2]
- P8  the first restart comes at once, the later ones after a growing wait (`restart.backoff_s`)

Source: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#container-restarts
"""

from msgspec.structs import replace

from sidecarctl.lifecycle.assumptions import Assumptions
from sidecarctl.lifecycle.events import Event, What, in_order
from sidecarctl.lifecycle.pod import Container, Pod, Probe
from sidecarctl.lifecycle.restart import Verdict, backoff_s, verdict
from sidecarctl.lifecycle.stop import stop
from sidecarctl.lifecycle.versions import Version


def crash(
    pod: Pod, guess: Assumptions, victim: str, *, code: int = 1, restarts: int = 0
) -> tuple[Event, ...]:
    """Return what happens when *victim* of the running *pod* ends with *code* at 0 s.

    *restarts* is how often it has crashed before within ten minutes.

    Raises:
        KeyError: the pod has no container of that name.
    """
    container = pod.container(victim)
    follows = verdict(container, pod, code)
    events = [Event(0.0, victim, What.EXIT, f"exit code {code}: {follows}")]
    if follows in {Verdict.REST, Verdict.POD_FAILS}:
        return tuple(events)
    events += comes_back(container, guess, guess.sync_s + backoff_s(restarts))
    return in_order(events)


def crash_to_the_end(
    pod: Pod, guess: Assumptions, victim: str, version: Version
) -> tuple[Event, ...]:
    """Return what `crash` does, and the stop of the sidecars where no app is left [J2]."""
    events = crash(pod, guess, victim)
    comes = any(event.what is What.RESTART for event in events)
    if comes or [app.name for app in pod.apps] != [victim] or not pod.sidecars:
        return events
    stops = stop(replace(pod, containers=pod.sidecars), guess, version)
    late = (replace(each, at_s=guess.sync_s + each.at_s) for each in stops)
    return in_order((*events, *late))


def comes_back(container: Container, guess: Assumptions, begins: float) -> list[Event]:
    """Return the start of *container* at *begins* in a pod that runs already [H3].

    Its own gate holds back its readiness, and nobody else.
    """
    name = container.name
    listens = begins + guess.paces[name].start
    events = [
        Event(begins, name, What.RESTART, "its image is on the node already"),
        Event(listens, name, What.LISTENING),
    ]
    started = begins
    if container.startup is not None:
        started = _seen(container.startup, listens, begins, guess)
        events.append(Event(started, name, What.STARTED, "its startupProbe has passed"))
    ready = max(listens, started)
    probe = container.readiness
    if probe is not None and (container.startup is None or ready < begins + probe.delay_s):
        ready = _seen(probe, ready, begins, guess)
    return [*events, Event(ready, name, What.READY)]


def _seen(probe: Probe, listens: float, begins: float, guess: Assumptions) -> float:
    """Return when *probe* sees that its container listens [P1]."""
    return max(listens, begins + probe.delay_s) + guess.phase * probe.period_s
