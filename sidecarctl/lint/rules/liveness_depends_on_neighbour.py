"""A livenessProbe asks another container of the pod.

Whenever that one fails, this one is killed, too, and neither logs why: a fault of the proxy becomes
a restart of a healthy app.

Bad:

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
    spec:
      containers:
        - name: shop
          livenessProbe:
            tcpSocket:
              port: 8443  # expect: liveness-depends-on-neighbour
        - name: proxy
          ports:
            - containerPort: 8443

Good:

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
    spec:
      containers:
        - name: shop
          ports:
            - containerPort: 8080
          livenessProbe:
            tcpSocket:
              port: 8080
        - name: proxy
          ports:
            - containerPort: 8443
"""

from collections.abc import Iterator

from sidecarctl.findings import Severity
from sidecarctl.lifecycle.hazards.hazard import Kind
from sidecarctl.lint.hazards import hazards, hit
from sidecarctl.lint.rule import Hit, workload_rule
from sidecarctl.lint.run import Run
from sidecarctl.manifest.workload import Workload


@workload_rule(
    "liveness-depends-on-neighbour",
    Severity.WARNING,
    help="let it ask its own container",
    source="https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/",
)
def check(workload: Workload, run: Run) -> Iterator[Hit]:
    """Report livenessProbes that another container answers."""
    yield from map(hit, hazards(workload, run, Kind.LIVENESS_CASCADE))
