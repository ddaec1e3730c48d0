"""A native sidecar is asked so seldom whether it has started that every pod starts late.

The kubelet asks at once and then every `periodSeconds`, 10 by default: a proxy that takes 300 ms
to start holds the app back for ten seconds.

Bad:

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
    spec:
      initContainers:
        - name: envoy
          image: envoyproxy/envoy:v1.34.0
          restartPolicy: Always
          startupProbe:  # expect: slow-startup-gate
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
    "slow-startup-gate",
    Severity.WARNING,
    help="set periodSeconds: 1, and failureThreshold so that the budget stays",
    source="https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/",
)
def check(workload: Workload, run: Run) -> Iterator[Hit]:
    """Report startupProbes of native sidecars with a period over two seconds."""
    yield from map(hit, hazards(workload, run, Kind.SLOW_GATE))
