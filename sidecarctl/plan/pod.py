"""What a further container means for the pod as a whole: grace, QoS, limits, autoscaling.

Each such fact is an edit or a note, never silence.
"""

import math
from collections.abc import Iterator, Mapping

from sidecarctl.findings import JsonObject, Severity
from sidecarctl.lifecycle.quantities import amount, format_amount
from sidecarctl.lifecycle.resources import QosClass, qos_class
from sidecarctl.manifest.narrow import mapping
from sidecarctl.manifest.workload import Role, Workload
from sidecarctl.plan.candidate import Candidate
from sidecarctl.plan.outcome import Change, Note
from sidecarctl.profile.units import seconds
from sidecarctl.topology.fleet import Fleet

_GRACE_S = 30  # what Kubernetes takes where terminationGracePeriodSeconds is absent
_SLACK_S = 5  # the kubelet's two-second floor, a relist, and room for the proxy's own exit


def grace(candidate: Candidate) -> list[Change]:
    """Raise ``terminationGracePeriodSeconds`` where the proxy could not drain within it.

    Source: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination
    """
    drain = candidate.facts.text("drain", "")
    if not candidate.standalone or not drain:
        return []
    needed = math.ceil(seconds(drain)) + _SLACK_S
    given = candidate.workload.pod.get("terminationGracePeriodSeconds")
    if (given if isinstance(given, int) else _GRACE_S) >= needed:
        return []
    path = (*candidate.workload.pod_path, "terminationGracePeriodSeconds")
    reason = f"draining takes {drain}, and {_SLACK_S} s to end"
    return [Change(candidate.workload.document, path, needed, reason)]


def resources(candidate: Candidate, name: str) -> JsonObject:
    """Return the ``resources`` of the sidecar *name*: as in the values, but equal in a pod that is
    Guaranteed, so that it stays so.
    """
    table = mapping(candidate.choice.sidecars[name], "resources")
    if not table or not _guaranteed(candidate.workload):
        return table
    requests, limits = mapping(table, "requests"), mapping(table, "limits")
    even: JsonObject = {key: limits.get(key, value) for key, value in requests.items()}
    return {"requests": even, "limits": {**limits, **even}}


def pod_level(candidate: Candidate, added: Mapping[str, JsonObject]) -> list[Change]:
    """Raise the pod's own ``resources`` by what the sidecars ask: they are a ceiling for all.

    Source: https://kubernetes.io/docs/concepts/workloads/pods/pod-resources/ (KEP-2837)
    """
    own = mapping(candidate.workload.pod, "resources")
    changes: list[Change] = []
    for part in ("requests", "limits"):
        for resource, quantity in mapping(own, part).items():
            more = sum(
                amount(resource, mapping(table, part).get(resource, 0)) for table in added.values()
            )
            if more:
                path = (*candidate.workload.pod_path, "resources", part, resource)
                raised = format_amount(resource, amount(resource, quantity) + more)
                reason = f"{quantity} and what the sidecars ask"
                changes.append(Change(candidate.workload.document, path, raised, reason))
    return changes


def notes(candidate: Candidate, joined: Fleet, added: Mapping[str, JsonObject]) -> Iterator[Note]:
    """Yield what the user should know of the pod as a whole."""
    workload = candidate.workload
    if _guaranteed(workload):
        yield Note(
            "qos-guaranteed",
            "its pods are Guaranteed, and stay so: the sidecars get limits equal to their requests",
        )
    for each in joined.autoscalers:
        same = joined.namespace_of(each.document) == candidate.namespace
        aims = (each.target_kind, each.target_name) == (workload.kind, workload.name)
        if same and aims and "Resource" in each.metric_types:
            yield Note(
                "hpa-resource-metric",
                f"HorizontalPodAutoscaler {each.document.name!r} averages over all containers, "
                "the sidecars' requests and usage now among them",
                Severity.WARNING,
                each.document.locate(("spec", "metrics")),
                "use a ContainerResource metric on the application's container",
            )
    for name, table in added.items():
        yield from _limit_ranges(candidate, joined, name, table)
    if candidate.standalone and not candidate.native:
        yield Note(
            "classic-sidecar",
            f"Kubernetes {candidate.version} gets a classic sidecar: nothing holds the application "
            "back until the proxy is ready, and both stop at once",
            Severity.WARNING,
            hint="native sidecars need 1.29 and nativeSidecars: true",
        )


def annotations(candidate: Candidate) -> dict[str, str]:
    """Return the annotations that the pod template needs because it has more containers now."""
    workload = candidate.workload
    apps = [each for each in workload.containers() if each.role is Role.APP]
    key = "kubectl.kubernetes.io/default-container"
    if candidate.native or not apps or key in workload.pod_annotations:
        return {}
    return {key: apps[0].name}


def _limit_ranges(
    candidate: Candidate, joined: Fleet, name: str, table: JsonObject
) -> Iterator[Note]:
    for each in joined.limit_ranges:
        if joined.namespace_of(each.document) != candidate.namespace:
            continue
        requests, limits = mapping(table, "requests"), mapping(table, "limits")
        low = [
            f"asks {resource} {requests[resource]}, below the least that LimitRange "
            f"{each.document.name!r} allows, {edge}"
            for resource, edge in each.minimum.items()
            if resource in requests
            and amount(resource, requests[resource]) < amount(resource, edge)
        ]
        high = [
            f"may use {resource} {limits[resource]}, above the most that LimitRange "
            f"{each.document.name!r} allows, {edge}"
            for resource, edge in each.maximum.items()
            if resource in limits and amount(resource, limits[resource]) > amount(resource, edge)
        ]
        for sentence in (*low, *high):
            yield Note(
                "limit-range",
                f"{name} {sentence}",
                Severity.WARNING,
                each.document.locate(),
                f"set sidecars.{name}.resources",
            )


def _guaranteed(workload: Workload) -> bool:
    return qos_class(workload.pod) is QosClass.GUARANTEED
