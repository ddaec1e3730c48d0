"""The grace period is over before the containers have done what their hooks ask for.

All containers share one `terminationGracePeriodSeconds`, hooks included: whoever still runs then is
killed, and native sidecars, which stop last, are killed first of all.

Bad:

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
    spec:
      terminationGracePeriodSeconds: 30  # expect: grace-period-shorter-than-drain
      containers:
        - name: shop
          lifecycle:
            preStop:
              exec: {command: [sleep, "45"]}

Good:

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
    spec:
      terminationGracePeriodSeconds: 60
      containers:
        - name: shop
          lifecycle:
            preStop:
              exec: {command: [sleep, "45"]}
"""

from collections.abc import Iterator

from sidecarctl.findings import Severity
from sidecarctl.lifecycle.hazards.hazard import Kind
from sidecarctl.lint.hazards import hazards, hit
from sidecarctl.lint.rule import Hit, workload_rule
from sidecarctl.lint.run import Run
from sidecarctl.manifest.workload import Workload


@workload_rule(
    "grace-period-shorter-than-drain",
    Severity.ERROR,
    help="raise terminationGracePeriodSeconds",
    source="https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination",
)
def check(workload: Workload, run: Run) -> Iterator[Hit]:
    """Report a pod once, however many of its containers are killed."""
    for hazard in hazards(workload, run, Kind.GRACE_OVERFLOW):
        yield hit(hazard)
        return
