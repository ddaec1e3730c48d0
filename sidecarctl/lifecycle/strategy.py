"""How a controller replaces a pod by one of a new revision: which comes first, how many at a time.

- U1  a Deployment makes up to maxSurge pods (25 %, rounded up) before old ones go, and lets up to
  maxUnavailable (25 %, rounded down) be missing; where both come to 0, one may be missing
- U2  without a surge it deletes and creates at the same moment: a terminating pod does not count
- U3  Recreate, a StatefulSet and a DaemonSet without a surge wait until the old pod is gone
- U4  a StatefulSet replaces one pod after the other, from the last on, and leaves those before
  its partition as they are; maxUnavailable (rounded down, at least 1) at a time from 1.37 on,
  before that the gate is off and it is 1
- U6  with podManagementPolicy OrderedReady the new pods of such a batch come one after another,
  each when the one before is available; with Parallel they come together
- U7  a DaemonSet replaces maxUnavailable (1) at a time, or maxSurge with the new pod first; a
  percentage is of the nodes, rounded up

Sources: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#strategy,
https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#update-strategies,
https://kubernetes.io/docs/tasks/manage-daemon/update-daemon-set/, and in
https://github.com/kubernetes/kubernetes/blob/master/pkg/controller: ``ResolveFenceposts`` in
deployment/util/deployment_util.go, ``updateStatefulSetAfterInvariantEstablished`` in
statefulset/stateful_set_control.go, ``SurgeCount`` in daemon/util/daemonset_util.go
"""

import math
from enum import StrEnum

from msgspec import Struct

from sidecarctl.findings import Json, JsonObject
from sidecarctl.lifecycle.versions import Version, supports

# An Argo Rollout and a DeploymentConfig are read as the Deployment that they extend.
_DEPLOYMENTS = frozenset({"Deployment", "Rollout", "DeploymentConfig"})


class Order(StrEnum):
    """Which of the two pods moves first."""

    NEW_FIRST = "the new pod is Ready before the old one is told to stop"
    TOGETHER = "the old pod is told to stop when the new one is created"
    OLD_FIRST = "the old pod has ended before the new one is created"


class Strategy(Struct, frozen=True):
    """How the pods of a workload are replaced, *batch* of *replicas* at a time.

    *replicas* is None for a DaemonSet, which has one on each node; *share* is its batch where that
    is a percentage of the nodes. *kept* pods stay as they are. *is_total* says that all old pods
    are gone before the first new one comes, *is_serial* that the new pods of a batch come one
    after another.
    """

    order: Order
    replicas: int | None
    batch: int
    min_ready_s: int = 0
    is_total: bool = False
    kept: int = 0
    is_serial: bool = False
    share: str = ""

    @property
    def moved(self) -> int | None:
        """How many pods are replaced, None where nobody knows."""
        return None if self.replicas is None else self.replicas - self.kept

    @property
    def rounds(self) -> int | None:
        return None if self.moved is None else math.ceil(self.moved / self.batch)


def strategy(kind: str, spec: JsonObject, version: Version) -> Strategy | None:
    """Return how a *kind* with this *spec* replaces its pods, None where it does not.

    *version* is the oldest of the target's control planes.
    """
    replicas = _count(spec.get("replicas"), 1)
    wait = _count(spec.get("minReadySeconds"), 0)
    if kind in _DEPLOYMENTS:
        return _deployment(spec, replicas, wait)
    update = _mapping(spec.get("updateStrategy"))
    if update.get("type") == "OnDelete":
        return None
    bounds = _mapping(update.get("rollingUpdate"))
    if kind == "StatefulSet":
        is_ordered = spec.get("podManagementPolicy") != "Parallel"
        return _stateful_set(bounds, replicas, wait, version, is_ordered=is_ordered)
    return _daemon_set(bounds, wait) if kind == "DaemonSet" else None


def _deployment(spec: JsonObject, replicas: int, wait: int) -> Strategy:
    how = _mapping(spec.get("strategy"))
    if how.get("type") == "Recreate":
        return Strategy(Order.OLD_FIRST, replicas, max(replicas, 1), wait, is_total=True)
    bounds = _mapping(how.get("rollingUpdate"))
    surge = math.ceil(_share(bounds.get("maxSurge"), replicas))
    missing = math.floor(_share(bounds.get("maxUnavailable"), replicas))
    if not surge and not missing:
        missing = 1
    order = Order.NEW_FIRST if surge else Order.TOGETHER
    return Strategy(order, replicas, min(surge + missing, replicas) or 1, wait)


def _stateful_set(
    bounds: JsonObject, replicas: int, wait: int, version: Version, *, is_ordered: bool
) -> Strategy | None:
    """Return the strategy of a StatefulSet, None where its partition keeps every pod [U4, U6]."""
    kept = min(_count(bounds.get("partition"), 0), replicas)
    if kept and kept == replicas:
        return None
    most = bounds.get("maxUnavailable")
    batch = 1
    if most is not None and supports("statefulset-max-unavailable", version):
        batch = max(min(math.floor(_share(most, replicas)), replicas - kept), 1)
    serial = is_ordered and batch > 1
    return Strategy(Order.OLD_FIRST, replicas, batch, wait, kept=kept, is_serial=serial)


def _daemon_set(bounds: JsonObject, wait: int) -> Strategy:
    surge = bounds.get("maxSurge")
    order = Order.OLD_FIRST if surge in {None, 0, "0%"} else Order.NEW_FIRST
    most = bounds.get("maxUnavailable") if order is Order.OLD_FIRST else surge
    share = most if isinstance(most, str) else ""
    return Strategy(order, None, max(_count(most, 1), 1), wait, share=share)  # U7


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
