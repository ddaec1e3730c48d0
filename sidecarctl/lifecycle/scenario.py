"""What may happen to a pod: the scenarios of `simulate`, in words that people and `explain` use."""

from collections.abc import Mapping
from enum import StrEnum

from sidecarctl.errors import ProfileError
from sidecarctl.violation import did_you_mean


class Scenario(StrEnum):
    """What happens to the pod."""

    START = "start"
    ROLLING_UPDATE = "rolling update"
    DELETION = "deletion"
    DELETION_DURING_INIT = "deletion during init"
    NODE_SHUTDOWN = "node shutdown"
    SPOT_RECLAIM = "spot reclaim"
    EVICTION = "hard eviction"
    SIDECAR_CRASH = "sidecar crash"
    APP_CRASH = "app crash"
    LIVENESS_KILL = "liveness kill"
    JOB = "job"

    @property
    def word(self) -> str:
        """What a command line calls it: ``rolling-update``."""
        return self.value.replace(" ", "-")


MEANING: Mapping[Scenario, str] = {
    Scenario.START: "from the sandbox until the pod is Ready",
    Scenario.ROLLING_UPDATE: "a pod of a new revision takes the place of an old one",
    Scenario.DELETION: "a running pod is deleted",
    Scenario.DELETION_DURING_INIT: "a pod is deleted while its first init container behind a "
    "sidecar works, or has not opened its gate",
    Scenario.NODE_SHUTDOWN: "the node shuts down in good order",
    Scenario.SPOT_RECLAIM: "the cloud takes the node back",
    Scenario.EVICTION: "the node runs short of memory or disk",
    Scenario.SIDECAR_CRASH: "the first sidecar ends with 1, or the one that --victim names",
    Scenario.APP_CRASH: "the first app ends with 1, or the one that --victim names",
    Scenario.LIVENESS_KILL: "every livenessProbe fails, or that of the --victim",
    Scenario.JOB: "the whole run of a Job's pod",
}

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

STOPS = frozenset({Scenario.DELETION, Scenario.DELETION_DURING_INIT, *GRACE_OF})
"""What ends the pod."""


def scenario_named(word: str) -> Scenario:
    """Return the scenario that a command line calls *word*: ``rolling-update``.

    Raises:
        ProfileError: there is none.
    """
    known = {each.word: each for each in Scenario}
    if word not in known:
        raise ProfileError(f"there is no scenario {word!r}", hint=did_you_mean(word, known))
    return known[word]
