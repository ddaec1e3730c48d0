"""A pod that is deleted before it has come up: only what runs is stopped.

- T14 a regular init container is stopped at once, as nothing orders it; a native sidecar waits for
  later ones that run. From 1.29 on, before 1.29.8 and 1.30.4, it waited for those that never ran
  as well, until the grace period was over

Sources: https://github.com/kubernetes/kubernetes/issues/125880 and ``newTerminationOrdering`` in
https://github.com/kubernetes/kubernetes/tree/master/pkg/kubelet/kuberuntime
"""

from msgspec.structs import replace

from sidecarctl.lifecycle.assumptions import Assumptions
from sidecarctl.lifecycle.events import NEVER, Event, in_order
from sidecarctl.lifecycle.pod import Container, Pod, Role
from sidecarctl.lifecycle.stop import effective_grace_s, stop, stop_one
from sidecarctl.lifecycle.versions import Version, supports


def half_way(pod: Pod) -> tuple[Container, frozenset[str]]:
    """Return the entry of ``initContainers`` that a start is at half-way, and who runs by then.

    That is the first one behind a native sidecar, as then something runs that has an order to
    keep; without such a pair it is the first entry. The sidecars before it run.

    Raises:
        IndexError: *pod* has no init container.
    """
    inits = pod.inits
    behind = (n for n in range(1, len(inits)) if inits[n - 1].role is Role.SIDECAR)
    at = next(behind, 0)
    before = {c.name for c in inits[:at] if c.role is Role.SIDECAR}
    return inits[at], frozenset({*before, inits[at].name})


def hangs(pod: Pod, version: Version) -> bool:
    """Say whether a sidecar of *pod* would wait for others that never ran [T14]."""
    _, running = half_way(pod)
    count = sum(c.name in running for c in pod.sidecars)
    is_ordered = supports("native-sidecar", version)
    is_right = supports("sidecar-stop-during-init", version)
    return 0 < count < len(pod.sidecars) and is_ordered and not is_right


def stop_during_init(pod: Pod, guess: Assumptions, version: Version) -> tuple[Event, ...]:
    """Return what happens when *pod* is deleted (0 s) while its start is half-way."""
    _, running = half_way(pod)
    alive = tuple(c for c in pod.inits if c.name in running)
    sidecars = tuple(c for c in alive if c.role is Role.SIDECAR)
    grace = effective_grace_s(pod)
    events: list[Event] = []
    if hangs(pod, version):
        for container in reversed(sidecars):
            events += stop_one(container, guess.paces[container.name], grace, NEVER)
    else:
        events += stop(replace(pod, containers=sidecars), guess, version)
    for container in alive:
        if container.role is Role.INIT:
            events += stop_one(container, guess.paces[container.name], grace)
    return in_order(events)
