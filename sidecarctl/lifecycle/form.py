"""What `inject` asks: which form a sidecar takes, and the numbers that go with it."""

import math
from enum import StrEnum

from msgspec.structs import replace

from sidecarctl.lifecycle.assumptions import Assumptions
from sidecarctl.lifecycle.pod import Pod
from sidecarctl.lifecycle.stop import end_s, stop
from sidecarctl.lifecycle.versions import Version, supports

_LONG_S = 10**6
_ORDERED = Version(1, 29)
SLACK_S = 5
"""What a grace period should hold beyond the sum: the kubelet rounds, and nodes are busy."""


class Form(StrEnum):
    """How a sidecar stands in the pod."""

    NATIVE = "native"  # in initContainers, restartPolicy: Always
    CLASSIC = "classic"  # in containers, as an app


def form(version: Version, *, native_wanted: bool = True) -> tuple[Form, str]:
    """Return the form for clusters whose oldest kubelet is *version*, and the reason.

    Source: https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/
    """
    if not supports("native-sidecar", version):
        return Form.CLASSIC, f"kubelet {version} has no native sidecars, they begin with 1.29"
    if not native_wanted:
        return Form.CLASSIC, "nativeSidecars is false"
    return Form.NATIVE, f"kubelet {version} starts native sidecars first, stops them last"


def startup_budget_s(pod: Pod) -> int:
    """Return how long the gates of the native sidecars may take, one after the other [P7].

    What the regular init containers take comes on top; no manifest says it.
    """
    return sum(sidecar.startup.budget_s for sidecar in pod.sidecars if sidecar.startup)


def grace_needed_s(pod: Pod, guess: Assumptions, *, slack_s: int = SLACK_S) -> int:
    """Return the grace period with which every container of *pod* ends by itself.

    That is the stop without any limit: hooks together, apps, then the sidecars one by one; and
    *slack_s*, so that the last signal does not fall on the last moment.
    """
    patient = replace(pod, grace_s=_LONG_S)
    return math.ceil(end_s(stop(patient, guess, _ORDERED))) + slack_s
