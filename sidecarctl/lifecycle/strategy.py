"""How a controller replaces a pod by one of a new revision: which comes first, how many at a time.

- U1  a Deployment makes up to maxSurge pods (25 %, rounded up) before old ones go, and lets up to
  maxUnavailable (25 %, rounded down) be missing; where both come to 0, one may be missing
- U2  without a surge it deletes and creates at the same moment: a terminating pod does not count
- U3  Recreate, a StatefulSet and a DaemonSet without a surge wait until the old pod is gone
- U4  a StatefulSet replaces one pod after the other, a DaemonSet maxUnavailable (1) at a time

Sources: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#strategy,
https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#update-strategies,
https://kubernetes.io/docs/tasks/manage-daemon/update-daemon-set/, and ``ResolveFenceposts`` in
https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/deployment/util/deployment_util.go
"""

import math
from enum import StrEnum

from msgspec import Struct

from sidecarctl.findings import Json, JsonObject

# An Argo Rollout and a DeploymentConfig are read as the Deployment that they extend.
_DEPLOYMENTS = frozenset({"Deployment", "Rollout", "DeploymentConfig"})


class Order(StrEnum):
    """Which of the two pods moves first."""

    NEW_FIRST = "the new pod is Ready before the old one is told to stop"
    TOGETHER = "the old pod is told to stop when the new one is created"
    OLD_FIRST = "the old pod has ended before the new one is created"


class Strategy(Struct, frozen=True):
    """How the pods of a workload are replaced, *batch* of *replicas* at a time.

    *replicas* is None for a DaemonSet, which has one on each node. *is_total* says that all old
    pods are gone before the first new one comes.
    """

    order: Order
    replicas: int | None
    batch: int
    min_ready_s: int = 0
    is_total: bool = False

    @property
    def rounds(self) -> int | None:
        return None if self.replicas is None else math.ceil(self.replicas / self.batch)


def strategy(kind: str, spec: JsonObject) -> Strategy | None:
    """Return how a *kind* with this *spec* replaces its pods, None where it does not."""
    replicas = _count(spec.get("replicas"), 1)
    wait = _count(spec.get("minReadySeconds"), 0)
    if kind in _DEPLOYMENTS:
        return _deployment(spec, replicas, wait)
    update = _mapping(spec.get("updateStrategy"))
    if update.get("type") == "OnDelete":
        return None
    if kind == "StatefulSet":
        return Strategy(Order.OLD_FIRST, replicas, 1, wait)  # U4
    if kind == "DaemonSet":
        bounds = _mapping(update.get("rollingUpdate"))
        surge = bounds.get("maxSurge") not in {None, 0, "0%"}
        return Strategy(Order.NEW_FIRST if surge else Order.OLD_FIRST, None, 1, wait)
    return None


def _deployment(spec: JsonObject, replicas: int, wait: int) -> Strategy:
    how = _mapping(spec.get("strategy"))
    if how.get("type") == "Recreate":
        return Strategy(Order.OLD_FIRST, replicas, max(replicas, 1), wait, is_total=True)
    bounds = _mapping(how.get("rollingUpdate"))
    surge = math.ceil(_share(bounds.get("maxSurge"), replicas))
    missing = math.floor(_share(bounds.get("maxUnavailable"), replicas))
    if not surge and not missing:
        missing = 1
    return Strategy(
        Order.NEW_FIRST if surge else Order.TOGETHER, replicas, min(surge + missing, replicas) or 1,
        wait,
    )  # fmt: skip


def _share(value: Json, replicas: int) -> float:
    """Return a number, or a percentage of *replicas*; 25 % where nothing is said [U1]."""
    if isinstance(value, int):
        return value
    percent = value.removesuffix("%") if isinstance(value, str) else "25"
    return replicas * (int(percent) if percent.isdigit() else 25) / 100


def _count(value: Json, default: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def _mapping(data: Json) -> JsonObject:
    return data if isinstance(data, dict) else {}
