"""What a pod asks of its node: effective requests and limits, the QoS class."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Literal, TypeAlias

from msgspec import Struct

from sidecarctl.findings import FieldPath, Json, JsonObject
from sidecarctl.lifecycle.quantities import amount, format_amount

Amounts: TypeAlias = Mapping[str, int]
"""Resource name to amount: ``cpu`` in thousandths of a core, all others in whole units (bytes)."""


class QosClass(StrEnum):
    """How the kubelet ranks a pod when the node runs short."""

    GUARANTEED = "Guaranteed"
    BURSTABLE = "Burstable"
    BEST_EFFORT = "BestEffort"


class Resources(Struct, frozen=True):
    """Requests and limits of a container or a pod."""

    requests: Amounts
    limits: Amounts


def resources_of(holder: JsonObject) -> Resources:
    """Return the `resources` of a container, or of a pod spec, as they are after defaulting.

    A request that is not set takes the limit's value. What is no quantity is left out here; a
    `Pod` with such a value is refused when it is read.

    Source: https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/ ("If you
    specify a limit for a resource, but do not specify any request …")
    """
    raw = _mapping(holder.get("resources"))
    limits = _amounts(raw.get("limits"))
    return Resources({**limits, **_amounts(raw.get("requests"))}, limits)


def effective(pod: JsonObject) -> Resources:
    """Return what the scheduler counts for the pod spec *pod*, overhead included.

    Pod-level `resources` replace the sum over the containers for the resources they name
    (KEP-2837). A limit is the sum of the limits that are there: see `unlimited`.

    Source: https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#resource-sharing-within-containers
    """
    summed = summed_resources(pod)
    level = pod_level(pod, summed)
    requests = {**summed.requests, **level.requests}
    limits = {**summed.limits, **level.limits}
    for name, extra in _amounts(pod.get("overhead")).items():
        requests[name] = requests.get(name, 0) + extra
        if limits.get(name):  # an absent limit means "no limit", which overhead does not change
            limits[name] += extra
    return Resources(requests, limits)


def summed_resources(pod: JsonObject) -> Resources:
    """Return the containers' sum by the ordered formula of KEP-753, without pod level and overhead.

    A regular init container runs beside the sidecars listed *before* it alone, so the order of
    `initContainers` changes the result.
    """
    inits = [(_is_sidecar(c), resources_of(c)) for c in _containers(pod, "initContainers")]
    apps = [resources_of(c) for c in _containers(pod, "containers")]
    return Resources(
        _ordered([(s, r.requests) for s, r in inits], [r.requests for r in apps]),
        _ordered([(s, r.limits) for s, r in inits], [r.limits for r in apps]),
    )


def pod_level(pod: JsonObject, summed: Resources | None = None) -> Resources:
    """Return the pod-level resources of *pod* after defaulting; both empty where there are none.

    An absent pod-level request takes the containers' sum, and where no container asks, the
    pod-level limit.

    Source: https://github.com/kubernetes/enhancements/tree/master/keps/sig-node/2837-pod-level-resource-spec
    """
    raw = _mapping(pod.get("resources"))
    requests, limits = _amounts(raw.get("requests")), _amounts(raw.get("limits"))
    if not requests and not limits:
        return Resources({}, {})
    sums = (summed or summed_resources(pod)).requests
    sums = {name: value for name, value in sums.items() if name in {"cpu", "memory"}}
    return Resources({**limits, **sums, **requests}, limits)


def pod_level_faults(pod: JsonObject) -> tuple[tuple[FieldPath, str], ...]:
    """Say where the containers do not fit into the pod-level resources: path in *pod*, sentence.

    The API server refuses such a pod, so a sidecar added to it can make a valid pod invalid.
    """
    level = pod_level(pod)
    if not level.requests:
        return ()
    summed = summed_resources(pod)
    faults: list[tuple[FieldPath, str]] = []
    for name, value in level.requests.items():
        if summed.requests.get(name, 0) > value:
            total, most = (format_amount(name, v) for v in (summed.requests[name], value))
            message = f"the containers request {total} {name}, the pod as a whole {most}"
            faults.append((("resources", "requests", name), message))
        if name in level.limits and value > level.limits[name]:
            limit, most = format_amount(name, level.limits[name]), format_amount(name, value)
            message = f"the pod requests {most} {name}, above its limit of {limit}"
            faults.append((("resources", "requests", name), message))
    for path, container in _placed(pod):
        for name, value in resources_of(container).limits.items():
            if name in level.limits and value > level.limits[name]:
                own, most = (format_amount(name, v) for v in (value, level.limits[name]))
                message = f"the limit of {own} {name} is above the pod's own, {most}"
                faults.append(((*path, "resources", "limits", name), message))
    return tuple(faults)


def unlimited(pod: JsonObject, resource: str) -> tuple[FieldPath, ...]:
    """Return the paths in *pod* of apps and sidecars that have no limit on *resource*."""
    if resource in pod_level(pod).limits:
        return ()
    return tuple(
        path
        for path, container in _placed(pod)
        if (path[0] == "containers" or _is_sidecar(container))
        and not resources_of(container).limits.get(resource)
    )


def qos_class(pod: JsonObject) -> QosClass:
    """Return the QoS class of the pod spec *pod*; init containers and sidecars count like apps.

    Source: https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/ and ``ComputePodQOS`` in
    kubernetes/pkg/apis/core/v1/helper/qos/qos.go
    """
    level = pod_level(pod)
    parts = [level] if level.requests else [resources_of(c) for _, c in _placed(pod)]
    asked = [
        part.requests.get(name, 0) or part.limits.get(name, 0)
        for part in parts
        for name in ("cpu", "memory")
    ]
    if not any(asked):
        return QosClass.BEST_EFFORT
    even = all(
        part.limits.get(name, 0) > 0 and part.requests.get(name) == part.limits[name]
        for part in parts
        for name in ("cpu", "memory")
    )
    return QosClass.GUARANTEED if even else QosClass.BURSTABLE


def _ordered(inits: list[tuple[bool, Amounts]], apps: Iterable[Amounts]) -> dict[str, int]:
    """Add up by KEP-753: sidecars before an init container run beside it, those after it do not."""
    sidecars: dict[str, int] = {}
    peak: dict[str, int] = {}
    for is_sidecar, amounts in inits:
        running = _sum(sidecars, amounts)
        peak = {name: max(peak.get(name, 0), running.get(name, 0)) for name in {*peak, *running}}
        if is_sidecar:
            sidecars = running
    serving = sidecars
    for amounts in apps:
        serving = _sum(serving, amounts)
    names = sorted({*peak, *serving})
    return {name: max(peak.get(name, 0), serving.get(name, 0)) for name in names}


def _sum(left: Amounts, right: Amounts) -> dict[str, int]:
    return {name: left.get(name, 0) + right.get(name, 0) for name in {*left, *right}}


def _amounts(raw: Json) -> dict[str, int]:
    amounts = {}
    for name, quantity in _mapping(raw).items():
        try:
            amounts[name] = amount(name, quantity)
        except ValueError:
            continue  # `pod.read` refuses it with its place
    return amounts


def _containers(
    pod: JsonObject, field: Literal["initContainers", "containers"]
) -> list[JsonObject]:
    items = pod.get(field)
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _placed(pod: JsonObject) -> list[tuple[FieldPath, JsonObject]]:
    placed: list[tuple[FieldPath, JsonObject]] = []
    for field in ("initContainers", "containers"):
        items = pod.get(field)
        if isinstance(items, list):
            placed += [((field, i), c) for i, c in enumerate(items) if isinstance(c, dict)]
    return placed


def _is_sidecar(container: JsonObject) -> bool:
    return container.get("restartPolicy") == "Always"


def _mapping(data: Json) -> JsonObject:
    return data if isinstance(data, dict) else {}
