"""An init container needs a native sidecar that stands after it in the list.

Init containers and native sidecars start one after the other, in their order: the one that waits
never ends, and the one it waits for never starts.

Bad:

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
    spec:
      initContainers:
        - name: migrate
          image: migrate:1
          env:
            - name: DATABASE_URL
              value: postgres://localhost:5432/shop  # expect: init-before-native-sidecar
        - name: cloud-sql-proxy
          image: gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.14.0
          restartPolicy: Always
          ports:
            - containerPort: 5432
          startupProbe:
            tcpSocket: {port: 5432}
      containers:
        - name: shop

Good:

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
    spec:
      initContainers:
        - name: cloud-sql-proxy
          image: gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.14.0
          restartPolicy: Always
          ports:
            - containerPort: 5432
          startupProbe:
            tcpSocket: {port: 5432}
        - name: migrate
          image: migrate:1
          env:
            - name: DATABASE_URL
              value: postgres://localhost:5432/shop
      containers:
        - name: shop
"""

from collections.abc import Iterator

from sidecarctl.findings import Severity
from sidecarctl.lifecycle.pod import Role
from sidecarctl.lint.hazards import deadlocks, hit
from sidecarctl.lint.rule import Hit, workload_rule
from sidecarctl.lint.run import Run
from sidecarctl.manifest.workload import Workload


@workload_rule(
    "init-before-native-sidecar",
    Severity.ERROR,
    help="put the sidecar before the init container that needs it",
    source="https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#sidecar-containers-and-pod-lifecycle",
)
def check(workload: Workload, run: Run) -> Iterator[Hit]:
    """Report needs of init containers for native sidecars that come later."""
    for hazard, who, server in deadlocks(workload, run):
        if who and server and who.role is Role.INIT and server.role is Role.SIDECAR:
            yield hit(hazard)
