"""The app looks for the Datadog agent in another place than where it runs.

With the agent as a sidecar it is at localhost: `status.hostIP` names the node, where no agent may
listen. With an agent on the node it is the other way round. Metrics and traces are lost without a
word.

Bad:

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
    spec:
      containers:
        - name: shop
          env:
            - name: DD_AGENT_HOST  # expect: dd-agent-host-mismatch
              valueFrom:
                fieldRef: {fieldPath: status.hostIP}
        - name: datadog-agent
          image: gcr.io/datadoghq/agent:7.60.0

Good:

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
    spec:
      containers:
        - name: shop
          env:
            - name: DD_AGENT_HOST
              value: localhost
        - name: datadog-agent
          image: gcr.io/datadoghq/agent:7.60.0
"""

from collections.abc import Iterator

from sidecarctl.findings import Severity
from sidecarctl.lifecycle.setting import image
from sidecarctl.lint.rule import Also, Hit, workload_rule
from sidecarctl.lint.run import Run
from sidecarctl.manifest.narrow import mapping, mappings
from sidecarctl.manifest.workload import Workload

_VARIABLE = "DD_AGENT_HOST"
_AGENT = "datadog-agent"
_PORTS = frozenset({8125, 8126})
_LABEL = "agent.datadoghq.com/sidecar"  # Datadog's admission controller adds the agent


@workload_rule(
    "dd-agent-host-mismatch",
    Severity.ERROR,
    help="set DD_AGENT_HOST to localhost beside an agent sidecar, to status.hostIP without one",
    source="https://docs.datadoghq.com/containers/kubernetes/apm/?tab=tcp",
)
def check(workload: Workload, run: Run) -> Iterator[Hit]:
    """Report the node's address beside an agent sidecar, and localhost where there is no agent."""
    containers = run.pod(workload).containers
    agents = [c for c in containers if (row := image(c)) and row.name == _AGENT]
    listening = {port for c in containers for _, port in c.ports} & _PORTS
    comes_later = _LABEL in workload.pod_labels
    for container in run.containers(workload):
        for path, data in mappings(container.data, container.path, "env"):
            if data.get("name") != _VARIABLE:
                continue
            field = mapping(data, "valueFrom", "fieldRef").get("fieldPath")
            if field == "status.hostIP" and agents:
                message = f"{container.name!r} sends to the node, but the agent runs in this pod"
                yield Hit(path, message, also=(Also(agents[0].path, "the agent"),))
            elif data.get("value") in ("localhost", "127.0.0.1") and not (
                agents or listening or comes_later
            ):
                message = f"{container.name!r} sends to localhost, but no agent runs in this pod"
                yield Hit((*path, "value"), message)
