"""An autoscaler averages over the app and its sidecars.

A metric of type `Resource` adds up all containers of the pod: an idle proxy with a generous request
hides an app at its limit, and "a single container might be running with high usage and the HPA will
not scale out". `ContainerResource` looks at the app alone.

Bad:

    apiVersion: autoscaling/v2
    kind: HorizontalPodAutoscaler
    metadata:
      name: shop
    spec:
      maxReplicas: 5
      scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: shop}
      metrics:
        - type: Resource  # expect: hpa-averages-over-sidecar
          resource:
            name: cpu
            target: {type: Utilization, averageUtilization: 70}
    ---
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
          containers:
            - name: shop
            - name: envoy
              image: envoyproxy/envoy:v1.34.0

Good:

    apiVersion: autoscaling/v2
    kind: HorizontalPodAutoscaler
    metadata:
      name: shop
    spec:
      maxReplicas: 5
      scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: shop}
      metrics:
        - type: ContainerResource
          containerResource:
            name: cpu
            container: shop
            target: {type: Utilization, averageUtilization: 70}
    ---
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
          containers:
            - name: shop
            - name: envoy
              image: envoyproxy/envoy:v1.34.0
"""

from collections.abc import Iterator

from sidecarctl.findings import Severity
from sidecarctl.lifecycle.setting import mains
from sidecarctl.lint.rule import Also, Hit, document_rule
from sidecarctl.lint.run import Run
from sidecarctl.manifest.document import Document
from sidecarctl.manifest.objects import autoscaler


@document_rule(
    "hpa-averages-over-sidecar",
    Severity.WARNING,
    help="use type: ContainerResource with the container of the app",
    source="https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#container-resource-metrics",
)
def check(document: Document, run: Run) -> Iterator[Hit]:
    """Report metrics over whole pods, where the pods of the target have sidecars."""
    scaler = autoscaler(document)
    if scaler is None:
        return
    home = run.fleet.namespace_of(document)
    name = (home, scaler.target_kind, scaler.target_name)
    for target in run.index.workloads.get(name, ()):
        sidecars = run.sidecars(target)
        names = ", ".join(repr(each.name) for each in sidecars)
        apps = mains(run.pod(target), run.setting(target))
        for metric in scaler.metrics:
            if metric.type == "Resource" and sidecars:
                yield Hit(
                    (*metric.path, "type"),
                    f"{metric.resource} is averaged over {names} too, not only over the app",
                    help=f"use type: ContainerResource with container: {apps[0].name}"
                    if apps
                    else "",
                    also=tuple(
                        Also(each.path, "the sidecar", target.document) for each in sidecars
                    ),
                )
