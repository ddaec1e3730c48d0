"""Two containers wait for each other, or a hook waits for what comes only after it.

The pod never starts, or is killed when its grace period is over.

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
          startupProbe:
            httpGet:
              path: /
              port: 8080  # expect: sidecar-dependency-cycle
      containers:
        - name: shop
          ports:
            - containerPort: 8080

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
            httpGet:
              path: /ready
              port: 9902
      containers:
        - name: shop
          ports:
            - containerPort: 8080
"""

from collections.abc import Iterator

from sidecarctl.findings import Severity
from sidecarctl.lifecycle.pod import Role
from sidecarctl.lint.hazards import deadlocks, hit
from sidecarctl.lint.rule import Hit, workload_rule
from sidecarctl.lint.run import Run
from sidecarctl.manifest.workload import Workload


@workload_rule(
    "sidecar-dependency-cycle",
    Severity.ERROR,
    help="let one of the two start without the other",
    source="https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/",
)
def check(workload: Workload, run: Run) -> Iterator[Hit]:
    """Report the deadlocks that are no wait of an init container."""
    for hazard, who, _ in deadlocks(workload, run):
        if who is None or who.role is not Role.INIT:
            yield hit(hazard)
