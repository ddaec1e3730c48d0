"""The sidecars may take longer to start than the Deployment waits for progress.

Their startupProbes are passed one after the other. Where their budgets add up to more than
`progressDeadlineSeconds`, a rollout is reported as failed while everything goes as configured.

Bad:

    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: shop
    spec:
      progressDeadlineSeconds: 60
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
              startupProbe:  # expect: startup-budget-exceeds-deadline
                httpGet: {path: /ready, port: 9902}
                periodSeconds: 1
                failureThreshold: 120
          containers:
            - name: shop

Good:

    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: shop
    spec:
      progressDeadlineSeconds: 300
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
              startupProbe:
                httpGet: {path: /ready, port: 9902}
                periodSeconds: 1
                failureThreshold: 120
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
    "startup-budget-exceeds-deadline",
    Severity.WARNING,
    help="lower failureThreshold, or raise progressDeadlineSeconds",
    source="https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#progress-deadline-seconds",
)
def check(workload: Workload, run: Run) -> Iterator[Hit]:
    """Report the sidecar with the largest budget."""
    yield from map(hit, hazards(workload, run, Kind.START_BUDGET))
