"""A field does nothing on the oldest kubelet of the target.

The API server drops it without a word, or the kubelet does not obey it: the order, the wait or the
restart that it asks for does not happen.

Bad (Kubernetes 1.29):

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
    spec:
      containers:
        - name: shop
          lifecycle:
            preStop:
              sleep:  # expect: field-unsupported-by-target
                seconds: 5

Good (Kubernetes 1.30):

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
    spec:
      containers:
        - name: shop
          lifecycle:
            preStop:
              sleep:
                seconds: 5
"""

from collections.abc import Iterator

from sidecarctl.findings import Severity
from sidecarctl.lifecycle.hazards.hazard import Kind
from sidecarctl.lint.hazards import hazards, hit
from sidecarctl.lint.rule import Hit, workload_rule
from sidecarctl.lint.run import Run
from sidecarctl.manifest.workload import Workload


@workload_rule(
    "field-unsupported-by-target",
    Severity.ERROR,
    help="do without it, or raise the target version",
    source="https://kubernetes.io/docs/reference/command-line-tools-reference/feature-gates/",
)
def check(workload: Workload, run: Run) -> Iterator[Hit]:
    """Report fields that came later, or that are off by default."""
    yield from map(hit, hazards(workload, run, Kind.UNSUPPORTED))
