"""What a further container means for the pod as a whole: grace, QoS, limits, autoscaling.

Each such fact is an edit or a note, never silence.
"""

from collections.abc import Iterator, Mapping

from sidecarctl.findings import JsonObject, Severity
from sidecarctl.lifecycle.assumptions import Assumptions, Case, assume
from sidecarctl.lifecycle.form import SLACK_S, grace_needed_s
from sidecarctl.lifecycle.pod import Pod
from sidecarctl.lifecycle.quantities import amount, format_amount
from sidecarctl.lifecycle.reading import read
from sidecarctl.lifecycle.reasons import reasons as why_so
from sidecarctl.lifecycle.resources import QosClass, qos_class
from sidecarctl.manifest.narrow import mapping
from sidecarctl.manifest.workload import Role, Workload
from sidecarctl.plan.candidate import Candidate
from sidecarctl.plan.outcome import Change, Note
from sidecarctl.profile.units import seconds
from sidecarctl.topology.fleet import Fleet


def grace(candidate: Candidate) -> list[Change]:
    """Raise ``terminationGracePeriodSeconds`` where the proxy could not drain within it.

    By the model of the kubelet: the hooks run first, all of them together; then the applications
    end, which take as long as requests are let to finish; then the sidecars, one by one.

    Source: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination
    """
    drain = candidate.facts.text("drain", "")
    if not candidate.standalone or not drain:
        return []
    pod = read(candidate.workload.pod, candidate.workload.pod_path)
    guess = _paces(pod, drain)
    needed = grace_needed_s(pod, guess)
    if pod.grace_s >= needed:
        return []
    hooks = max((guess.paces[each.name].pre_stop for each in pod.containers), default=0.0)
    before = f"the preStop hooks take {hooks:g} s, " if hooks else ""
    reason = f"{before}draining takes {drain}, and {SLACK_S} s to end"
    path = (*pod.path, "terminationGracePeriodSeconds")
    return [Change(candidate.workload.document, path, needed, reason)]


def reasons(candidate: Candidate, pod: JsonObject) -> tuple[str, ...]:
    """Return why the sidecars stand in *pod*, the spec after the injection, as they do."""
    view = read(pod)
    own = {container.name for container in candidate.workload.containers()}
    drain = candidate.facts.text("drain", "") if candidate.standalone else ""
    added = [each.name for each in view.containers if each.name not in own]
    return why_so(view, added, candidate.why, _paces(view, drain))


def _paces(pod: Pod, drain: str) -> Assumptions:
    """Return what is certain, and that requests are let to finish for the time *drain*."""
    drains = {app.name: {"exit": seconds(drain)} for app in pod.apps} if drain else {}
    return assume(pod, Case.BEST, drains)


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
            f"{candidate.why}: with a classic one nothing certain holds the application back until "
            "the proxy is ready, and both stop at once",
            Severity.WARNING,
            hint="native sidecars need 1.29 and nativeSidecars: true",
        )
    yield from _endless_start(candidate)


def annotations(candidate: Candidate) -> dict[str, str]:
    """Return the annotations that the pod template needs because it has more containers now."""
    workload = candidate.workload
    apps = [each for each in workload.containers() if each.role is Role.APP]
    key = "kubectl.kubernetes.io/default-container"
    if candidate.native or not apps or key in workload.pod_annotations:
        return {}
    return {key: apps[0].name}


def _endless_start(candidate: Candidate) -> Iterator[Note]:
    """Say of a Job that it waits for ever where the proxy never starts up: nothing has failed.

    Source: https://kubernetes.io/docs/concepts/workloads/controllers/job/#job-termination-and-cleanup
    """
    workload = candidate.workload
    job = mapping(workload.document.data, *workload.template_path[:-1])
    has_deadline = "activeDeadlineSeconds" in job or "activeDeadlineSeconds" in workload.pod
    gates = candidate.proxy is not None and candidate.proxy.gates and candidate.native
    if gates and workload.kind in {"Job", "CronJob"} and not has_deadline:
        yield Note(
            "job-without-deadline",
            "if the proxy never starts up, its work never begins, and nothing says so",
            location=workload.document.locate(workload.template_path[:-1], on="key"),
            hint="set activeDeadlineSeconds of the Job",
        )


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
