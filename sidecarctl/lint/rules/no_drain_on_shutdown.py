"""A proxy takes requests from outside the pod, and is stopped without draining.

Envoy ends within 50 ms of its stop signal, whatever runs through it: every rollout cuts requests.
Nothing but a preStop hook that waits, best one that also tells Envoy to drain, helps: the kubelet's
httpGet hook is a GET, which Envoy's admin interface answers with 405.

Bad:

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
    spec:
      initContainers:
        - name: envoy  # expect: no-drain-on-shutdown
          image: envoyproxy/envoy:v1.34.0
          restartPolicy: Always
          ports:
            - containerPort: 10000
          startupProbe:
            tcpSocket: {port: 10000}
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
          ports:
            - containerPort: 10000
          startupProbe:
            tcpSocket: {port: 10000}
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
    "no-drain-on-shutdown",
    Severity.WARNING,
    help="give it a preStop hook that waits",
    source="https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/operations/draining",
)
def check(workload: Workload, run: Run) -> Iterator[Hit]:
    """Report sidecars that cut requests; what an app does at its end is its own affair."""
    sidecars = {one.name for one in run.sidecars(workload)}
    for hazard in hazards(workload, run, Kind.REQUESTS_CUT):
        if hazard.container in sidecars:
            yield hit(hazard)
