"""A probe asks where nobody can answer.

A startupProbe that never succeeds has its container killed for ever, and with a native sidecar no
app starts; a readinessProbe keeps the pod out of every Service.

Bad:

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
    spec:
      containers:
        - name: shop
          ports:
            - {name: http, containerPort: 8080}
          readinessProbe:
            httpGet:  # expect: probe-never-passes
              path: /
              port: web

Good:

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
    spec:
      containers:
        - name: shop
          ports:
            - {name: http, containerPort: 8080}
          readinessProbe:
            httpGet:
              path: /
              port: http
"""

from collections.abc import Iterator

from sidecarctl.findings import Severity
from sidecarctl.lifecycle.hazards.hazard import Kind
from sidecarctl.lint.hazards import hazards, hit
from sidecarctl.lint.probes import probes_of_port
from sidecarctl.lint.rule import Hit, workload_rule
from sidecarctl.lint.run import Run
from sidecarctl.manifest.workload import Workload


@workload_rule(
    "probe-never-passes",
    Severity.ERROR,
    help="let the probe ask where the container listens",
    source="https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/",
)
def check(workload: Workload, run: Run) -> Iterator[Hit]:
    """Report hopeless probes, but for those of Envoy's admin interface: that is another rule."""
    admins = {one.bootstrap.admin.port for one in run.envoys(workload) if one.bootstrap.admin}
    asked = {
        probe.handler.path for port in admins for probe in probes_of_port(workload, port or 0, run)
    }
    for hazard in hazards(workload, run, Kind.GATE_NEVER_PASSES, Kind.PROBE_NEVER_PASSES):
        if hazard.path not in asked:
            yield hit(hazard)
