"""How a Job's pod ends: when the apps have ended, the sidecars stop, and only then it is over.

- J1  a container that does not end keeps the Job running for ever
- J2  when every app has ended the kubelet stops the native sidecars, in reverse order and within
  the pod's grace period; their exit codes count for nothing

Source: https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#jobs-with-sidecar-containers
"""

from msgspec.structs import replace

from sidecarctl.lifecycle.assumptions import Assumptions
from sidecarctl.lifecycle.events import NEVER, Event, What, in_order, time_of
from sidecarctl.lifecycle.needs import needs
from sidecarctl.lifecycle.pod import Pod
from sidecarctl.lifecycle.setting import Setting, classics
from sidecarctl.lifecycle.start import POD, start
from sidecarctl.lifecycle.stop import end_s, stop


def complete(pod: Pod, guess: Assumptions, setting: Setting) -> tuple[Event, ...]:
    """Return the whole life of a Job's pod; without a DONE event of `POD` the Job never ends."""
    starts = start(pod, guess, needs(pod, setting))
    events = [event for event in starts if event.container != POD]
    hang = {container.name for container in classics(pod, setting)}  # J1
    for app in pod.apps:
        begins = time_of(events, app.name, What.START)
        if begins == NEVER:
            continue
        if app.name in hang:
            events.append(Event(begins, app.name, What.STUCK, "never ends, nor does the Job"))
        else:
            events.append(Event(begins + guess.paces[app.name].run, app.name, What.DONE))
    over = max(time_of(events, app.name, What.DONE) for app in pod.apps) + guess.sync_s
    if over == NEVER:
        return in_order(events)
    sidecars = replace(pod, containers=pod.sidecars)
    stops = stop(sidecars, guess, setting.version)  # J2
    events += [replace(event, at_s=over + event.at_s) for event in stops]
    events.append(Event(over + end_s(stops), POD, What.DONE))
    return in_order(events)
