"""Which moment of a container holds the next one back, and where a need closes a circle.

The kubelet's part, with the same tags as in `start`:

- I1  an init container starts when the one before it has finished;
- I2  what follows a native sidecar starts when its postStart hook has returned and its
  startupProbe, if it has one, has succeeded;
- A1  app containers start one after the other, in their order;
- H1  a postStart hook holds the containers after it back.

So the containers start in one chain. In a chain a circle can close in one way only: a moment that
holds the next container back needs a container that comes later. Needs that point back, or that
belong to a moment which holds nobody back, close none, alone or together.

Source: https://github.com/kubernetes/enhancements/issues/753 and ``SyncPod``,
``computeInitContainerActions`` in kubernetes/pkg/kubelet/kuberuntime
"""

from collections.abc import Mapping

from sidecarctl.lifecycle.needs import Need, When
from sidecarctl.lifecycle.pod import Container, Pod, Role

_HOLDING: Mapping[Role, frozenset[When]] = {
    Role.INIT: frozenset({When.DONE}),  # I1
    Role.SIDECAR: frozenset({When.HOOKED, When.STARTED}),  # I2
    Role.APP: frozenset({When.HOOKED}),  # H1
}


def is_deadlock(pod: Pod, need: Need) -> bool:
    """Say whether *need* waits for a container that itself starts only after the need is met."""
    holds_back = need.when in _HOLDING[need.who.role]
    return holds_back and not is_before(pod, need.server, need.who)


def is_gated(pod: Pod, server: Container, by: Container) -> bool:
    """Say whether *server* has proved that it works before *by* starts.

    A native sidecar proves it by its startupProbe or its postStart hook, an app container by its
    hook alone, and then only as long as the hook does not fail [A2].
    """
    if server.role is Role.INIT or not is_before(pod, server, by):
        return False  # an init container has ended by then
    is_native = server.role is Role.SIDECAR
    return server.post_start is not None or (is_native and server.startup is not None)


def is_before(pod: Pod, first: Container, second: Container) -> bool:
    """Say whether the kubelet starts *first* before *second* [I1, A1]."""
    return pod.containers.index(first) < pod.containers.index(second)
