"""An init container waits for a container that starts only after it has ended.

"Each init container must exit successfully before the next container starts": the pod stays in the
init phase for ever.

Bad:

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
    spec:
      initContainers:
        - name: migrate
          image: migrate:1
          command:
            - sh
            - -c
            - until nc -z localhost 5432; do sleep 1; done; migrate  # expect: init-waits-for-regular-sidecar
      containers:
        - name: shop
        - name: cloud-sql-proxy
          image: gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.14.0
          ports:
            - containerPort: 5432

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
            periodSeconds: 1
        - name: migrate
          image: migrate:1
          command: [migrate]
      containers:
        - name: shop
"""  # noqa: E501 - a mark has to stand on the line of its finding

from collections.abc import Iterator

from sidecarctl.findings import Severity
from sidecarctl.lifecycle.pod import Role
from sidecarctl.lint.hazards import deadlocks, hit
from sidecarctl.lint.rule import Hit, workload_rule
from sidecarctl.lint.run import Run
from sidecarctl.manifest.workload import Workload


@workload_rule(
    "init-waits-for-regular-sidecar",
    Severity.ERROR,
    help="make the sidecar native and put it before the init container",
    source="https://kubernetes.io/docs/concepts/workloads/pods/init-containers/#detailed-behavior",
)
def check(workload: Workload, run: Run) -> Iterator[Hit]:
    """Report waits of init containers for entries of `containers`."""
    for hazard, who, server in deadlocks(workload, run):
        if who and server and who.role is Role.INIT and server.role is Role.APP:
            yield hit(hazard)
