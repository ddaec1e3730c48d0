"""An agent that the app can do without decides whether the app starts or gets requests.

An outage of the telemetry becomes an outage of the application: with a startupProbe on a native
sidecar no app starts while the agent does not answer, with a readinessProbe no pod is ready.

Bad:

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
    spec:
      initContainers:
        - name: datadog-agent
          image: gcr.io/datadoghq/agent:7.60.0
          restartPolicy: Always
          startupProbe:  # expect: agent-gates-app
            httpGet: {path: /live, port: 5555}
            periodSeconds: 1
      containers:
        - name: shop

Good:

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
    spec:
      initContainers:
        - name: datadog-agent
          image: gcr.io/datadoghq/agent:7.60.0
          restartPolicy: Always
          livenessProbe:
            httpGet: {path: /live, port: 5555}
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
    "agent-gates-app",
    Severity.WARNING,
    help="remove the probe",
    source="https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/",
)
def check(workload: Workload, run: Run) -> Iterator[Hit]:
    """Report probes of telemetry agents that hold the app back."""
    yield from map(hit, hazards(workload, run, Kind.AGENT_GATES))
