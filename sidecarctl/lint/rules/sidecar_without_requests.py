"""A sidecar requests no CPU or no memory.

The scheduler counts it as nothing, and the kubelet ends it first when the node runs short. An
autoscaler that looks at the utilization of the pod stops altogether: "if some of the Pod's
containers do not have the relevant resource request set, CPU utilization for the Pod will not be
defined and the autoscaler will not take any action for that metric". Then this is an error.

Bad:

    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: shop
    spec:
      selector:
        matchLabels: {app: shop}
      template:
        metadata:
          labels: {app: shop}
        spec:
          initContainers:
            - name: envoy  # expect: sidecar-without-requests
              image: envoyproxy/envoy:v1.34.0
              restartPolicy: Always
          containers:
            - name: shop
              resources:
                requests: {cpu: 100m, memory: 64Mi}

Good:

    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: shop
    spec:
      selector:
        matchLabels: {app: shop}
      template:
        metadata:
          labels: {app: shop}
        spec:
          initContainers:
            - name: envoy
              image: envoyproxy/envoy:v1.34.0
              restartPolicy: Always
              resources:
                requests: {cpu: 100m, memory: 64Mi}
          containers:
            - name: shop
              resources:
                requests: {cpu: 100m, memory: 64Mi}
"""

from collections.abc import Iterator

from sidecarctl.findings import Severity
from sidecarctl.lifecycle.resources import resources_of
from sidecarctl.lint.rule import Also, Hit, workload_rule
from sidecarctl.lint.run import Run
from sidecarctl.manifest.workload import Workload


@workload_rule(
    "sidecar-without-requests",
    Severity.WARNING,
    help="set resources.requests of the sidecar",
    source="https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#algorithm-details",
)
def check(workload: Workload, run: Run) -> Iterator[Hit]:
    """Report sidecars that lack a request; a limit alone becomes the request."""
    defaults = _defaults(workload, run) | resources_of(workload.pod).requests.keys()
    for container in run.sidecars(workload):
        given = resources_of(container.data).requests.keys() | defaults
        missing = [name for name in ("cpu", "memory") if name not in given]
        if missing:
            message = f"sidecar {container.name!r} requests no {' and no '.join(missing)}"
            stopped = list(_stopped(workload, missing, run))
            yield Hit(
                (*container.path, "resources", "requests"),
                f"{message}: the autoscaler does nothing" if stopped else message,
                on="key",
                also=tuple(stopped),
                severity=Severity.ERROR if stopped else None,
            )


def _defaults(workload: Workload, run: Run) -> set[str]:
    """Return the resources for which a LimitRange of the namespace sets a request."""
    home = run.fleet.namespace_of(workload.document)
    return {
        name
        for each in run.fleet.limit_ranges
        if run.fleet.namespace_of(each.document) == home
        for name in (*each.default_request, *each.default)
    }


def _stopped(workload: Workload, missing: list[str], run: Run) -> Iterator[Also]:
    """Yield the metrics of autoscalers that cannot be computed."""
    home = run.fleet.namespace_of(workload.document)
    name = (home, workload.kind, workload.name)
    for scaler in run.index.autoscalers.get(name, ()):
        for metric in scaler.metrics:
            whole = metric.type == "Resource" and metric.target_type == "Utilization"
            if whole and metric.resource in missing:
                message = f"{scaler.document} asks for the utilization of {metric.resource} here"
                yield Also(metric.path, message, scaler.document)
