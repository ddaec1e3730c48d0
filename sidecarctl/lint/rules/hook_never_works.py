"""A lifecycle hook cannot do what it is there for.

The image has no shell, Envoy's admin interface answers the kubelet's GET with 405, or the hook asks
a port that nobody listens on yet: the kubelet notes an event, and the container is killed
(postStart) or stopped as if there were no hook (preStop).

Bad:

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
    spec:
      initContainers:
        - name: envoy
          image: envoyproxy/envoy:distroless-v1.34.0
          restartPolicy: Always
          startupProbe:
            httpGet: {path: /ready, port: 9902}
            periodSeconds: 1
          lifecycle:
            preStop:
              exec:  # expect: hook-never-works
                command: [sh, -c, sleep 10]
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
          image: envoyproxy/envoy:distroless-v1.34.0
          restartPolicy: Always
          startupProbe:
            httpGet: {path: /ready, port: 9902}
            periodSeconds: 1
          lifecycle:
            preStop:
              sleep: {seconds: 10}
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
    "hook-never-works",
    Severity.WARNING,
    help="use a sleep, or a path that answers GET",
    source="https://kubernetes.io/docs/concepts/containers/container-lifecycle-hooks/",
)
def check(workload: Workload, run: Run) -> Iterator[Hit]:
    """Report hooks that fail whenever they run."""
    yield from map(hit, hazards(workload, run, Kind.HOOK_FAILS))
