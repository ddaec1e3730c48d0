"""What the API server refuses in a pod although the schema takes it, so that no model is wrong.

Source: ``ValidatePodSpec`` and what it calls in kubernetes/pkg/apis/core/validation/validation.go
https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/core/validation/validation.go
"""

import re
from collections.abc import Iterator

from sidecarctl.findings import FieldPath, Json
from sidecarctl.lifecycle.pod import Container, Handler, Pod, Probe, Role
from sidecarctl.lifecycle.quantities import amount
from sidecarctl.lifecycle.resources import pod_level_faults, resources_of
from sidecarctl.lifecycle.versions import Version, supports
from sidecarctl.manifest.narrow import mapping
from sidecarctl.violation import Violation

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_PORT_NAME = re.compile(r"(?=.*[a-z])(?!.*--)[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?")
_JOBS = frozenset({"Job", "CronJob"})
_ALWAYS = frozenset(
    {"Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "ReplicationController"}
)


def faults(pod: Pod, *, kind: str, version: Version) -> tuple[Violation, ...]:
    """Say why the API server refuses *pod* in an object of *kind*; empty where it does not."""
    return (
        *_pod_faults(pod, kind),
        *_name_faults(pod),
        *(fault for c in pod.containers for fault in _container_faults(c, pod, version)),
        *(Violation((*pod.path, *path), message) for path, message in pod_level_faults(pod.data)),
    )


def _pod_faults(pod: Pod, kind: str) -> Iterator[Violation]:
    if not pod.apps:
        yield Violation((*pod.path, "containers"), "a pod needs at least one container")
    policy, path = pod.restart_policy, (*pod.path, "restartPolicy")
    if policy not in {"Always", "OnFailure", "Never"}:
        yield Violation(path, f"{policy!r} is no restart policy", "Always, OnFailure or Never")
    elif kind in _JOBS and policy == "Always":
        message = f"the pods of a {kind} need restartPolicy OnFailure or Never"
        yield Violation(path, message, "the default, Always, is not valid here")
    elif kind in _ALWAYS and policy != "Always":
        yield Violation(path, f"the pods of a {kind} need restartPolicy Always, not {policy}")
    for field, least in (("terminationGracePeriodSeconds", 0), ("activeDeadlineSeconds", 1)):
        value = pod.data.get(field)
        if isinstance(value, int) and value < least:
            yield Violation((*pod.path, field), f"{field} is {value}, the least is {least}")
    servers = mapping(pod.data, "dnsConfig").get("nameservers")
    if pod.data.get("dnsPolicy") == "None" and not servers:
        message = "dnsPolicy None needs a nameserver in dnsConfig"
        yield Violation((*pod.path, "dnsPolicy"), message, "add dnsConfig.nameservers")
    if kind in _ALWAYS and pod.data.get("activeDeadlineSeconds") is not None:
        path = (*pod.path, "activeDeadlineSeconds")
        yield Violation(path, f"the pods of a {kind} may not have activeDeadlineSeconds")


def _name_faults(pod: Pod) -> Iterator[Violation]:
    seen: dict[str, FieldPath] = {}
    for container in pod.containers:
        path, name = (*container.path, "name"), container.name
        if not name:
            yield Violation(container.path, "a container needs a name")
        elif not _LABEL.fullmatch(name):
            hint = "lower case letters, digits and '-', at most 63"
            yield Violation(path, f"{name!r} is no name for a container", hint)
        elif name in seen:
            yield Violation(path, f"another container of this pod is named {name!r}")
        seen.setdefault(name, path)


def _container_faults(container: Container, pod: Pod, version: Version) -> Iterator[Violation]:
    yield from _policy_faults(container, version)
    if container.role is Role.INIT:
        for key in ("lifecycle", "livenessProbe", "readinessProbe", "startupProbe"):
            if container.data.get(key) is not None:  # I9
                message = f"{key} may not be set for init containers without restartPolicy: Always"
                yield Violation((*container.path, key), message)
    for probe in (container.startup, container.liveness, container.readiness):
        if probe is not None:
            yield from _probe_faults(probe, container.data.get(str(probe.path[-1])))
    for hook in (container.post_start, container.pre_stop):
        if hook is not None:
            yield from _hook_faults(hook, pod, version)
    yield from _stop_signal_faults(container, pod)
    yield from _resource_faults(container)


def _policy_faults(container: Container, version: Version) -> Iterator[Violation]:
    policy, path = container.restart_policy, (*container.path, "restartPolicy")
    rules = container.data.get("restartPolicyRules")
    if policy and policy not in {"Always", "OnFailure", "Never"}:
        yield Violation(path, f"{policy!r} is no restart policy", "Always, OnFailure or Never")
    elif (
        policy
        and container.role is not Role.SIDECAR
        and not supports("container-restart-rules", version)
    ):
        where = "an init container" if container.role is Role.INIT else "an app container"
        message = f"restartPolicy: {policy} on {where} works from Kubernetes 1.35 on"
        hint = f"the target is {version}; a sidecar belongs in initContainers, with Always"
        yield Violation(path, message, hint)
    if isinstance(rules, list) and not policy:
        path = (*container.path, "restartPolicyRules")
        yield Violation(path, "restartPolicyRules need a restartPolicy on the same container")


def _probe_faults(probe: Probe, raw: Json) -> Iterator[Violation]:
    kind = probe.path[-1]
    for key, value in raw.items() if isinstance(raw, dict) else ():
        if key.endswith(("Seconds", "Threshold")) and isinstance(value, int) and value < 0:
            yield Violation((*probe.path, key), f"{key} is {value}, below zero")
    yield from _handler_faults(probe.handler, str(kind))
    if kind != "readinessProbe" and probe.successes != 1:
        path = (*probe.path, "successThreshold")
        yield Violation(path, f"successThreshold of a {kind} must be 1, not {probe.successes}")
    if probe.grace_s is not None:
        path = (*probe.path, "terminationGracePeriodSeconds")
        if kind == "readinessProbe":
            message = "terminationGracePeriodSeconds may not be set for readiness probes"
            yield Violation(path, message)
        elif probe.grace_s < 1:
            yield Violation(
                path, f"terminationGracePeriodSeconds is {probe.grace_s}, the least is 1"
            )


def _hook_faults(hook: Handler, pod: Pod, version: Version) -> Iterator[Violation]:
    yield from _handler_faults(hook, "hook")
    if hook.form != "sleep":
        return
    least = 0 if supports("prestop-sleep-zero", version) else 1
    if not least <= hook.seconds <= pod.grace_s:
        message = (
            f"sleep.seconds is {hook.seconds}, it must lie between {least} and the grace period"
        )
        hint = f"terminationGracePeriodSeconds is {pod.grace_s}"
        yield Violation((*hook.path, "seconds"), message, hint)


def _handler_faults(handler: Handler, of: str) -> Iterator[Violation]:
    if not handler.form:
        yield Violation(handler.path, f"this {of} says nothing to do", "httpGet, exec, grpc …")
    elif handler.form == "exec" and not handler.command:
        yield Violation((*handler.path, "command"), f"this {of} has an exec without a command")
    elif handler.form in {"httpGet", "tcpSocket", "grpc"}:
        path = (*handler.path, "port")
        if handler.port is not None and not 1 <= handler.port <= 65535:
            yield Violation(path, f"{handler.port} is no port", "1 to 65535")
        elif handler.port is None and not handler.port_name:
            yield Violation(path, f"this {of} has no port")
        elif handler.port_name and not _PORT_NAME.fullmatch(handler.port_name):
            yield Violation(
                path, f"{handler.port_name!r} is no name for a port", "at most 15 letters"
            )


def _stop_signal_faults(container: Container, pod: Pod) -> Iterator[Violation]:
    lifecycle, system = container.data.get("lifecycle"), pod.data.get("os")
    signal = lifecycle.get("stopSignal") if isinstance(lifecycle, dict) else None
    named = isinstance(system, dict) and system.get("name")
    if signal is not None and not named:  # T12
        path = (*container.path, "lifecycle", "stopSignal")
        yield Violation(path, "stopSignal may not be set without spec.os.name of the pod")


def _resource_faults(container: Container) -> Iterator[Violation]:
    bad = list(_quantity_faults(container))
    yield from bad
    resources = resources_of(container.data)
    for name, request in resources.requests.items():
        if not bad and name in resources.limits and request > resources.limits[name]:
            path = (*container.path, "resources", "requests", name)
            yield Violation(path, f"the request of {name} is above its limit")


def _quantity_faults(container: Container) -> Iterator[Violation]:
    resources = container.data.get("resources")
    for part in ("requests", "limits"):
        table: Json = resources.get(part) if isinstance(resources, dict) else None
        for name, quantity in table.items() if isinstance(table, dict) else ():
            try:
                amount(name, quantity)
            except ValueError:
                path = (*container.path, "resources", part, name)
                hint = "a quantity is written like 250m, 1.5 or 128Mi"
                yield Violation(path, f"{quantity!r} is no quantity", hint)
