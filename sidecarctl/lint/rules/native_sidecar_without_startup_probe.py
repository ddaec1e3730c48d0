"""A native sidecar that the app needs has no startupProbe, so that nothing waits for it.

The next container starts as soon as the process of the sidecar exists, not when it listens; a
readinessProbe holds nothing back. The first requests of the app fail on every start of a pod.

Bad:

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
    spec:
      initContainers:
        - name: envoy  # expect: native-sidecar-without-startup-probe
          image: envoyproxy/envoy:v1.34.0
          restartPolicy: Always
          readinessProbe:
            httpGet: {path: /ready, port: 9902}
      containers:
        - name: shop

Good:

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
    spec:
      initContainers:
        - name: envoy
          image: envoyproxy/envoy:v1.34.0
          restartPolicy: Always
          startupProbe:
            httpGet: {path: /ready, port: 9902}
            periodSeconds: 1
            failureThreshold: 60
      containers:
        - name: shop
"""

from collections.abc import Iterator

from sidecarctl.findings import Severity
from sidecarctl.lifecycle.hazards.hazard import Kind
from sidecarctl.lint.hazards import hazards, hit
from sidecarctl.lint.rule import Hit, workload_rule
from sidecarctl.lint.run import Run
from sidecarctl.manifest.workload import Workload


@workload_rule(
    "native-sidecar-without-startup-probe",
    Severity.ERROR,
    help="give it a startupProbe with periodSeconds: 1",
    source="https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#sidecar-containers-and-pod-lifecycle",
)
def check(workload: Workload, run: Run) -> Iterator[Hit]:
    """Report each native sidecar that the model sees the app or an init container run ahead of."""
    native = {one.name for one in run.pod(workload).sidecars}
    for hazard in hazards(workload, run, Kind.RACE, Kind.UNORDERED):
        if hazard.container in native:
            native.discard(hazard.container)
            yield hit(hazard)
